"""The rate that receiver reports allow."""

import pytest

from peer.rtp.congestion.loss_reports import LossReports


def test_heavy_loss_lowers_it_by_half_of_the_part_lost() -> None:
    assert LossReports().add(12, 100, 1_000_000, 0.1, 1.0) == pytest.approx(940_000)


def test_it_is_lowered_once_in_a_while() -> None:
    losses = LossReports()
    assert losses.add(50, 100, 1_000_000, 0.1, 1.0) == 750_000
    assert losses.add(50, 100, 750_000, 0.1, 1.3) == 750_000
    assert losses.add(50, 100, 750_000, 0.1, 1.5) == 562_500


def test_some_loss_changes_nothing() -> None:
    assert LossReports().add(5, 100, 1_000_000, 0.1, 1.0) == 1_000_000


def test_it_rises_by_eight_percent_a_second() -> None:
    losses, rate = LossReports(), 100_000.0
    for step in range(21):
        rate = losses.add(0, 100, rate, 0.1, step * 0.1)
    assert 100_000 * 1.08**2 < rate < 100_000 * 1.08**3 + 5_000


def test_few_packets_wait_for_more() -> None:
    losses = LossReports()
    assert losses.add(5, 10, 1_000_000, 0.1, 1.0) == 1_000_000
    assert losses.add(0, 10, 1_000_000, 0.1, 1.5) == 875_000


def test_a_counter_that_runs_backwards_is_no_gain() -> None:
    assert LossReports().add(-30, 100, 1_000_000, 0.1, 1.0) == 1_081_000
