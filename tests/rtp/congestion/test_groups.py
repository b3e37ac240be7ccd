"""Groups of packets, and what lies between them."""

import pytest

from peer.rtp.congestion.groups import GroupDelta, PacketGroups


def deltas(*packets: tuple[float, float], now: float | None = None) -> list[GroupDelta]:
    """Return what groups of packets (sent, arrived) tell; reported when they arrive."""
    groups = PacketGroups()
    found = [
        groups.add(sent, arrived, arrived if now is None else now) for sent, arrived in packets
    ]
    return [delta for delta in found if delta is not None]


def test_packets_sent_within_five_milliseconds_are_one_group() -> None:
    (delta,) = deltas((0, 1), (0.004, 1.004), (0.02, 1.03), (0.022, 1.031), (0.04, 1.05))
    assert delta.sent == pytest.approx(0.018)
    assert delta.arrived == pytest.approx(0.027)
    assert delta.arrival == 1.031


def test_what_was_held_up_and_let_go_together_is_one_group() -> None:
    burst = [(0.003 * index, 1.04 + 0.0001 * index) for index in range(10)]
    assert len(deltas((-0.1, 0.9), *burst, (0.1, 1.1), (0.2, 1.2))) == 2


def test_a_burst_has_an_end() -> None:
    slow = [(0.006 * index, 1 + 0.0045 * index) for index in range(60)]
    assert len(deltas(*slow)) == 1


def test_a_packet_sent_before_the_group_is_passed_over() -> None:
    assert deltas((0.1, 1), (0.05, 1.01), (0.2, 1.1)) == []


def test_a_clock_that_jumps_begins_anew() -> None:
    assert deltas((0, 1), (0.1, 4.2), (0.2, 4.3), (0.3, 4.4), now=1.0) == []


def test_three_groups_that_seem_to_arrive_too_early_begin_anew() -> None:
    early = [
        packet
        for index in range(4)
        for packet in ((0.1 * index, 10.0 + index), (0.1 * index + 0.001, 9.0 - index))
    ]
    assert deltas(*early, (0.5, 20)) == []
    assert deltas(*early, (0.5, 20), (0.6, 20.1), (0.7, 20.2)) == []
    assert len(deltas(*early, (0.5, 20), (0.6, 20.1), (0.7, 20.2), (0.8, 20.3))) == 1
