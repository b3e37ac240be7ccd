"""When the packets of each stream of a transport arrived, for whoever sends them to estimate the
bandwidth (RFC 8888); and, at the sender, which packets of the transport those were."""

from collections.abc import Iterator

from .arrival_window import ArrivalWindow, FeedbackPace
from .congestion_feedback import (
    MAX_OFFSET,
    OFFSETS,
    OVER_RANGE,
    Arrival,
    CongestionFeedback,
    StreamArrivals,
)

MAX_STREAMS = 64
"""Streams whose arrivals are recorded; the one that began longest ago makes room."""
MAX_SIZE = 1150
"""Bytes of one message, with room for a report it may have to follow."""
_HEAD = 12
_STREAM_HEAD = 8


class StreamArrivalRecorder:
    """The arrivals at one transport, by the SSRC and the numbers of each stream."""

    __slots__ = ("_pace", "_windows")

    def __init__(self) -> None:
        self._windows: dict[int, ArrivalWindow] = {}
        self._pace = FeedbackPace()

    def add(self, ssrc: int, sequence_number: int, size: int, now: float) -> None:
        """Note that a packet of so many bytes arrived; of one that comes twice the first counts."""
        window = self._windows.get(ssrc)
        if window is None:
            if len(self._windows) >= MAX_STREAMS:
                del self._windows[next(iter(self._windows))]
            window = self._windows[ssrc] = ArrivalWindow()
        self._pace.note(size, now, new=window.add(sequence_number, now))

    def deadline(self) -> float | None:
        """Return when feedback is due, None when there is nothing to report."""
        return self._pace.deadline

    def feedback(self, sender: int, ntp_now: int, now: float) -> list[CongestionFeedback]:
        """Return what arrived since the last time, and older packets that one came late among."""
        if self._pace.deadline is None:
            return []
        time, messages, room = ntp_now >> 16 & 0xFFFFFFFF, list[CongestionFeedback](), 0
        streams: list[StreamArrivals] = []
        for stream in self._streams(now):
            size = _size(stream)
            if streams and size > room:
                messages.append(CongestionFeedback(sender, tuple(streams), time))
                streams = []
            room = (room if streams else MAX_SIZE - _HEAD) - size
            streams.append(stream)
        messages.append(CongestionFeedback(sender, tuple(streams), time))
        for window in self._windows.values():
            window.settle(now)
        self._pace.settle(now)
        return messages

    def _streams(self, now: float) -> Iterator[StreamArrivals]:
        """Yield what there is to tell of each stream, in parts that fit into a message."""
        most = (MAX_SIZE - _HEAD - _STREAM_HEAD) // 2
        for ssrc, window in self._windows.items():
            numbers = window.numbers()
            for begin in range(numbers.start, numbers.stop, most):
                times = map(window.arrival, range(begin, min(begin + most, numbers.stop)))
                arrivals = tuple(None if time is None else _since(time, now) for time in times)
                yield StreamArrivals(ssrc, begin & 0xFFFF, arrivals)


def _since(time: float, now: float) -> Arrival:
    offset = round(max(0.0, now - time) * OFFSETS)
    return Arrival(offset if offset <= MAX_OFFSET else OVER_RANGE)


def _size(stream: StreamArrivals) -> int:
    return _STREAM_HEAD + (2 * len(stream.arrivals) + 3) // 4 * 4
