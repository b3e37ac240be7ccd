"""RTP packets as bytes (RFC 3550 §5.1, §A.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import RtpDrop, RtpPacket, read_packet, write_packet

FIELDS = [name for name in RtpPacket.__slots__ if name != "header_size"]
PLAIN = bytes.fromhex("8060 0007 0000 03e8 0000 002a") + b"payload"

packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    sequence_number=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=40),
    marker=st.booleans(),
    csrcs=st.lists(st.integers(0, 0xFFFFFFFF), max_size=15).map(tuple),
    profile=st.just(0xBEDE),
    extension=st.binary(max_size=8).map(lambda body: body + bytes(-len(body) % 4)),
    padding_size=st.integers(0, 255),
)


def read(data: bytes) -> RtpPacket:
    packet = read_packet(data)
    assert isinstance(packet, RtpPacket)
    return packet


@given(packets)
def test_what_is_written_is_read(packet: RtpPacket) -> None:
    again = read(write_packet(packet))
    assert [getattr(again, name) for name in FIELDS] == [getattr(packet, name) for name in FIELDS]


def test_the_parts_of_a_plain_packet() -> None:
    packet = read(PLAIN)
    assert (packet.payload_type, packet.sequence_number, packet.timestamp) == (96, 7, 1000)
    assert (packet.ssrc, packet.payload, packet.header_size) == (42, b"payload", 12)
    assert not packet.marker
    assert write_packet(packet) == PLAIN


def with_first_byte(first: int, rest: bytes = b"") -> bytes:
    return bytes((first,)) + PLAIN[1:12] + rest


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", RtpDrop.TOO_SHORT),
        (PLAIN[:11], RtpDrop.TOO_SHORT),
        (with_first_byte(0x40), RtpDrop.WRONG_VERSION),
        (with_first_byte(0x82, bytes(7)), RtpDrop.TRUNCATED_CSRCS),
        (with_first_byte(0x90, bytes(3)), RtpDrop.TRUNCATED_EXTENSION),
        (with_first_byte(0x90, b"\xbe\xde\x00\x02" + bytes(7)), RtpDrop.TRUNCATED_EXTENSION),
        (with_first_byte(0xA0, b"abc\x00"), RtpDrop.WRONG_PADDING),
        (with_first_byte(0xA0, b"abc\x05"), RtpDrop.WRONG_PADDING),
    ],
)
def test_broken_packets_have_a_reason(data: bytes, reason: RtpDrop) -> None:
    assert read_packet(data) is reason


def test_an_unknown_profile_is_skipped() -> None:
    packet = read(with_first_byte(0x90, b"\x12\x34\x00\x01" + b"abcd" + b"media"))
    assert (packet.profile, packet.extension, packet.payload) == (0x1234, b"abcd", b"media")
    empty = read(with_first_byte(0x90, b"\x12\x34\x00\x00" + b"media"))
    assert (empty.extension, empty.payload) == (b"", b"media")


def test_padding_alone_is_a_packet_without_payload() -> None:
    packet = read(with_first_byte(0xA0, bytes(223) + b"\xe0"))
    assert (packet.payload, packet.padding_size) == (b"", 224)


def test_the_padding_bit_of_an_empty_packet_says_nothing() -> None:
    assert read(with_first_byte(0xA0)).padding_size == 0


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert isinstance(read_packet(data), RtpPacket | RtpDrop)


def test_what_a_header_cannot_say_is_refused() -> None:
    packet = read(PLAIN)
    packet.padding_size = 256
    with pytest.raises(ValueError, match="header"):
        write_packet(packet)
