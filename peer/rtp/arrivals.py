"""When the packets of a transport arrived, for whoever sends them to estimate the bandwidth
(draft-holmer-rmcat-transport-wide-cc-extensions-01)."""

from collections.abc import Iterator

from .arrival_window import ArrivalWindow, FeedbackPace
from .transport_feedback import REFERENCE_TICKS, TICKS, TransportFeedback

MAX_STATUSES = 500
"""Packets of one message: 1200 bytes at worst."""
_MAX_STEP = 0x7FFF


class ArrivalRecorder:
    """The arrivals at one transport; one numbering covers all its streams."""

    __slots__ = ("_number", "_pace", "_window")

    def __init__(self) -> None:
        self._window = ArrivalWindow()
        self._pace = FeedbackPace()
        self._number = 0

    def add(self, sequence_number: int, size: int, now: float) -> None:
        """Note that a packet of so many bytes arrived; of one that comes twice the first counts."""
        self._pace.note(size, now, new=self._window.add(sequence_number, now))

    def deadline(self) -> float | None:
        """Return when feedback is due, None when there is nothing to report."""
        return self._pace.deadline

    def feedback(self, sender: int, media: int, now: float) -> list[TransportFeedback]:
        """Return what arrived since the last time, and older packets that one came late among."""
        if self._pace.deadline is None:
            return []
        messages = [self._message(sender, media, *run) for run in self._runs()]
        self._window.settle(now)
        self._pace.settle(now)
        return messages

    def _runs(self) -> Iterator[tuple[int, list[int | None]]]:
        """Yield the first number and the arrivals of each message in ticks: not too many, and no
        step too long for its format."""
        numbers = self._window.numbers()
        begin, run, before = numbers.start, list[int | None](), None
        for number in numbers:
            time = self._window.arrival(number)
            arrival = None if time is None else int(time * TICKS)
            far = arrival is not None and before is not None and abs(arrival - before) > _MAX_STEP
            if run and (far or len(run) == MAX_STATUSES):
                yield begin, run
                begin, run, before = number, [], None
            run.append(arrival)
            before = before if arrival is None else arrival
        if run:
            yield begin, run

    def _message(
        self, sender: int, media: int, begin: int, arrivals: list[int | None]
    ) -> TransportFeedback:
        first = next((arrival for arrival in arrivals if arrival is not None), 0)
        reference = first // REFERENCE_TICKS
        number, self._number = self._number, (self._number + 1) & 0xFF
        return TransportFeedback(
            sender,
            media,
            begin & 0xFFFF,
            reference & 0xFFFFFF,
            number,
            tuple(
                None if arrival is None else arrival - reference * REFERENCE_TICKS
                for arrival in arrivals
            ),
        )
