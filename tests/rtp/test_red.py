"""Redundant audio data (RFC 2198 §3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import RedBlock, Redundancy, copies_worth, read_red, write_red

TYPES = st.integers(0, 127)
OLD = st.builds(RedBlock, TYPES, st.integers(1, 16383), st.binary(min_size=1, max_size=1023))
PRIMARY = st.builds(RedBlock, TYPES, st.just(0), st.binary(max_size=100))


@given(st.lists(OLD, max_size=31), PRIMARY)
def test_what_is_written_is_read(old: list[RedBlock], primary: RedBlock) -> None:
    assert read_red(write_red(old, primary)) == [*old, primary]


def test_where_lengths_run_past_the_end_the_blocks_before_count() -> None:
    data = write_red(
        [RedBlock(111, 960, b"abc"), RedBlock(111, 480, b"defg")], RedBlock(111, 0, b"")
    )
    assert read_red(data[:-1]) == [RedBlock(111, 960, b"abc")]


def test_empty_blocks_are_left_out() -> None:
    assert read_red(write_red([RedBlock(111, 960, b"")], RedBlock(111, 0, b"x"))) == [
        RedBlock(111, 0, b"x")
    ]


def test_too_many_blocks_and_no_primary_give_nothing() -> None:
    assert read_red(write_red([RedBlock(111, 1, b"a")] * 32, RedBlock(111, 0, b"x"))) == []
    assert read_red(b"\x80\x00\x00\x00") == []
    assert read_red(b"") == []
    assert read_red(b"\xef\x01\x02") == []


@pytest.mark.parametrize(
    "block", [RedBlock(111, 0, b"a"), RedBlock(111, 16384, b"a"), RedBlock(111, 1, bytes(1024))]
)
def test_what_red_cannot_hold_is_refused(block: RedBlock) -> None:
    with pytest.raises(ValueError, match="RED"):
        write_red([block], RedBlock(111, 0, b""))


@given(st.binary(max_size=60))
def test_any_bytes_are_read(data: bytes) -> None:
    assert all(isinstance(block, RedBlock) for block in read_red(data))


def test_how_many_copies_are_worth_their_bytes() -> None:
    assert [copies_worth(loss) for loss in (0.0, 0.019, 0.02, 0.099, 0.1, 1.0)] == [
        0,
        0,
        1,
        1,
        2,
        2,
    ]


def sent(copies: int, *packets: tuple[int, bytes]) -> list[list[RedBlock] | None]:
    """Return the blocks of each packet; None for one that goes without copies."""
    redundancy = Redundancy(111)
    redundancy.copies = copies
    found = [redundancy.add(*packet) for packet in packets]
    return [None if payload is None else read_red(payload) for payload in found]


def test_copies_are_those_of_the_packets_right_before_the_oldest_first() -> None:
    packets = [(0, b"a"), (960, b"b"), (1920, b"c"), (2880, b"d")]
    one, two, three = (RedBlock(111, 0, data) for data in (b"b", b"c", b"d"))
    assert sent(1, *packets) == [
        None,
        [RedBlock(111, 960, b"a"), one],
        [RedBlock(111, 960, b"b"), two],
        [RedBlock(111, 960, b"c"), three],
    ]
    assert sent(2, *packets)[1:3] == [
        [RedBlock(111, 960, b"a"), one],
        [RedBlock(111, 1920, b"a"), RedBlock(111, 960, b"b"), two],
    ]
    assert sent(0, *packets) == [None] * 4


def test_what_was_sent_without_copies_is_copied_as_soon_as_that_is_worth_it() -> None:
    redundancy = Redundancy(111)
    assert redundancy.add(0, b"a") is None
    redundancy.copies = 1
    assert redundancy.add(960, b"b") is not None


@pytest.mark.parametrize(
    ("before", "packet"),
    [
        ((0, b"a"), (16384, b"b")),
        ((960, b"a"), (960, b"b")),
        ((960, b"a"), (0, b"b")),
        ((0, bytes(1024)), (960, b"b")),
        ((0, b"a"), (960, bytes(1024))),
        ((0, bytes(600)), (960, bytes(596))),
    ],
    ids=["too old", "no older", "younger", "too large", "beside too much", "too much together"],
)
def test_what_no_packet_can_carry_is_not_copied(
    before: tuple[int, bytes], packet: tuple[int, bytes]
) -> None:
    assert sent(1, before, packet) == [None, None]


def test_what_just_fits_is_copied() -> None:
    (_, oldest), (_, largest) = (
        sent(1, (0, b"a"), (16383, b"b")),
        sent(1, (0, bytes(600)), (960, bytes(595))),
    )
    assert oldest is not None
    assert oldest[0].offset == 16383
    assert largest is not None
    assert len(write_red(largest[:1], largest[1])) == 1200


def test_no_packet_is_left_out_among_copies() -> None:
    """Receivers number them by their place."""
    blocks = sent(2, (0, b"a"), (960, bytes(1024)), (1920, b"c"))
    assert blocks == [None, None, None]
