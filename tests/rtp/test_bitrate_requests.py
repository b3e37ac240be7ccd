"""Bounds on the bitrate that receivers ask for (RFC 5104 §3.5.4)."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import BitrateLimit, BitrateRequests
from peer.rtp.bitrate_requests import MAX_REQUESTERS, VALIDITY


def asked(*bounds: tuple[int, int]) -> BitrateRequests:
    """Ask for bitrates with overheads, by receivers 0, 1, ..."""
    requests = BitrateRequests()
    for requester, (bitrate, overhead) in enumerate(bounds):
        requests.note(requester, BitrateLimit(7, bitrate, overhead), 0.0)
    return requests


def test_the_lowest_bound_of_those_who_asked_of_late_holds() -> None:
    requests = BitrateRequests()
    assert (requests.bitrate(0.0), requests.bounding_set(0.0)) == (None, ())
    requests.note(1, BitrateLimit(7, 500_000, 40), 0.0)
    requests.note(2, BitrateLimit(7, 300_000, 40), 1.0)
    assert requests.bitrate(VALIDITY) == 300_000
    requests.note(1, BitrateLimit(7, 100_000, 40), VALIDITY)
    assert requests.bitrate(VALIDITY) == 100_000
    assert requests.bitrate(1.0 + VALIDITY + 0.1) == 100_000
    assert requests.bitrate(2 * VALIDITY + 0.1) is None


def test_no_bitrate_is_no_bound() -> None:
    requests = asked((1000, 40))
    requests.note(0, BitrateLimit(7, 0, 40), 0.0)
    assert requests.bitrate(0.0) is None


def test_more_overhead_bounds_where_packets_are_many() -> None:
    requests = asked((35_000, 40), (40_000, 60), (60_000, 40), (39_000, 41))
    assert [limit.ssrc for limit in requests.bounding_set(0.0)] == [0, 1]


def test_a_bound_that_is_the_lowest_only_where_nothing_is_left_bounds_nothing() -> None:
    assert [limit.ssrc for limit in asked((100, 50), (1000, 60)).bounding_set(0.0)] == [0]


def test_the_receiver_that_asked_longest_ago_makes_room() -> None:
    requests = asked(*[(1000 + number, 40) for number in range(MAX_REQUESTERS + 1)])
    assert requests.bitrate(0.0) == 1001


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 30)), min_size=1, max_size=8))
def test_the_bounding_set_is_as_low_as_all_bounds_everywhere(bounds: list[tuple[int, int]]) -> None:
    held = asked(*bounds).bounding_set(0.0)

    def lowest(limits: list[tuple[int, int]], rate: float) -> float:
        return max(0.0, min(bitrate - overhead * rate for bitrate, overhead in limits))

    chosen = [(limit.bitrate, limit.overhead) for limit in held]
    rates = [step / 7 for step in range(1000)]
    assert all(lowest(chosen, rate) == lowest(bounds, rate) for rate in rates)
    assert {bounds[limit.ssrc] for limit in held} == set(chosen)
    steps = list(pairwise(chosen))
    assert all(before < after for before, after in steps)
    assert all(before[1] < after[1] for before, after in steps)
