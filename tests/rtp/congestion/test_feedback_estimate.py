"""What delays and losses allow together."""

import pytest

from peer.rtp.congestion.feedback_estimate import FeedbackEstimate
from peer.rtp.congestion.history import PacketResult, Report
from peer.rtp.congestion.probe_results import ProbeCluster

from .results import result, steady


def report(packets: list[PacketResult], *, propagation: float = 0.04) -> Report:
    transits = [one.arrived - one.sent for one in packets if one.arrived is not None]
    return Report(tuple(packets), propagation, propagation, min(transits, default=None))


def feed(
    estimate: FeedbackEstimate, packets: list[PacketResult], *, propagation: float = 0.04
) -> None:
    """Report packets five at a time, 40 ms after each was sent."""
    for first in range(0, len(packets), 5):
        some = packets[first : first + 5]
        now = some[-1].sent + propagation
        estimate.take(report(some, propagation=propagation), now, is_idle=False)


def test_without_reports_it_is_what_it_began_with() -> None:
    estimate = FeedbackEstimate(300_000, 5_000, 1e9)
    assert estimate.bitrate == 300_000
    assert estimate.arriving is None
    assert not estimate.is_limited_by_loss


def test_losses_lower_it_though_delays_do_not() -> None:
    estimate = FeedbackEstimate(1_000_000, 5_000, 1e9)
    packets = [
        result(n, n * 0.01, None if n % 2 else n * 0.01 + 0.02, size=500) for n in range(300)
    ]
    feed(estimate, packets)
    assert estimate.is_calm
    assert estimate.is_limited_by_loss
    assert estimate.bitrate < 300_000


def test_a_standing_queue_lowers_it() -> None:
    estimate = FeedbackEstimate(1_000_000, 5_000, 1e9)
    feed(estimate, steady(200, 0.01))
    assert estimate.bitrate > 800_000
    feed(estimate, steady(110, 0.01, first=200, delay=0.2), propagation=0.22)
    assert estimate.delay > 0.1
    assert estimate.bitrate < 0.75 * 800_000


def test_waiting_to_be_reported_is_no_queue() -> None:
    """Few packets may keep in step with the reports, which browsers send every 0.25 s then."""
    estimate = FeedbackEstimate(1_000_000, 5_000, 1e9)
    feed(estimate, steady(200, 0.01))
    before = estimate.bitrate
    for number in range(50):
        packet = result(200 + number, 2 + number / 5, 2.02 + number / 5)
        estimate.take(report([packet], propagation=0.27), packet.sent + 0.27, is_idle=True)
    assert estimate.delay == pytest.approx(0.0, abs=0.001)
    assert estimate.bitrate >= before


@pytest.mark.parametrize("step", [5.0, 3600.0, -5.0])
def test_a_clock_that_is_set_is_no_queue(step: float) -> None:
    """So is that of another server, which a call is handed over to."""
    estimate = FeedbackEstimate(1_000_000, 5_000, 1e9)
    feed(estimate, steady(200, 0.01))
    before = estimate.bitrate
    for first in range(200, 800, 5):
        feed(estimate, steady(5, 0.01, first=first, delay=0.02 + step))
        assert estimate.delay == pytest.approx(0.0, abs=0.001)
    assert estimate.bitrate >= before
    feed(estimate, steady(110, 0.01, first=800, delay=0.22 + step), propagation=0.24)
    assert estimate.delay > 0.1


def test_a_bad_probe_does_not_lower_it_far_below_what_arrives() -> None:
    estimate = FeedbackEstimate(800_000, 5_000, 1e9)
    feed(estimate, steady(200, 0.01))
    estimate.begin_probe(ProbeCluster(3, 1_600_000, 3000))
    slow = [result(200 + n, 2 + n * 0.005, 2.02 + n * 0.05, probe=3) for n in range(5)]
    estimate.take(report(slow), 2.3, is_idle=False)
    assert estimate.bitrate > 0.8 * 0.85 * 800_000


@pytest.mark.parametrize(("shares", "part"), [(False, 1.0), (True, 0.5)])
def test_of_a_full_path_that_others_may_use_a_probe_raises_it_half_way(
    shares: bool, part: float
) -> None:
    estimate = FeedbackEstimate(800_000, 5_000, 1e9)
    feed(estimate, steady(200, 0.01))
    before = estimate.bitrate
    estimate.begin_probe(ProbeCluster(3, 1_600_000, 3000, shares=shares))
    fast = [result(200 + n, 2 + n * 0.005, 2.02 + n * 0.006, probe=3) for n in range(5)]
    estimate.take(report(fast), 2.1, is_idle=False)
    found = 0.95 * 8000 / 0.006
    assert estimate.bitrate == pytest.approx(before + part * (found - before))


@pytest.mark.parametrize(("shares", "part"), [(False, 0.85), (True, 1.1)])
def test_a_probe_among_the_packets_of_others_lowers_little(shares: bool, part: float) -> None:
    estimate = FeedbackEstimate(800_000, 5_000, 1e9)
    feed(estimate, steady(200, 0.01))
    estimate.begin_probe(ProbeCluster(3, 1_600_000, 3000, shares=shares))
    slow = [result(200 + n, 2 + n * 0.005, 2.02 + n * 0.05, probe=3) for n in range(5)]
    estimate.take(report(slow), 2.3, is_idle=False)
    assert estimate.bitrate == pytest.approx(part * (estimate.arriving or 0.0))


def test_bounds_hold_for_all_parts() -> None:
    estimate = FeedbackEstimate(1_000_000, 200_000, 1e9)
    feed(estimate, [result(n, n * 0.01, None if n % 5 else n * 0.01 + 0.02) for n in range(600)])
    assert estimate.bitrate == 200_000
