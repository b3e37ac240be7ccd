"""Groups of packets, and their sums."""

import pytest

from peer.rtp.fec import Groups
from peer.rtp.fec.groups import ENOUGH, MOST
from peer.rtp.fec.parity import Parity

from .lossy import packet

FRAME = 1 / 30


class Film:
    """Pictures at 30 a second, of so many packets each."""

    def __init__(self, groups: Groups) -> None:
        self.groups = groups
        self.now = 100.0
        self.number = 0

    def picture(self, packets: int, *, key: bool = False, after: float = FRAME) -> list[Parity]:
        """Add a picture; returns the sums behind it."""
        self.now += after
        made = [packet(self.number + index, b"payload") for index in range(packets)]
        self.number += packets
        return self.groups.add(made, self.now, is_key=key)


def film(strength: float = 0.5, round_trip: float = 0.24) -> Film:
    groups = Groups()
    groups.strength, groups.round_trip = strength, round_trip
    made = Film(groups)
    made.picture(1, key=True)
    return made


def covered(parities: list[Parity]) -> list[int]:
    return sorted({number for parity in parities for number in parity.numbers})


def test_a_group_takes_as_many_pictures_as_the_round_trip_lets_it() -> None:
    one = film(round_trip=0.24)
    assert [len(one.picture(2)) for _ in range(6)] == [0, 0, 3, 0, 0, 3]
    one.groups.round_trip = 0.1
    assert [len(one.picture(2)) for _ in range(2)] == [1, 1]


def test_rare_pictures_are_groups_of_their_own() -> None:
    one = film()
    one.picture(2, after=0.2)
    assert [len(one.picture(4, after=0.2)) for _ in range(3)] == [2, 2, 2]


def test_a_group_that_has_enough_ends() -> None:
    one = film()
    assert len(one.picture(ENOUGH)) == ENOUGH // 2


def test_a_key_frame_is_a_group_of_its_own_with_more_sums() -> None:
    one = film(strength=0.2)
    one.picture(2)
    found = one.picture(10, key=True)
    assert len(found) == 3
    assert covered(found) == list(range(3, 13))


def test_a_picture_that_is_late_ends_its_group_like_any_other() -> None:
    one = film(round_trip=0.24)
    one.picture(2)
    one.picture(2)
    assert covered(one.picture(2, after=0.1)) == [1, 2, 3, 4, 5, 6]


def test_what_was_begun_before_a_pause_gets_none() -> None:
    one = film()
    one.picture(2)
    assert covered(one.picture(2, after=3.0)) == [3, 4]


@pytest.mark.parametrize("packets", [MOST, MOST + 1, 3 * MOST + 5])
def test_large_groups_are_divided(packets: int) -> None:
    one = film(strength=0.25)
    found = one.picture(packets)
    assert covered(found) == list(range(1, packets + 1))
    assert all(parity.numbers[-1] - parity.numbers[0] < MOST for parity in found)


def test_there_is_one_sum_at_least_and_never_more_than_packets() -> None:
    one = film(strength=0.05)
    assert len(one.picture(1, key=True)) == 1
    one.groups.strength = 5.0
    assert len(one.picture(3, key=True)) == 3
