"""Frames cut into parts of equal size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp.payloads.packetizing import Room, WholePacketizer, split_evenly

ROOMS = st.builds(Room, st.integers(100, 1172), st.integers(0, 40), st.integers(0, 40))


@given(st.binary(min_size=1, max_size=4000), ROOMS)
def test_parts_are_few_fit_and_are_equal_but_for_the_last(data: bytes, room: Room) -> None:
    parts = split_evenly(data, room)
    assert b"".join(parts) == data
    assert all(parts)
    used = [len(part) for part in parts]
    used[0] += room.first
    used[-1] += room.last
    assert max(used) <= room.size
    assert len(set(used[:-1])) <= 1
    assert 0 <= used[0] - used[-1] < max(2, len(parts))
    if len(parts) > 1:
        assert len(data) > room.single
        assert len(parts) == 2 or sum(used) > (len(parts) - 1) * room.size


def test_room_that_only_the_ends_lack() -> None:
    room = Room(100, 10, 20)
    assert room.less(5) == Room(95, 10, 20)
    assert room.single == 70
    assert room.part(first=False, last=True) == Room(100, 0, 20)
    assert [len(part) for part in split_evenly(bytes(171), room)] == [57, 67, 47]


@pytest.mark.parametrize("size", range(2500, 3500, 7))
def test_packets_of_a_picture_leave_in_one_run(size: int) -> None:
    """A run is of equally long datagrams, and ends with one that is shorter."""
    parts = [len(part) for part in split_evenly(bytes(size), Room(1000))]
    assert set(parts[:-1]) == {parts[0]}
    assert parts[-1] <= parts[0]


def test_the_last_of_very_many_is_not_empty() -> None:
    parts = split_evenly(bytes(300_001), Room(100, 0, 40))
    assert b"".join(parts) == bytes(300_001)
    assert all(parts)
    assert max(map(len, parts)) <= 100
    assert len(parts[-1]) <= 60


def test_what_is_a_payload_already_is_left_alone() -> None:
    assert WholePacketizer().pack(bytes(5000), Room(100)) == [bytes(5000)]
    assert WholePacketizer().pack(b"", Room(100)) == []
