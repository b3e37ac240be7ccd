"""Packets of a transport by the numbers of their streams."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from peer.rtp import Arrival, CongestionFeedback, StreamArrivalRecorder, StreamArrivals
from peer.rtp.congestion import StreamNumbers
from peer.rtp.congestion.stream_numbers import MAX_NUMBERS
from peer.rtp.congestion_feedback import UNKNOWN

from .line import Bottleneck, Call, Packet, Path, World


def told(seconds: float, *streams: StreamArrivals) -> CongestionFeedback:
    return CongestionFeedback(9, streams, int(seconds * 65536) & 0xFFFFFFFF)


def test_arrivals_are_in_the_order_of_sending_whatever_their_stream() -> None:
    numbers = StreamNumbers()
    for number, (ssrc, sequence_number) in enumerate(((7, 0xFFFF), (8, 5), (7, 0), (8, 6), (7, 1))):
        numbers.add(ssrc, sequence_number, 100 + number)
    message = told(
        50.0,
        StreamArrivals(8, 4, (None, Arrival(1024), Arrival(UNKNOWN))),
        StreamArrivals(7, 0xFFFF, (Arrival(2048), None, Arrival(512))),
        StreamArrivals(99, 0, (Arrival(0),)),
    )
    assert numbers.arrivals(message) == [(100, 48.0), (101, 49.0), (102, None), (104, 49.5)]


def test_times_go_on_when_the_clock_of_the_reports_begins_again() -> None:
    numbers, found = StreamNumbers(), []
    for number in range(4):
        numbers.add(7, number, number)
        seconds = 65535.0 + number
        found += numbers.arrivals(told(seconds, StreamArrivals(7, number, (Arrival(0),))))
    times = [time for _, time in found]
    assert times[0] is not None
    assert times == pytest.approx([times[0] + step for step in range(4)])


def test_a_number_used_again_is_the_later_packet() -> None:
    numbers = StreamNumbers()
    numbers.add(7, 5, 100)
    numbers.add(7, 5, 65636)
    message = told(1.0, StreamArrivals(7, 5, (Arrival(0),)))
    assert numbers.arrivals(message) == [(65636, 1.0)]


def test_packets_sent_long_ago_are_forgotten() -> None:
    numbers = StreamNumbers()
    for number in range(MAX_NUMBERS + 1):
        numbers.add(7, number & 0xFFFF, number)
    message = told(1.0, StreamArrivals(7, 0, (Arrival(0), Arrival(0))))
    assert numbers.arrivals(message) == [(1, 1.0)]


class ByStream(Call):
    """A call whose packets are reported by the numbers of their streams (RFC 8888)."""

    def __init__(self, bottleneck: Bottleneck) -> None:
        super().__init__(bottleneck)
        self.arrivals = StreamArrivalRecorder()
        self.numbers = StreamNumbers()
        self._sent: Counter[int] = Counter()

    def _arrival(self, packet: Packet, number: int) -> Callable[[float, float], None]:
        ssrc = 7 if packet.kind == "audio" else 8
        sequence_number, self._sent[ssrc] = self._sent[ssrc] & 0xFFFF, self._sent[ssrc] + 1
        self.numbers.add(ssrc, sequence_number, self.controller.next_number - 1)

        def arrive(now: float, wait: float) -> None:
            self.log.received.append((now, packet.size, packet.kind))
            self.log.queued.append((now, wait))
            self.arrivals.add(ssrc, sequence_number, packet.size, now)
            deadline = self.arrivals.deadline()
            if deadline is not None and deadline != self._report_at:
                self._report_at = deadline
                self.world.at(deadline, self._tell)

        return arrive

    def _tell(self) -> None:
        now = self.world.now
        for message in self.arrivals.feedback(9, int((now + 1000) * (1 << 32)), now):
            arrivals = self.numbers.arrivals(message)
            back = now + self.bottleneck.path.delay
            take = partial(self.controller.take_arrivals, arrivals, back)
            self.world.at(back, lambda take=take: take())  # type: ignore[misc]


@pytest.mark.parametrize(("rate", "used"), [(1e6, 0.8), (5e5, 0.8)])
def test_a_line_is_used_as_with_reports_by_the_numbers_of_the_transport(
    rate: float, used: float
) -> None:
    call = ByStream(Bottleneck(World(1), Path(rate=rate)))
    call.world.run(25.0)
    assert call.log.rate(3, 25) >= used * rate
    assert call.log.queue(3, 25) <= 0.06
    assert call.log.lost == 0
