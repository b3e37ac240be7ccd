"""When the reports of a transport leave (RFC 3550 §6.2, RFC 8108 §5.3).

One schedule serves all sources of a transport. It begins with the first packet that is sent or
received and ends when there is nothing to report, so that idle transports have no timer. Intervals
vary by half, so that peers do not align; those after a stream began are no longer than the mean:
whoever plays sound and pictures together needs two reports of each (RFC 8834 §4.1).
"""

INTERVAL = 1.0
"""Seconds between two reports in the mean. The peer's repairs and estimates go by them: the 5 s
that RFC 3550 asks for at least, and its profile for feedback does not, are too long."""
FIRST = (0.1, 0.5)
"""Parts of the interval between which the first report follows the first packet."""
MIN_GAP = 0.5
"""Part of the interval that is between two reports at least, when streams begin all the time."""
MIN_ANSWER_GAP = 0.1
"""Seconds between two reports at least, when the peer asks for them all the time."""
EARLY_REPORTS = 3
"""Reports after a stream began that follow each other within the interval."""


class ReportSchedule:
    """The time of the next report. Where a `chance` is asked for it is drawn evenly from 0 to 1."""

    __slots__ = ("_deadline", "_early", "_interval", "_last")

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._deadline: float | None = None
        self._last: float | None = None
        self._early = 0

    def deadline(self) -> float | None:
        """Return when reports are due, None when there is nothing to report."""
        return self._deadline

    def hurry(self, now: float, chance: float) -> None:
        """Note that a stream began, or came back."""
        self._early = EARLY_REPORTS
        first, last = FIRST
        self._advance(
            now + self._interval * (first + (last - first) * chance), self._interval * MIN_GAP
        )

    def ask(self, now: float, round_trip: float) -> None:
        """Note that the peer wants a report at once, which it gets once in a round trip, and ten
        times a second at most (RFC 6051 §3.2)."""
        if self._deadline is not None:
            self._advance(now, max(MIN_ANSWER_GAP, round_trip))

    def note_report(self, now: float, chance: float, *, more: bool) -> None:
        """Note that reports have left, and whether there will be more to report."""
        self._last = now
        longest = 1.0 if self._early else 1.5
        self._early = max(0, self._early - 1)
        self._deadline = now + self._interval * (0.5 + (longest - 0.5) * chance) if more else None

    def _advance(self, wanted: float, gap: float) -> None:
        if self._last is not None:
            wanted = max(wanted, self._last + gap)
        if self._deadline is None or wanted < self._deadline:
            self._deadline = wanted
