"""Gaps, freezes and pauses of pictures."""

import pytest

from peer.rtp import Freezes

INTERVAL = 0.033


def after(gap: float, *, before: int = 10, interval: float = INTERVAL) -> Freezes:
    """Pictures at an even pace, then one after a gap."""
    freezes = Freezes()
    for index in range(before + 1):
        freezes.add(100 + index * interval)
    freezes.add(100 + before * interval + gap)
    return freezes


@pytest.mark.parametrize(("gap", "count"), [(0.182, 0), (0.184, 1), (4.9, 1), (5.1, 0)])
def test_a_gap_of_150_ms_more_than_usual_is_a_freeze(gap: float, count: int) -> None:
    freezes = after(gap)
    assert freezes.freezes == count
    assert freezes.frozen == pytest.approx(gap * count)


def test_where_few_pictures_come_it_is_three_times_the_usual_gap() -> None:
    assert after(0.59, interval=0.2).freezes == 0
    assert after(0.61, interval=0.2).freezes == 1


def test_the_first_gaps_say_what_is_usual() -> None:
    assert after(0.5, before=4).freezes == 0
    assert after(0.5, before=5).freezes == 1


def test_a_pause_is_no_freeze() -> None:
    freezes = after(6.0)
    assert (freezes.pauses, freezes.freezes) == (1, 0)
    assert freezes.paused == pytest.approx(6.0)


def test_all_gaps_are_summed_up() -> None:
    freezes = after(0.5)
    assert freezes.gaps == pytest.approx(0.83)
    assert freezes.squared_gaps == pytest.approx(10 * INTERVAL**2 + 0.25)
