"""What a probe finds."""

import pytest

from peer.rtp.congestion.history import PacketResult
from peer.rtp.congestion.probe_results import Found, ProbeCluster, ProbeResults

from .results import result

CLUSTER = ProbeCluster(1, 1_800_000, 3375)


def burst(sent: float, received: float, count: int = 6) -> list[PacketResult]:
    """Make the packets of a probe sent and received at these rates."""
    return [
        result(number, 8000 * number / sent, 1 + 8000 * number / received, probe=1)
        for number in range(count)
    ]


def found(packets: list[PacketResult]) -> float | None:
    results = ProbeResults()
    results.begin(CLUSTER)
    found = results.add(packets)
    return None if found is None else found.bitrate


def test_what_is_found_may_be_all_there_is() -> None:
    assert Found(CLUSTER, 1_600_000).is_all
    assert not Found(CLUSTER, 1_700_000).is_all


def test_a_wide_link_carries_what_is_tried() -> None:
    assert found(burst(1_800_000, 1_800_000)) == pytest.approx(1_800_000)
    assert found(burst(1_800_000, 1_700_000)) == pytest.approx(1_700_000)


def test_a_link_that_was_filled_is_not_filled_to_the_brim() -> None:
    assert found(burst(1_800_000, 1_000_000)) == pytest.approx(950_000)


def test_half_of_it_lost_tells_nothing() -> None:
    assert found(burst(1_800_000, 1_800_000)[::2]) is None


def test_what_arrives_much_faster_than_it_was_sent_tells_nothing() -> None:
    assert found(burst(900_000, 1_900_000)) is None


def test_what_took_too_long_tells_nothing() -> None:
    assert found(burst(20_000, 20_000)) is None


def test_packets_of_other_probes_are_passed_over() -> None:
    assert found([packet._replace(probe=9) for packet in burst(1e6, 1e6)]) is None


def test_a_probe_is_forgotten_a_second_after_it() -> None:
    results = ProbeResults()
    results.begin(CLUSTER)
    packets = burst(1_800_000, 1_800_000)
    results.add(packets[:3])
    results.add([result(100, 2.0, 3.0)])
    assert results.add(packets[3:]) is None
