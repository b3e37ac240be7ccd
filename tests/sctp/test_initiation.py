"""INIT and INIT ACK."""

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.records import replace
from peer.sctp.initiation import Initiation, read_initiation, read_token
from peer.sctp.wire import INIT_ACK, UNRECOGNIZED, write_chunk, write_parameter

SNAP = base64.b64decode("AQAAHols3R0AUAAA/////+B5ZR3AAAAEgAgABoLA")
"""The vector of draft-hancke-tsvwg-snap-00."""
PLAIN = Initiation(tag=1, window=131072, outgoing=10, incoming=2048, tsn=7)


def test_a_token_of_a_browser() -> None:
    initiation = read_token(SNAP)
    assert initiation is not None
    assert (initiation.tag, initiation.tsn) == (0x896CDD1D, 0xE079651D)
    assert (initiation.window, initiation.outgoing, initiation.incoming) == (5242880, 65535, 65535)
    assert initiation.limits
    assert initiation.resets
    assert not initiation.interleaving
    assert not initiation.zero_checksum
    # What we would say in its place is the same.
    assert initiation.serialize()[: len(SNAP)] == SNAP


@pytest.mark.parametrize(
    "token",
    [
        b"",
        SNAP[:-1],
        SNAP + bytes(4),
        b"\x02" + SNAP[1:],
        SNAP[:4] + bytes(4) + SNAP[8:],
        SNAP[:8] + b"\0\0\x05\xdb" + SNAP[12:],
        SNAP[:12] + bytes(2) + SNAP[14:],
        SNAP[:14] + bytes(2) + SNAP[16:],
        SNAP[:-4] + b"\0\3" + SNAP[-2:],
        write_chunk(1, SNAP[4:20] + write_parameter(0x8003, bytes(1020))),
    ],
)
def test_what_is_no_token(token: bytes) -> None:
    assert read_token(token) is None


@given(
    st.builds(
        Initiation,
        tag=st.integers(1, 0xFFFFFFFF),
        window=st.integers(1500, 0xFFFFFFFF),
        outgoing=st.integers(1, 65535),
        incoming=st.integers(1, 65535),
        tsn=st.integers(0, 0xFFFFFFFF),
        zero_checksum=st.booleans(),
        cookie=st.binary(max_size=300),
    ),
    st.booleans(),
)
def test_what_is_written_is_read(initiation: Initiation, mixed: bool) -> None:
    said = replace(initiation, interleaving=mixed, interleaved_limits=mixed)
    chunk = said.serialize(INIT_ACK)
    assert chunk[0] == INIT_ACK
    (length,) = struct.unpack_from("!H", chunk, 2)
    assert len(chunk) == length + -length % 4
    assert read_initiation(chunk[4:length]) == said


@pytest.mark.parametrize(
    ("kind", "reported", "goes_on"),
    [(0x3FFF, False, False), (0x7FFF, True, False), (0xBFFF, False, True), (0xFFFF, True, True)],
)
def test_unknown_parameters(kind: int, reported: bool, goes_on: bool) -> None:
    """RFC 9260 §3.2.1: the two highest bits say what is to be done."""
    strange = write_parameter(kind, b"what") + write_parameter(0xFFFE, b"ever")
    body = PLAIN.serialize()[4:24] + strange
    found = read_initiation(body[:16] + strange)
    assert found is not None
    expected = [write_parameter(kind, b"what")] if reported else []
    expected += [write_parameter(0xFFFE, b"ever")] if goes_on else []
    assert list(found.unrecognized) == expected
    answer = read_initiation(found.serialize()[4:])
    assert answer is not None
    assert answer.unrecognized == ()
    assert (struct.pack("!H", UNRECOGNIZED) in found.serialize()) == bool(expected)


def test_what_firefox_adds_is_no_reason_for_a_report() -> None:
    added = b"".join(write_parameter(kind, bytes(4)) for kind in (0x8002, 0x8003, 0x8004, 5, 12))
    found = read_initiation(PLAIN.serialize()[4:20] + added)
    assert found is not None
    assert found.unrecognized == ()


@pytest.mark.parametrize("length", [0, 3, 0xFFFF])
def test_parameters_without_a_length(length: int) -> None:
    assert read_initiation(bytes(15)) is None
    assert read_initiation(bytes(16) + struct.pack("!HH", 0x8003, length)) is None
