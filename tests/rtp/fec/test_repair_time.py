"""How long lost packets wait until they are sent again."""

import pytest

from peer.rtp.fec import RepairTime, protection
from peer.rtp.fec.repair_time import LEAST, LOOK, MOST, SHOWING, WINDOW


def noted(*waits: float, now: float = 10.0) -> RepairTime:
    times = RepairTime()
    for waited in waits:
        times.note(waited, now)
    times.advance(now)
    return times


def test_it_says_nothing_of_a_few() -> None:
    assert noted().round_trip == 0
    assert noted(*[0.3] * (LEAST - 1)).round_trip == 0
    assert noted(*[0.3] * LEAST).round_trip == pytest.approx(0.3 - SHOWING)


def test_all_but_few_of_them_count() -> None:
    """Requests that are lost one by one are no reason for protection, several in a row are."""
    usual = [0.09] * 96
    assert protection(0.1, noted(*usual, *[0.3] * 4).round_trip, 1e6) == 0
    assert protection(0.1, noted(*usual, *[0.3] * 10).round_trip, 1e6) == 0.5


def test_a_round_trip_is_never_negative() -> None:
    assert noted(*[0.01] * LEAST).round_trip == 0


def test_only_the_latest_count() -> None:
    times = noted(*[0.5] * LEAST)
    times.advance(10.0 + WINDOW + LOOK)
    assert times.round_trip == 0
    assert noted(*[0.5] * MOST, *[0.06] * MOST).round_trip == pytest.approx(0.06 - SHOWING)


def test_it_is_found_anew_once_in_a_while() -> None:
    times = noted(*[0.3] * LEAST)
    for _ in range(MOST):
        times.note(0.1, 10.1)
    times.advance(10.1)
    assert times.round_trip == pytest.approx(0.3 - SHOWING)
    times.advance(10.0 + LOOK)
    assert times.round_trip == pytest.approx(0.1 - SHOWING)
