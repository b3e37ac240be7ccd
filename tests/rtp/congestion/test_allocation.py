"""Sharing a target out."""

from hypothesis import given
from hypothesis import strategies as st

from peer.rtp.congestion import Demand, allocate

AUDIO = Demand(52_000, 52_000, enforced=True)
VIDEO = Demand(30_000, 1_700_000)


def test_sound_comes_first() -> None:
    assert allocate(40_000, {1: AUDIO, 2: VIDEO}) == {1: 52_000, 2: 0}
    assert allocate(100_000, {1: VIDEO, 2: AUDIO}) == {1: 48_000, 2: 52_000}


def test_the_rest_is_shared_by_priority() -> None:
    low, medium = Demand(30_000, 2e6), Demand(30_000, 2e6, priority=2)
    assert allocate(960_000, {1: low, 2: medium}) == {1: 330_000, 2: 630_000}


def test_what_one_cannot_use_goes_to_the_others() -> None:
    small = Demand(30_000, 100_000)
    assert allocate(1_000_000, {1: small, 2: VIDEO}) == {1: 100_000, 2: 900_000}
    assert allocate(9_000_000, {1: small, 2: VIDEO}) == {1: 100_000, 2: 1_700_000}


def test_who_cannot_have_the_least_pauses_and_stays_so_for_a_little_more() -> None:
    streams = {one: Demand(100_000, 500_000) for one in (1, 2, 3)}
    shares = allocate(250_000, streams)
    paused = frozenset(one for one, share in shares.items() if not share)
    assert paused == {3}
    for target in (250_000, 300_000, 315_000, 260_000, 230_000):
        assert allocate(target, streams, paused)[3] == 0
    assert allocate(320_000, streams, paused)[3] > 100_000


def test_the_lower_priority_pauses() -> None:
    first, second = Demand(100_000, 500_000), Demand(100_000, 500_000, priority=2)
    assert allocate(150_000, {1: first, 2: second}) == {1: 0, 2: 150_000}


demands = st.builds(
    lambda least, more, priority, enforced: Demand(least, least + more, priority, enforced),
    st.integers(1, 500_000),
    st.integers(0, 2_000_000),
    st.sampled_from([0.5, 1.0, 2.0, 4.0]),
    st.booleans(),
)


@given(st.integers(0, 10_000_000), st.lists(demands, max_size=6), st.sets(st.integers(0, 5)))
def test_no_more_is_shared_out_than_there_is(
    target: int, streams: list[Demand], paused: set[int]
) -> None:
    shares = allocate(target, dict(enumerate(streams)), frozenset(paused))
    enforced = sum(demand.least for demand in streams if demand.enforced)
    assert sum(shares.values()) <= max(target, enforced) * (1 + 1e-9)
    for stream, share in shares.items():
        demand = streams[stream]
        assert share == 0 or demand.least <= share <= demand.most * (1 + 1e-9)
