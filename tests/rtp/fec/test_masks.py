"""Which packets go into which parities."""

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp.fec.masks import share_out


def is_made_good(lost: set[int], parities: list[set[int]]) -> bool:
    """Tell whether all lost packets follow, one after the other."""
    left = [parity & lost for parity in parities]
    while any(len(one) == 1 for one in left):
        found = next(one for one in left if len(one) == 1)
        left = [one - found for one in left]
        lost = lost - found
    return not lost


@given(st.integers(1, 48).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))))
def test_any_single_loss_is_made_good(counts: tuple[int, int]) -> None:
    parities = share_out(*counts)
    assert len(parities) <= counts[1]
    assert set().union(*parities) == set(range(counts[0]))
    assert all(list(parity) == sorted(set(parity)) for parity in parities)


@pytest.mark.parametrize("packets", range(2, 13))
@pytest.mark.parametrize("parities", [5, 6, 7])
def test_any_two_are_made_good_when_there_are_parities_enough(packets: int, parities: int) -> None:
    found = [set(parity) for parity in share_out(packets, min(packets, parities))]
    if packets <= parities * (parities - 1) // 2 + parities:
        for lost in combinations(range(packets), 2):
            assert is_made_good(set(lost), found)


@pytest.mark.parametrize(
    ("packets", "parities", "most"), [(4, 2, 0.02), (8, 4, 0.01), (12, 6, 0.006), (16, 8, 0.003)]
)
def test_how_much_stays_lost_at_six_percent(packets: int, parities: int, most: float) -> None:
    """Of groups with random losses, parities among them."""
    chance = random.Random(1)
    found = [set(parity) for parity in share_out(packets, parities)]
    bad = 0
    for _ in range(10_000):
        lost = {index for index in range(packets) if chance.random() < 0.06}
        there = [parity for parity in found if chance.random() >= 0.06]
        bad += not is_made_good(lost, there)
    assert bad / 10_000 < most
