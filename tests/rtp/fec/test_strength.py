"""How much protection is worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp.fec import protection
from peer.rtp.fec.strength import LEAST_BITRATE, LEAST_LOSS, LONG, MOST, SHORT

SHARES = st.floats(0, 1)


@pytest.mark.parametrize(
    ("loss", "round_trip", "bitrate"),
    [
        (0.0, 0.5, 1e6),
        (LEAST_LOSS * 0.99, 0.5, 1e6),
        (0.5, SHORT, 1e6),
        (0.5, 0.5, LEAST_BITRATE * 0.99),
    ],
)
def test_there_is_none_where_it_costs_more_than_it_brings(
    loss: float, round_trip: float, bitrate: float
) -> None:
    assert protection(loss, round_trip, bitrate) == 0


@given(SHARES, SHARES, st.floats(0, 2), st.floats(0, 2), st.floats(0, 1e8))
def test_more_loss_and_longer_round_trips_are_worth_more(
    loss: float, other_loss: float, round_trip: float, other_round_trip: float, bitrate: float
) -> None:
    less = protection(min(loss, other_loss), min(round_trip, other_round_trip), bitrate)
    more = protection(max(loss, other_loss), max(round_trip, other_round_trip), bitrate)
    assert 0 <= less <= more <= MOST


def test_what_a_long_and_lossy_path_is_worth() -> None:
    assert protection(0.02, LONG, 1e6) == pytest.approx(0.28)
    assert protection(0.04, 0.24, 1e6) == pytest.approx(0.46)
    assert protection(0.04, (SHORT + LONG) / 2, 1e6) == pytest.approx(0.23)
    assert protection(0.2, LONG, 1e6) == MOST
