"""When a sender should cease (RFC 8083 §4)."""

import pytest

from peer.rtp import Breach, CircuitBreaker, ReportBlock
from peer.rtp.circuit_breaker import REPORT_TIMEOUT


class Call:
    """A sender of packets of 1000 bytes, with a report each second unless told otherwise."""

    def __init__(self, *, packets: int = 50, round_trip: float | None = 0.1) -> None:
        self.breaker = CircuitBreaker()
        self.now = 100.0
        self.sent = self.received = 0
        self.rate = packets
        self.round_trip = round_trip

    def second(self, *, lost: float = 0.0, reported: bool = True, stale: bool = False) -> None:
        """Send for a second."""
        self.now += 1.0
        self.sent += self.rate
        self.received += 0 if stale else self.rate
        self.breaker.look(self.sent, self.now)
        if reported:
            block = ReportBlock(7, int(256 * lost), 0, self.received, 0, 0, 0)
            self.breaker.note_report(block, self.sent, 1000 * self.sent, self.round_trip, self.now)

    def until_breach(self, **how: object) -> int:
        """Return after how many seconds the breaker trips; 100 when it does not."""
        for count in range(1, 100):
            self.second(**how)  # type: ignore[arg-type]
            if self.breaker.breach is not None:
                return count
        return 100


def test_a_call_with_reports_is_well() -> None:
    call = Call()
    assert call.until_breach(lost=0.02) == 100


def test_a_peer_that_reports_nothing_trips_it_after_15_seconds() -> None:
    call = Call()
    for _ in range(5):
        call.second()
    assert call.until_breach(reported=False) == REPORT_TIMEOUT
    assert call.breaker.breach is Breach.NO_REPORTS
    call.second()
    assert call.breaker.breach is None


def test_who_sends_nothing_waits_for_no_report() -> None:
    call = Call()
    call.second()
    call.rate = 0
    assert call.until_breach(reported=False) == 100
    call.rate = 50
    for _ in range(10):
        call.second(reported=False)
    call.rate = 0
    assert call.until_breach(reported=False) == 100
    call.rate = 50
    assert call.until_breach(reported=False) == REPORT_TIMEOUT - 10


def test_reports_of_nothing_received_trip_it_when_there_are_five() -> None:
    call = Call()
    for _ in range(5):
        call.second()
    assert call.until_breach(stale=True) == 5
    assert call.breaker.breach is Breach.NOTHING_RECEIVED
    call.second()
    assert call.breaker.breach is None


def test_more_are_needed_where_the_way_is_longer_than_an_interval() -> None:
    call = Call(round_trip=2.0)
    call.second()
    assert call.until_breach(stale=True) == 10


def test_what_was_not_sent_cannot_be_received() -> None:
    call = Call()
    call.second()
    call.rate = 0
    assert call.until_breach(stale=True) == 100


def test_ten_times_the_rate_of_tcp_is_too_much() -> None:
    """At 100 ms and half of the packets lost TCP would send 17 packets a second."""
    assert Call(packets=100).until_breach(lost=0.5) == 100
    call = Call(packets=300)
    assert call.until_breach(lost=0.5) < 10
    assert call.breaker.breach is Breach.CONGESTION
    for _ in range(6):
        call.second()
    assert call.breaker.breach is None


def test_a_short_loss_is_no_congestion() -> None:
    call = Call(packets=300)
    for _ in range(3):
        for _ in range(10):
            call.second()
        call.second(lost=0.5)
        assert call.breaker.breach is None


def test_without_a_round_trip_there_is_no_rate_of_tcp() -> None:
    assert Call(packets=3000, round_trip=None).until_breach(lost=0.5) == 100


@pytest.mark.parametrize("step", [0.0, -5.0])
def test_time_that_stands_or_goes_back_divides_nothing_by_zero(step: float) -> None:
    breaker, block = CircuitBreaker(), ReportBlock(7, 255, 0, 1, 0, 0, 0)
    for count in range(1, 20):
        breaker.note_report(block, count, 1000 * count, 0.1, 100.0 + count * step)
    assert breaker.breach is None
