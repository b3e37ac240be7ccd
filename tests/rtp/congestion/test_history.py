"""Sent packets and reports about them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import TransportFeedback
from peer.rtp.congestion import Carried, LostPacket
from peer.rtp.congestion.history import MAX_PACKETS, SentPackets

from .packets import Packet


def message(
    base: int, *arrivals: int | None, reference: int = 0, number: int = 0
) -> TransportFeedback:
    """Make feedback; arrivals are in quarters of a millisecond."""
    return TransportFeedback(1, 2, base & 0xFFFF, reference & 0xFFFFFF, number, arrivals)


def sent(count: int, interval: float = 0.01, size: int = 100) -> SentPackets:
    packets = SentPackets()
    for number in range(count):
        packets.add([Packet(size)], number * interval)
    return packets


def test_numbers_begin_with_one_and_do_not_end() -> None:
    packets = sent(70_000, 0.0001)
    assert packets.next_number == 70_001


def test_a_report_tells_what_arrived_and_what_did_not() -> None:
    report = sent(4).take(message(1, 400, None, 480, 479), now=0.2)
    assert report is not None
    assert [one.number for one in report.results] == [1, 2, 3, 4]
    assert [one.arrived for one in report.results] == [0.1, None, 0.12, 0.11975]
    assert report.round_trip == pytest.approx(0.2)


def test_what_a_packet_waited_for_its_report_is_not_its_round_trip() -> None:
    packets = sent(2, interval=0.05)
    # sent at 0 and 0.05; under way for 20 ms, and the report for as long
    report = packets.take(message(1, 80, 280), now=0.09)
    assert report is not None
    assert report.propagation == pytest.approx(0.04)


def test_what_was_received_is_told_once_and_what_was_lost_may_still_come() -> None:
    packets = sent(2)
    packets.take(message(1, 4, None), now=0.1)
    report = packets.take(message(1, 4, 8), now=0.2)
    assert report is not None
    assert [(one.number, one.arrived) for one in report.results] == [(2, 0.002)]
    assert packets.take(message(1, 4, 8), now=0.3) is None


def test_what_is_lost_is_what_can_be_sent_again() -> None:
    packets = SentPackets()
    for number in range(4):
        packets.add([Packet(100, Carried(7, number) if number else None)], 0.0)
    report = packets.take(message(1, None, 4, None, 8), now=0.1)
    assert report is not None
    assert packets.lost(report) == [LostPacket(3, Carried(7, 2))]


def test_arrivals_may_be_told_of_some_packets_only() -> None:
    packets = sent(4)
    report = packets.take_arrivals([(2, 5.0), (4, None)], now=0.2)
    assert report is not None
    assert [(one.number, one.arrived) for one in report.results] == [(2, 5.0), (4, None)]
    assert packets.take_arrivals([], now=0.3) is None
    assert packets.take_arrivals([(2, 5.0)], now=0.3) is None


def test_numbers_that_were_never_sent_mean_nothing() -> None:
    assert sent(10).take(message(500, 1, 2, 3), now=1.0) is None
    report = sent(10).take(message(9, *[4] * 60_000), now=1.0)
    assert report is not None
    assert [one.number for one in report.results] == [9, 10]


def test_in_flight_is_what_was_sent_after_the_last_reported() -> None:
    packets = sent(100)
    assert packets.in_flight == 10_000
    packets.take(message(1, *range(50)), now=1.0)
    assert packets.in_flight == 5_000


def test_bytes_without_a_number_count_with_the_next_packet() -> None:
    packets = SentPackets()
    packets.add_unnumbered(70)
    packets.add([Packet(100)], 0.0)
    report = packets.take(message(1, 4), now=0.1)
    assert report is not None
    assert report.results[0].size == 170


def test_what_a_lost_report_was_about_counts_by_half_of_its_neighbours_loss() -> None:
    packets = sent(30)
    packets.take(message(1, *[4] * 10), now=0.2)
    report = packets.take(message(21, *[None, 8] * 5), now=0.4)
    assert report is not None
    assert [one.besides for one in report.results if one.besides] == [10 * 100 * 0.75]
    assert all(one.number > 20 for one in report.results)


def test_packets_are_forgotten() -> None:
    packets = SentPackets()
    for number in range(MAX_PACKETS + 10):
        packets.add([Packet(100)], number * 0.0001)
    assert packets.take(message(5, 4), now=4.0) is None
    packets.add([Packet(100)], 1000.0)
    packets.forget()
    assert packets.in_flight == 0
    assert packets.take(message(packets.next_number - 1, 4), now=1001.0) is None


def test_the_reference_time_wraps() -> None:
    packets = sent(2)
    packets.take(message(1, 0, reference=-1), now=0.1)
    report = packets.take(message(2, 4, reference=0), now=0.2)
    assert report is not None
    assert report.results[0].arrived == 0.065


@given(st.integers(0, 0xFFFFFF))
def test_the_receivers_clock_may_say_anything(offset: int) -> None:
    packets, same = sent(20), sent(20)
    for base in (1, 11):
        arrivals = tuple(range(0, 400, 40))
        there = packets.take(message(base, *arrivals, reference=offset + base), now=1.0)
        here = same.take(message(base, *arrivals, reference=base), now=1.0)
        assert there == here


@given(st.integers(0, 0xFFFF), st.lists(st.none() | st.integers(-(2**15), 2**15), min_size=1))
def test_any_report_is_taken(base: int, arrivals: list[int | None]) -> None:
    packets = sent(50)
    report = packets.take(message(base, *arrivals), now=1.0)
    assert report is None or all(0 < one.number <= 50 for one in report.results)
