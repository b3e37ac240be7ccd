"""How well a path explains losses."""

import pytest

from peer.rtp.congestion.loss_model import Channel, bounded_loss, fit, objective
from peer.rtp.congestion.loss_window import LossSample


def test_what_is_sent_beyond_the_bandwidth_is_lost() -> None:
    # of 600 with a bandwidth of 500, and 1 % lost anyway: 17.5 %
    sample = [(1.0, LossSample(1000, 175, 600_000))]
    exact = objective(Channel(500_000, 0.01), sample, 0.2)
    assert exact > objective(Channel(500_000, 0.05), sample, 0.2)
    assert exact > objective(Channel(500_000, 0.001), sample, 0.2)


@pytest.mark.parametrize(("bandwidth", "most"), [(500_000, 0.25), (1_000_000, 0.15)])
def test_the_loss_of_a_path_is_bounded_by_its_bandwidth(bandwidth: float, most: float) -> None:
    assert bounded_loss(1.0, bandwidth) == pytest.approx(most)
    assert bounded_loss(0.0, bandwidth) == 0.001


@pytest.mark.parametrize(("average", "bias"), [(0.0, 0.2221), (0.2, 0.0), (0.3, -0.2199)])
def test_a_higher_rate_is_preferred_unless_much_is_lost(average: float, bias: float) -> None:
    # A path that loses nothing, and nothing lost: only the preference remains.
    sample = [(1.0, LossSample(1000, 0, 100_000))]
    found = objective(Channel(500_000, 1e-6), sample, average)
    assert found == pytest.approx(bias, abs=2e-4)


def test_the_loss_of_a_path_is_found_by_steps() -> None:
    samples = [(1.0, LossSample(1000, 100, 400_000))] * 5
    channel = Channel(1_000_000, 0.05)
    for _ in range(20):
        channel = fit(channel, samples)
    assert channel.loss == pytest.approx(0.1, rel=0.01)
