"""Which SCTP packets are worth parsing."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.transports.chunks import MAX_BLOCKS, MAX_CHUNKS, SctpDrop, judge, merge_gaps


def chunk(kind: int, body: bytes, length: int | None = None) -> bytes:
    length = 4 + len(body) if length is None else length
    return struct.pack("!BBH", kind, 0, length) + body + bytes(-len(body) % 4)


def sack(*gaps: tuple[int, int], count: int | None = None) -> bytes:
    head = struct.pack("!LLHH", 1, 1000, len(gaps) if count is None else count, 0)
    return head + b"".join(struct.pack("!HH", *gap) for gap in gaps)


PARAMETER = struct.pack("!HH", 7, 7) + b"abc\0"
EMPTY_PARAMETER = struct.pack("!HH", 7, 0)


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (b"", False),
        (chunk(0, bytes(12) + b"data"), True),
        # chunks that are too short for what has to be there
        (chunk(0, bytes(12)), False),
        (chunk(1, bytes(15)), False),
        (chunk(192, b""), False),
        (chunk(192, bytes(6)), False),
        (chunk(7, b""), False),
        (chunk(0, bytes(13)) + chunk(3, sack()), True),
        (chunk(11, b""), True),
        # lengths that lead nowhere
        (chunk(0, bytes(8), length=3), False),
        (chunk(0, bytes(8), length=13), False),
        (chunk(11, b"") + chunk(0, bytes(8), length=0), False),
        # parameters
        (chunk(130, PARAMETER + PARAMETER), True),
        # RFC 6525 §3.1: two at most
        (chunk(130, PARAMETER * 3), False),
        (chunk(130, PARAMETER + EMPTY_PARAMETER), False),
        (chunk(4, EMPTY_PARAMETER), False),
        (chunk(5, struct.pack("!HH", 1, 3)), False),
        (chunk(1, bytes(16) + PARAMETER), True),
        (chunk(1, bytes(16) + EMPTY_PARAMETER), False),
        (chunk(2, bytes(16) + EMPTY_PARAMETER), False),
        # zeroes where no parameters are
        (chunk(0, bytes(40)), True),
        (chunk(77, bytes(40)), True),
        # acknowledgements
        (chunk(3, sack((2, 3), (5, 900))), True),
        (chunk(3, sack((1, 65535))), True),
        (chunk(3, sack(*[(1, 65535)] * MAX_BLOCKS)), True),
        (chunk(3, sack(*[(1, 65535)] * (MAX_BLOCKS + 1))), False),
        (chunk(192, bytes(4 * MAX_BLOCKS + 4)), True),
        (chunk(192, bytes(4 * MAX_BLOCKS + 8)), False),
        (chunk(3, sack((9, 2))), True),
        (chunk(3, sack((2, 3), count=2)), False),
        (chunk(3, bytes(8)), False),
    ],
)
def test_well_formed(chunks: bytes, expected: bool) -> None:
    assert judge(bytes(12) + chunks) is (None if expected else SctpDrop.MALFORMED)


@pytest.mark.parametrize(
    ("chunks", "drop"),
    [
        (chunk(0, bytes(13)) * MAX_CHUNKS, None),
        (chunk(0, bytes(13)) * (MAX_CHUNKS + 1), SctpDrop.TOO_MANY_CHUNKS),
        (chunk(3, sack()) * 2, SctpDrop.TOO_MANY_CHUNKS),
        (chunk(4, PARAMETER) * 2, SctpDrop.TOO_MANY_CHUNKS),
        (chunk(130, PARAMETER) * 4, None),
        (chunk(130, PARAMETER) * 5, SctpDrop.TOO_MANY_CHUNKS),
        (chunk(77, b"") * MAX_CHUNKS, None),
        (chunk(77, b"") * MAX_CHUNKS + chunk(0, bytes(13)), SctpDrop.TOO_MANY_CHUNKS),
        (b"".join(chunk(kind, b"") for kind in range(20, 20 + MAX_CHUNKS)), None),
        (
            b"".join(chunk(kind, b"") for kind in range(20, 21 + MAX_CHUNKS)),
            SctpDrop.TOO_MANY_CHUNKS,
        ),
    ],
)
def test_as_many_chunks_as_an_mtu_has_room_for(chunks: bytes, drop: SctpDrop | None) -> None:
    assert judge(bytes(12) + chunks) is drop


GAPS = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)), max_size=12)


@given(GAPS, st.integers(0, 60))
def test_merged_gaps_cover_the_same_once(gaps: list[tuple[int, int]], end: int) -> None:
    merged = merge_gaps(gaps, end)
    covered = [offset for first, last in merged for offset in range(first, last + 1)]
    wanted = {offset for first, last in gaps if first for offset in range(first, last + 1)}
    assert covered == sorted(offset for offset in wanted if offset <= end)


@given(st.binary(max_size=200))
def test_any_bytes_are_judged(data: bytes) -> None:
    judge(data)


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40)), max_size=5))
def test_any_chunks_are_judged(chunks: list[tuple[int, bytes]]) -> None:
    judge(bytes(12) + b"".join(chunk(kind, body) for kind, body in chunks))
