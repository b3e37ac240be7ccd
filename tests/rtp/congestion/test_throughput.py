"""How fast packets arrive."""

import pytest

from peer.rtp.congestion.history import PacketResult
from peer.rtp.congestion.throughput import Throughput

from .results import result, steady


def rate(packets: list[PacketResult]) -> float | None:
    throughput = Throughput()
    throughput.add(packets)
    return throughput.bitrate()


def test_it_takes_some_packets() -> None:
    assert rate(steady(9, 0.01)) is None
    assert rate(steady(10, 0.01)) == pytest.approx(800_000)


def test_a_stall_and_the_burst_behind_it_change_little() -> None:
    packets = []
    for number in range(500):
        arrived = number * 0.008 + 0.02
        packets.append(result(number, number * 0.008, 3.5 if 3.0 < arrived < 3.5 else arrived))
    assert rate(packets) == pytest.approx(1_000_000, rel=0.05)


def test_it_is_the_slower_of_both_ends() -> None:
    assert rate([result(n, n * 0.01, n * 0.02) for n in range(100)]) == pytest.approx(400_000)
    assert rate([result(n, n * 0.02, n * 0.01) for n in range(100)]) == pytest.approx(400_000)


def test_bytes_that_no_report_told_of_count() -> None:
    packets = [result(n, n * 0.01, n * 0.01, 500, besides=500) for n in range(50)]
    assert rate(packets) == pytest.approx(800_000)


def test_old_packets_leave_the_window() -> None:
    throughput = Throughput()
    throughput.add(steady(300, 0.01))
    throughput.add(steady(300, 0.02, first=150))
    assert throughput.bitrate() == pytest.approx(400_000, rel=0.02)


def test_of_the_last_moments_it_is_another_where_it_has_just_changed() -> None:
    throughput = Throughput()
    throughput.add(steady(100, 0.01))
    throughput.add([result(100 + n, 1 + n * 0.005, 1.02 + n * 0.005) for n in range(60)])
    assert throughput.recent() == pytest.approx(1_600_000)
    before = throughput.bitrate()
    assert before is not None
    assert before < 1_200_000


def test_of_moments_nothing_is_told_in_which_little_arrived() -> None:
    throughput = Throughput()
    assert throughput.recent() is None
    throughput.add(steady(9, 0.01))
    assert throughput.recent() is None
    throughput.add([result(9 + n, 0.1 + n * 0.001, 0.5 + n * 0.001) for n in range(20)])
    assert throughput.recent() is None


def test_packets_far_out_of_order_begin_anew() -> None:
    throughput = Throughput()
    throughput.add(steady(100, 0.1))
    throughput.add([result(200, 8.0, 2.0)])
    assert throughput.bitrate() is None


def test_packets_a_little_out_of_order_are_sorted_in() -> None:
    packets = steady(100, 0.01)
    packets[50], packets[51] = packets[51], packets[50]
    assert rate(packets) == pytest.approx(800_000)
