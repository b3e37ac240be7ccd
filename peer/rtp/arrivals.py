"""When the packets of a transport arrived, for whoever sends them to estimate the bandwidth
(draft-holmer-rmcat-transport-wide-cc-extensions-01)."""

from collections.abc import Iterator

from .serial import SEQUENCE_BITS, extend
from .transport_feedback import REFERENCE_TICKS, TICKS, TransportFeedback

MIN_INTERVAL = 0.05
MAX_INTERVAL = 0.1
"""Seconds between two messages."""
FEEDBACK_SHARE = 0.05
"""Part of the rate received that feedback may take."""
MAX_SPAN = 2000
"""Numbers a report covers; after a longer gap it begins behind the gap."""
MAX_STATUSES = 500
"""Packets of one message: 1200 bytes at worst."""
WINDOW = 0.5
"""Seconds for which arrivals are remembered, to be reported with one that comes late."""
_MESSAGE_BITS = 8 * 70
_MAX_STEP = 0x7FFF


class ArrivalRecorder:
    """The arrivals at one transport; one numbering covers all its streams."""

    __slots__ = (
        "_arrivals",
        "_begin",
        "_bytes",
        "_deadline",
        "_highest",
        "_interval",
        "_last_sent",
        "_number",
    )

    def __init__(self) -> None:
        self._arrivals: dict[int, int] = {}
        self._begin = self._highest = -1
        self._number = 0
        self._bytes = 0
        self._interval = MAX_INTERVAL
        self._last_sent: float | None = None
        self._deadline: float | None = None

    def add(self, sequence_number: int, size: int, now: float) -> None:
        """Note that a packet of so many bytes arrived; of one that comes twice the first counts."""
        self._bytes += size
        if self._highest < 0:
            number = self._begin = self._highest = sequence_number
        else:
            number = extend(sequence_number, self._highest, SEQUENCE_BITS)
        if number in self._arrivals or number < self._highest - MAX_SPAN:
            return
        self._arrivals[number] = int(now * TICKS)
        self._highest = max(self._highest, number)
        self._begin = max(min(self._begin, number), self._highest - MAX_SPAN)
        if self._deadline is None:
            self._deadline = now + self._interval

    def deadline(self) -> float | None:
        """Return when feedback is due, None when there is nothing to report."""
        return self._deadline

    def feedback(self, sender: int, media: int, now: float) -> list[TransportFeedback]:
        """Return what arrived since the last time, and older packets that one came late among."""
        if self._deadline is None:
            return []
        self._deadline = None
        messages = [self._message(sender, media, run) for run in self._runs()]
        self._begin = self._highest + 1
        self._forget(now)
        self._adapt(now)
        return messages

    def _runs(self) -> Iterator[list[int]]:
        """Yield the numbers of each message: not too many, and no step too long for its format."""
        run: list[int] = []
        before: int | None = None
        for number in range(self._begin, self._highest + 1):
            arrival = self._arrivals.get(number)
            far = arrival is not None and before is not None and abs(arrival - before) > _MAX_STEP
            if run and (far or len(run) == MAX_STATUSES):
                yield run
                run, before = [], None
            run.append(number)
            before = before if arrival is None else arrival
        if run:
            yield run

    def _message(self, sender: int, media: int, run: list[int]) -> TransportFeedback:
        arrivals = [self._arrivals.get(number) for number in run]
        first = next((arrival for arrival in arrivals if arrival is not None), 0)
        reference = first // REFERENCE_TICKS
        message = TransportFeedback(
            sender,
            media,
            run[0] & 0xFFFF,
            reference & 0xFFFFFF,
            self._number,
            tuple(
                None if arrival is None else arrival - reference * REFERENCE_TICKS
                for arrival in arrivals
            ),
        )
        self._number = (self._number + 1) & 0xFF
        return message

    def _forget(self, now: float) -> None:
        oldest = int((now - WINDOW) * TICKS)
        self._arrivals = {
            number: arrival
            for number, arrival in self._arrivals.items()
            if arrival >= oldest and number > self._highest - MAX_SPAN
        }

    def _adapt(self, now: float) -> None:
        """Report as often as its share of the rate allows."""
        if self._last_sent is not None and now > self._last_sent:
            rate = 8 * self._bytes / (now - self._last_sent)
            wanted = _MESSAGE_BITS / (FEEDBACK_SHARE * rate) if rate else MAX_INTERVAL
            self._interval = max(MIN_INTERVAL, min(MAX_INTERVAL, wanted))
        self._last_sent, self._bytes = now, 0
