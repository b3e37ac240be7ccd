"""The rate that keeps a queue from growing."""

from peer.rtp.congestion.delay_based import DelayBased
from peer.rtp.congestion.history import PacketResult
from peer.rtp.congestion.trend import Usage

from .results import result, steady


def feed(estimate: DelayBased, packets: list[PacketResult], probed: float | None = None) -> None:
    """Report packets five at a time."""
    for first in range(0, len(packets), 5):
        arrivals = packets[first : first + 5]
        estimate.update(arrivals, 500_000, probed, (arrivals[-1].arrived or 0) + 0.02)


def growing(count: int) -> list[PacketResult]:
    """Packets each of which arrives 2 ms later than the one before."""
    return [result(number, number * 0.02, number * 0.022) for number in range(count)]


def test_a_queue_that_grows_lowers_it() -> None:
    estimate = DelayBased(1_000_000, 5_000)
    feed(estimate, growing(45))
    assert estimate.usage is Usage.OVER
    assert estimate.control.bitrate == 0.85 * 500_000 - 5_000


def test_what_was_raised_a_moment_ago_is_lowered_by_the_rate_of_that_moment() -> None:
    estimate = DelayBased(1_000_000, 5_000)
    for first in range(0, 45, 5):
        arrivals = growing(45)[first : first + 5]
        now = (arrivals[-1].arrived or 0) + 0.02
        estimate.update(arrivals, 500_000, None, now, recently=800_000)
    assert estimate.control.bitrate == 0.85 * 800_000 - 5_000


def test_a_queue_that_has_emptied_is_told() -> None:
    estimate = DelayBased(1_000_000, 5_000)
    feed(estimate, [result(n, n * 0.02, 1.2 + n * 0.015) for n in range(60)])
    assert estimate.usage is Usage.UNDER
    told = []
    for packet in steady(200, 0.02, first=60, delay=0.9):
        feed(estimate, [packet])
        told.append((estimate.recovered, estimate.usage))
    assert [recovered for recovered, _ in told].count(True) == 1
    assert told[-1] == (False, Usage.NORMAL)


def test_what_a_probe_found_is_taken_at_once_unless_a_queue_grows() -> None:
    estimate = DelayBased(300_000, 5_000)
    feed(estimate, steady(5, 0.02), probed=1_200_000)
    assert estimate.control.bitrate == 1_200_000
    estimate = DelayBased(300_000, 5_000)
    feed(estimate, growing(30))
    before = estimate.control.bitrate
    feed(estimate, [result(30, 0.6, 0.662)], probed=1_200_000)
    assert estimate.control.bitrate == before


def test_after_a_long_silence_delays_are_not_compared_with_those_before() -> None:
    estimate = DelayBased(1_000_000, 5_000)
    feed(estimate, growing(30))
    feed(estimate, [packet._replace(sent=packet.sent + 3, arrived=9.0) for packet in growing(2)])
    assert estimate.usage is Usage.NORMAL


def test_nothing_that_arrived_changes_nothing() -> None:
    estimate = DelayBased(1_000_000, 5_000)
    estimate.update([], None, None, 1.0)
    assert estimate.control.bitrate == 1_000_000
