"""Redundant audio data (RFC 2198 §3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import RedBlock, read_red, write_red

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
