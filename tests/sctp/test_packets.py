"""Taking packets apart."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.sctp.packets import AT_MOST, MAX_CHUNKS, read_chunks
from peer.sctp.wire import COOKIE_ACK, COOKIE_ECHO, DATA, INIT, SACK, write_chunk

HEAD = bytes(12)


def test_padding_may_be_missing_at_the_end() -> None:
    chunk = write_chunk(DATA, bytes(13))
    assert read_chunks(HEAD + chunk) == ([(DATA, 0, 12, 29)], 0)
    assert read_chunks(HEAD + chunk[:17]) == ([(DATA, 0, 12, 29)], 0)
    both = read_chunks(HEAD + chunk + write_chunk(COOKIE_ACK))
    assert both == ([(DATA, 0, 12, 29), (COOKIE_ACK, 0, 32, 36)], 0)


@pytest.mark.parametrize(
    "chunks",
    [
        b"",
        b"\0\0\0\3",
        b"\0\0\0\x11" + bytes(12),
        b"\0\0\0\x0f" + bytes(12),
        write_chunk(DATA, bytes(13)) + b"\x03\0\0\x10" + bytes(11),
        write_chunk(INIT, bytes(16)) + write_chunk(COOKIE_ACK),
        write_chunk(COOKIE_ACK) + write_chunk(COOKIE_ECHO, b"cookie"),
    ],
)
def test_what_is_malformed_has_no_chunk_at_all(chunks: bytes) -> None:
    assert read_chunks(HEAD + chunks) is None


def test_what_is_too_much_is_skipped() -> None:
    found = read_chunks(HEAD + write_chunk(SACK, bytes(12)) * 5 + write_chunk(DATA, bytes(16)))
    assert found == ([(SACK, 0, 12, 28), (DATA, 0, 92, 112)], 4)
    many = read_chunks(HEAD + write_chunk(0xC7) * (MAX_CHUNKS + 7))
    assert many is not None
    assert (len(many[0]), many[1]) == (MAX_CHUNKS, 7)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    found = read_chunks(HEAD + data)
    if found is not None:
        chunks, _ = found
        assert chunks
        for (_, _, _, end), (_, _, start, _) in pairwise(chunks):
            assert end <= start
        assert all(12 <= start < end <= 12 + len(data) for _, _, start, end in chunks)
        kinds = [chunk[0] for chunk in chunks]
        assert all(kinds.count(kind) <= most for kind, most in AT_MOST.items())
