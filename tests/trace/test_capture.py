"""Captures: which interface something is on, what is left out, streams."""

import struct

import pytest

from peer.trace import CaptureWriter

from .capture_reading import read_capture

US, PEER = ("192.0.2.1", 40000), ("198.51.100.2", 50000)
MEDIA = bytes.fromhex("8060 0001 00000000 00000007") + b"voice"


@pytest.mark.parametrize("leaves", [True, False])
@pytest.mark.parametrize("whole", [True, False])
def test_of_media_the_headers_are_kept_unless_it_is_whole(whole: bool, leaves: bool) -> None:
    writer = CaptureWriter(whole=whole)
    wire = writer.datagram(1.0, MEDIA, US, PEER, leaves=leaves)
    inside = writer.media(1.0, MEDIA, 0, control=False, leaves=leaves)
    on_wire, plain = read_capture(wire + inside).packets
    assert [each.interface for each in (on_wire, plain)] == [0, 3]
    for each in (on_wire, plain):
        assert each.leaves is leaves
        assert each.data.endswith(MEDIA if whole else MEDIA[:12])
        assert each.size == len(each.data) + (0 if whole else 5)
    source = on_wire.data[12:16]
    assert source == bytes((192, 0, 2, 1) if leaves else (198, 51, 100, 2))


def test_other_datagrams_and_rtcp_are_whole() -> None:
    writer = CaptureWriter()
    report = b"\x80\xc8" + bytes(26)
    blocks = [
        writer.datagram(1.0, data, US, PEER, leaves=True) for data in (bytes(20), b"\x16dtls", b"")
    ]
    blocks.append(writer.media(1.0, report, 0, control=True, leaves=True))
    blocks.append(writer.data(1.0, b"sctp", leaves=True))
    found = read_capture(b"".join(blocks)).packets
    assert all(each.size == len(each.data) for each in found)
    assert found[3].data.endswith(report)
    assert (found[4].interface, found[4].data) == (2, b"sctp")


def test_an_association_is_one_conversation() -> None:
    """Whatever way its datagrams go, and each has its own."""
    writer = CaptureWriter()
    blocks = [
        writer.records(1.0, b"\x16dtls", association, leaves=leaves)
        for association in (0, 0xFFFE, 0xFFFF)
        for leaves in (True, False)
    ]
    found = [each.data for each in read_capture(b"".join(blocks)).packets]
    assert all(b"dtls\0" in data and data.endswith(b"\x16dtls") for data in found)
    assert found[0] == found[4]
    assert len(set(found)) == 4


def test_media_is_no_conversation_of_dtls() -> None:
    """Wireshark would take it for SRTP."""
    writer = CaptureWriter()
    (dtls,) = read_capture(writer.records(1.0, b"", 0, leaves=True)).packets
    media = read_capture(writer.media(1.0, MEDIA, 0, control=False, leaves=True)).packets[0]
    ours = bytes((0, 20, 0, 4, 0, 0))  # the tag of an IPv4 source, and the beginning of ours
    assert all(ours in each.data for each in (dtls, media))
    after = [each.data.partition(ours)[2][:2] for each in (dtls, media)]
    assert after == [bytes((0, 1)), bytes((1, 1))]


def test_a_stream_is_numbered_both_ways_and_long_parts_are_cut_up() -> None:
    writer = CaptureWriter()
    blocks = writer.stream(1.0, b"12345", US, PEER, leaves=True)
    blocks += writer.stream(1.0, b"123", US, PEER, leaves=False)
    blocks += writer.stream(1.0, bytes(40_000), US, PEER, leaves=True)
    numbers = [
        (int.from_bytes(each.data[24:28], "big"), int.from_bytes(each.data[28:32], "big"))
        for each in read_capture(blocks).packets
    ]
    assert numbers == [(1, 1), (1, 6), (6, 4), (6 + 16384, 4), (6 + 32768, 4)]


def test_a_file_begins_with_a_warning() -> None:
    assert "WITH THE KEYS" in read_capture(CaptureWriter.head()).comment


def indication(method: int, *attributes: tuple[int, bytes]) -> bytes:
    body = b"".join(
        struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)
        for kind, value in attributes
    )
    return struct.pack("!HHI12s", method, len(body), 0x2112A442, bytes(12)) + body


PEER_ADDRESS = (0x0012, bytes(8))


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (struct.pack("!HH", 0x4000, len(MEDIA)) + MEDIA, 4 + 12),
        (indication(0x0016, PEER_ADDRESS, (0x0013, MEDIA)), 20 + 12 + 4 + 12),
        (indication(0x0017, (0x0013, MEDIA), PEER_ADDRESS), 20 + 4 + 12),
    ],
    ids=["ChannelData", "Send", "Data"],
)
def test_of_media_in_a_relay_s_messages_the_headers_are_kept(message: bytes, kept: int) -> None:
    for whole, size in ((False, kept), (True, len(message))):
        blocks = CaptureWriter(whole=whole).datagram(1.0, message, US, PEER, leaves=True)
        (found,) = read_capture(blocks).packets
        assert found.data[28:] == message[:size]
        assert found.size == 28 + len(message)


@pytest.mark.parametrize(
    "message",
    [
        struct.pack("!HH", 0x4000, 8) + b"\x16records",
        struct.pack("!HH", 0x4000, 0),
        indication(0x0017, PEER_ADDRESS, (0x0013, b"\x16records")),
        indication(0x0017, PEER_ADDRESS),
        indication(0x0017)[:3],
        indication(0x0016, PEER_ADDRESS)[:-9],
        indication(0x0003, PEER_ADDRESS, (0x0013, MEDIA)),
    ],
)
def test_other_messages_of_a_relay_are_whole(message: bytes) -> None:
    blocks = CaptureWriter().datagram(1.0, message, US, PEER, leaves=False)
    (found,) = read_capture(blocks).packets
    assert found.data[28:] == message
