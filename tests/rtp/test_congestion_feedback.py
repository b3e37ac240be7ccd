"""Congestion control feedback as bytes (RFC 8888 §3.1)."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import (
    Arrival,
    Compound,
    CongestionFeedback,
    RtcpDrop,
    StreamArrivals,
    read_compound,
    write_compound,
)
from peer.rtp.congestion_feedback import MAX_REPORTED
from peer.rtp.transport_feedback import MAX_STATUSES

WORD = st.integers(0, 0xFFFFFFFF)
ARRIVALS = st.lists(
    st.none() | st.builds(Arrival, st.integers(0, 0x1FFF), st.integers(0, 3)), max_size=50
).map(tuple)
STREAMS = st.lists(st.builds(StreamArrivals, WORD, st.integers(0, 0xFFFF), ARRIVALS), max_size=5)


@given(st.builds(CongestionFeedback, WORD, STREAMS.map(tuple), WORD))
def test_what_is_written_is_read(packet: CongestionFeedback) -> None:
    data = write_compound(packet)
    assert len(data) % 4 == 0
    assert read_compound(data) == Compound((packet,))


def test_the_layout_is_that_of_the_rfc() -> None:
    stream = StreamArrivals(7, 0xFFFF, (Arrival(512, 3), None, Arrival(0)))
    body = struct.pack("!IIHHHHHHI", 9, 7, 0xFFFF, 3, 0xE200, 0, 0x8000, 0, 0x12345678)
    data = struct.pack("!BBH", 0x8B, 205, len(body) // 4) + body
    assert write_compound(CongestionFeedback(9, (stream,), 0x12345678)) == data


def test_bits_of_what_did_not_arrive_are_ignored() -> None:
    body = struct.pack("!IIHHHHI", 9, 7, 1, 1, 0x7FFF, 0, 5)
    data = struct.pack("!BBH", 0x8B, 205, len(body) // 4) + body
    expected = CongestionFeedback(9, (StreamArrivals(7, 1, (None,)),), 5)
    assert read_compound(data) == Compound((expected,))


@pytest.mark.parametrize(
    "body",
    [
        struct.pack("!I", 9),
        struct.pack("!III", 9, 7, 5),
        struct.pack("!IIHHI", 9, 7, 1, 1, 5),
        struct.pack("!IIHHIII", 9, 7, 1, 5, 0, 0, 5),
        struct.pack("!IIHH", 9, 7, 0, MAX_REPORTED + 1) + bytes(2 * MAX_REPORTED + 4) + bytes(4),
    ],
)
def test_what_cannot_be_read_is_malformed(body: bytes) -> None:
    data = struct.pack("!BBH", 0x8B, 205, len(body) // 4) + body
    assert read_compound(data) == Compound((), RtcpDrop.MALFORMED)


def test_a_message_and_a_compound_are_about_8192_packets_at_most() -> None:
    def about(*counts: int) -> bytes:
        streams = tuple(StreamArrivals(7, 0, (None,) * count) for count in counts)
        return write_compound(CongestionFeedback(9, streams, 0))

    assert read_compound(about(8000, 192)).drop is None
    assert read_compound(about(8000, 193)) == Compound((), RtcpDrop.TOO_MANY)
    compound = read_compound(about(MAX_STATUSES) + about(1))
    assert (len(compound.packets), compound.drop) == (1, RtcpDrop.TOO_MANY)


def test_more_than_a_message_may_be_about_is_not_written() -> None:
    stream = StreamArrivals(7, 0, (None,) * (MAX_REPORTED + 1))
    with pytest.raises(ValueError, match="too many"):
        write_compound(CongestionFeedback(9, (stream,), 0))
