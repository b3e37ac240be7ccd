"""When the packets of one numbering arrived, as far as it is still to be told."""

from .serial import SEQUENCE_BITS, extend

MIN_INTERVAL = 0.05
MAX_INTERVAL = 0.1
"""Seconds between two messages."""
FEEDBACK_SHARE = 0.05
"""Part of the rate received that feedback may take."""
MAX_SPAN = 2000
"""Numbers a report covers; after a longer gap it begins behind the gap."""
WINDOW = 0.5
"""Seconds for which arrivals are remembered, to be reported with one that comes late."""
_MESSAGE_BITS = 8 * 70


class ArrivalWindow:
    """Arrivals by endless numbers. What was told once is told again with one that comes late
    among it, and never as missing: what is older than all that is remembered is left out.

    Where nothing new has come for as long as arrivals are remembered, and old numbers follow each
    other, they were begun anew.
    """

    __slots__ = ("_arrivals", "_begin", "_floor", "_follows", "_highest", "_latest")

    def __init__(self) -> None:
        self._arrivals: dict[int, float] = {}
        self._begin = self._highest = self._floor = -1
        self._follows = -1
        self._latest = 0.0

    def add(self, sequence_number: int, now: float) -> bool:
        """Note an arrival; False for what came before or is too old to be told."""
        if self._highest < 0:
            number = self._begin = self._highest = sequence_number
            self._floor = number - MAX_SPAN
        else:
            number = extend(sequence_number, self._highest, SEQUENCE_BITS)
        if number in self._arrivals or number < self._floor:
            if not self._begins_anew(sequence_number, now):
                return False
            # Always ahead: what was told of before is never told of again.
            number = self._highest + 1 + (sequence_number - self._highest - 1 & 0xFFFF)
            self._arrivals.clear()
            self._begin = self._floor = number
        self._arrivals[number] = now
        if number >= self._highest:
            self._highest, self._latest = number, now
            self._floor = max(self._floor, number - MAX_SPAN)
        self._begin = max(min(self._begin, number), self._floor)
        return True

    def _begins_anew(self, sequence_number: int, now: float) -> bool:
        """Tell whether an old number shows that the numbers were begun anew."""
        follows, self._follows = self._follows, sequence_number + 1 & 0xFFFF
        return sequence_number == follows and now - self._latest > WINDOW

    def numbers(self) -> range:
        """Return the numbers that are to be told of."""
        return range(self._begin, self._highest + 1)

    def arrival(self, number: int) -> float | None:
        """Return when a packet arrived, None when it did not."""
        return self._arrivals.get(number)

    def settle(self, now: float) -> None:
        """Note that all of it was told."""
        self._begin = self._highest + 1
        kept = {
            number: arrival
            for number, arrival in self._arrivals.items()
            if arrival >= now - WINDOW and number >= self._floor
        }
        forgotten = self._arrivals.keys() - kept.keys()
        self._floor = max(self._floor, max(forgotten, default=-1) + 1)
        self._arrivals = {number: kept[number] for number in kept if number >= self._floor}


class FeedbackPace:
    """When arrivals are told: the sooner the faster they are."""

    __slots__ = ("_bytes", "_deadline", "_interval", "_last")

    def __init__(self) -> None:
        self._bytes = 0
        self._interval = MAX_INTERVAL
        self._last: float | None = None
        self._deadline: float | None = None

    @property
    def deadline(self) -> float | None:
        """When feedback is due, None when there is nothing to tell."""
        return self._deadline

    def note(self, size: int, now: float, *, new: bool) -> None:
        """Note a packet of so many bytes, and whether there is something to tell of it."""
        self._bytes += size
        if new and self._deadline is None:
            self._deadline = now + self._interval

    def settle(self, now: float) -> None:
        """Note that all is told; the next time is as soon as its share of the rate allows."""
        self._deadline = None
        if self._last is not None and now > self._last:
            rate = 8 * self._bytes / (now - self._last)
            wanted = _MESSAGE_BITS / (FEEDBACK_SHARE * rate) if rate else MAX_INTERVAL
            self._interval = max(MIN_INTERVAL, min(MAX_INTERVAL, wanted))
        self._last, self._bytes = now, 0
