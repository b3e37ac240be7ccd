"""Sharing out what pictures may take among encodings of them in several sizes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp.congestion import Demand, Layer, allocate, rates_of, wanted
from peer.rtp.congestion.layers import RESTART

AUDIO = Demand(52_000, 52_000, enforced=True)
SIZES = (320 * 180, 640 * 360, 1280 * 720)


def layer(
    pixels: int, *, most: float | None = None, active: bool = True, group: str = "v"
) -> Demand:
    rates = rates_of(pixels)
    limit = 0 if not active else rates.most if most is None else most
    least = min(30_000, limit)
    return Demand(least, limit, layer=Layer(group, pixels, rates.useful, rates.good))


def layers() -> dict[int, Demand]:
    """Three encodings, 1 the largest."""
    return {index: layer(pixels) for index, pixels in enumerate(reversed(SIZES), 1)}


@pytest.mark.parametrize(
    ("target", "shares"),
    [
        (10_000, (0, 0, 30_000)),
        (40_000, (0, 0, 40_000)),
        (290_000, (0, 0, 200_000)),
        (310_000, (0, 160_000, 150_000)),
        (600_000, (0, 450_000, 150_000)),
        (1_000_000, (0, 700_000, 150_000)),
        (1_300_000, (650_000, 500_000, 150_000)),
        (2_000_000, (1_350_000, 500_000, 150_000)),
        (9_000_000, (2_500_000, 500_000, 150_000)),
    ],
)
def test_from_the_smallest_up_each_is_sent_that_fits(
    target: float, shares: tuple[float, ...]
) -> None:
    assert tuple(allocate(target, layers()).values()) == shares


def test_more_never_sends_fewer_and_what_is_sent_is_of_use() -> None:
    before = 0
    for target in range(30_000, 8_000_000, 10_000):
        shares = allocate(target, layers())
        sent = [one for one, share in shares.items() if share]
        assert sent == [1, 2, 3][3 - len(sent) :]
        assert len(sent) >= before
        before = len(sent)
        assert sum(shares.values()) <= target
        for one in sent[:-1]:
            assert shares[one] >= rates_of(SIZES[3 - one]).useful


def test_what_was_not_sent_needs_clearly_more_to_come_back() -> None:
    paused = frozenset({1})
    sent = [bool(allocate(650_000 + 600_000 * part, layers(), paused)[1]) for part in (1, 1.1)]
    assert sent == [False, False]
    assert allocate(650_000 + 600_000 * RESTART, layers(), paused)[1] > 0
    assert allocate(650_000 + 600_000, layers())[1] > 0
    # With little to send it with, no more is needed than makes it good.
    small = {1: layer(SIZES[2], most=610_000), 3: layer(SIZES[0])}
    assert allocate(150_000 + 610_000, small, paused)[1] == 610_000


def test_an_inactive_encoding_takes_nothing_and_holds_up_nothing() -> None:
    group = {1: layer(SIZES[2]), 2: layer(SIZES[1], active=False), 3: layer(SIZES[0], active=False)}
    assert allocate(100_000, group) == {1: 100_000, 2: 0, 3: 0}
    assert allocate(9e6, {one: layer(size, active=False) for one, size in enumerate(SIZES)}) == {
        0: 0,
        1: 0,
        2: 0,
    }


def test_what_the_application_sets_holds() -> None:
    group = {1: layer(SIZES[2]), 3: layer(SIZES[0], most=100_000)}
    assert allocate(9e6, group) == {1: 2_500_000, 3: 100_000}
    group = {1: layer(SIZES[2], most=4e6), 3: layer(SIZES[0])}
    assert allocate(9e6, group) == {1: 4e6, 3: 150_000}


def test_sound_comes_first_and_other_pictures_have_their_part() -> None:
    other = Demand(30_000, 2_000_000)
    shares = allocate(1_052_000, {0: AUDIO, **layers(), 4: other})
    assert shares[0] == 52_000
    assert shares[4] == shares[1] + shares[2] + shares[3] == 500_000
    starved = allocate(60_000, {0: AUDIO, **layers()})
    assert starved == {0: 52_000, 1: 0, 2: 0, 3: 30_000}


def test_encodings_of_other_pictures_are_another_group() -> None:
    demands = {1: layer(SIZES[0]), 2: layer(SIZES[0], group="w"), 3: layer(SIZES[0], group="w")}
    assert allocate(9e6, demands) == {1: 200_000, 2: 150_000, 3: 200_000}
    assert wanted(demands) == 550_000
    assert wanted({0: AUDIO, **layers()}) == 52_000 + 3_150_000


def test_rates_grow_with_the_pixels() -> None:
    rates = [rates_of(pixels) for pixels in range(0, 4096 * 2160, 10_000)]
    assert all(
        all(more >= less for less, more in zip(before, after, strict=True))
        for before, after in itertools.pairwise(rates)
    )
    assert rates_of(640 * 360) == (150_000, 500_000, 700_000)


demands = st.builds(
    layer,
    st.integers(0, 4_000_000),
    most=st.none() | st.integers(1, 5_000_000),
    active=st.booleans(),
    group=st.sampled_from("vw"),
)


@given(st.integers(0, 10_000_000), st.lists(demands, max_size=6), st.sets(st.integers(0, 5)))
def test_no_more_is_shared_out_than_there_is(
    target: int, streams: list[Demand], paused: set[int]
) -> None:
    shares = allocate(target, dict(enumerate(streams)), frozenset(paused))
    assert set(shares) == set(range(len(streams)))
    assert sum(shares.values()) <= max(target, 60_000) * (1 + 1e-9)
    for stream, share in shares.items():
        assert 0 <= share <= streams[stream].most * (1 + 1e-9)
