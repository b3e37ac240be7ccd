"""Which SCTP packets are worth parsing."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.transports.chunks import is_well_formed


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
        (chunk(0, bytes(13)) + chunk(3, sack()), True),
        (chunk(11, b""), True),
        # lengths that lead nowhere
        (chunk(0, bytes(8), length=3), False),
        (chunk(0, bytes(8), length=13), False),
        (chunk(11, b"") + chunk(0, bytes(8), length=0), False),
        # parameters
        (chunk(130, PARAMETER + PARAMETER), True),
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
        (chunk(3, sack((1, 65535), (1, 65535))), False),
        (chunk(3, sack((9, 2))), True),
        (chunk(3, sack((2, 3), count=2)), False),
        (chunk(3, bytes(8)), False),
    ],
)
def test_well_formed(chunks: bytes, expected: bool) -> None:
    assert is_well_formed(bytes(12) + chunks) is expected


@given(st.binary(max_size=200))
def test_any_bytes_are_judged(data: bytes) -> None:
    is_well_formed(data)


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40)), max_size=5))
def test_any_chunks_are_judged(chunks: list[tuple[int, bytes]]) -> None:
    is_well_formed(bytes(12) + b"".join(chunk(kind, body) for kind, body in chunks))
