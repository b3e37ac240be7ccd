"""Frames cut into parts of equal size."""

from hypothesis import given
from hypothesis import strategies as st

from peer.rtp.payloads.packetizing import Room, WholePacketizer, split_evenly

ROOMS = st.builds(Room, st.integers(100, 1172), st.integers(0, 40), st.integers(0, 40))


@given(st.binary(min_size=1, max_size=20_000), ROOMS)
def test_parts_are_few_equal_and_fit(data: bytes, room: Room) -> None:
    parts = split_evenly(data, room)
    assert b"".join(parts) == data
    assert all(parts)
    used = [len(part) for part in parts]
    used[0] += room.first
    used[-1] += room.last
    assert max(used) <= room.size
    assert max(used) - min(used) <= 1
    if len(parts) > 1:
        assert len(data) > room.single
        assert len(parts) == 2 or sum(used) > (len(parts) - 1) * room.size


def test_room_that_only_the_ends_lack() -> None:
    room = Room(100, 10, 20)
    assert room.less(5) == Room(95, 10, 20)
    assert room.single == 70
    assert room.part(first=False, last=True) == Room(100, 0, 20)
    assert [len(part) for part in split_evenly(bytes(171), room)] == [57, 67, 47]


def test_what_is_a_payload_already_is_left_alone() -> None:
    assert WholePacketizer().pack(bytes(5000), Room(100)) == [bytes(5000)]
    assert WholePacketizer().pack(b"", Room(100)) == []
