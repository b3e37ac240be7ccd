"""What is written into a packet when it leaves."""

import pytest

from peer.rtp import (
    ABS_SEND_TIME,
    MID,
    TRANSPORT_WIDE_CC,
    ExtensionMap,
    HeaderExtensions,
    RtpPacket,
)
from peer.transports.inbound import InboundPacket
from peer.transports.leaving import HEADERS_BELOW, Extension, LeavingPacket

ALL = {MID: 1, ABS_SEND_TIME: 2, TRANSPORT_WIDE_CC: 3}


def leaving(ids: dict[str, int], mid: str = "v0", *, mixed: bool = False) -> LeavingPacket:
    extensions = ExtensionMap(ids, mixed=mixed)
    said = HeaderExtensions()
    said.mid, said.abs_send_time, said.transport_sequence_number = mid, 0, 0
    extension = Extension.of(said, extensions)
    packet = RtpPacket(
        payload_type=96,
        sequence_number=5,
        timestamp=9,
        ssrc=7,
        payload=b"media",
        profile=extension.profile,
        extension=extension.body,
    )
    return LeavingPacket.of(packet, extension)


def read(data: bytes, ids: dict[str, int]) -> InboundPacket:
    packet = InboundPacket.read(data, ExtensionMap(ids))
    assert isinstance(packet, InboundPacket)
    return packet


@pytest.mark.parametrize("mid", ["v", "v0", "video-0000000001"])
@pytest.mark.parametrize("ids", [ALL, {**ALL, MID: 14}, {TRANSPORT_WIDE_CC: 9, ABS_SEND_TIME: 4}])
def test_number_and_time_are_those_of_leaving(ids: dict[str, int], mid: str) -> None:
    packet = leaving(ids, mid)
    assert packet.is_numbered
    before = packet.number
    read_ = read(packet.leave(0x1FFFE, 0xABCDEF), ids)
    assert (before, packet.number) == (None, 0x1FFFE)
    assert read_.extensions.transport_sequence_number == 0xFFFE
    assert read_.extensions.abs_send_time == 0xABCDEF
    assert read_.extensions.mid == (mid if MID in ids else None)
    assert read_.payload == b"media"


def test_the_two_byte_form_is_written_as_well() -> None:
    ids = {MID: 1, ABS_SEND_TIME: 20, TRANSPORT_WIDE_CC: 21}
    found = read(leaving(ids, mixed=True).leave(513, 3), ids).extensions
    assert (found.transport_sequence_number, found.abs_send_time) == (513, 3)


def test_what_was_not_agreed_is_not_written() -> None:
    packet = leaving({MID: 1})
    assert not packet.is_numbered
    assert packet.leave(5, 6) == packet.leave(7, 8)


def test_its_size_is_what_it_takes_of_the_line() -> None:
    packet = leaving(ALL)
    data = packet.leave(1, 2)
    assert packet.size == len(data) + HEADERS_BELOW
    assert (len(packet), packet.header_size, packet.payload_size) == (len(data), len(data) - 5, 5)


def test_again_it_is_the_same_to_the_last_byte() -> None:
    packet = leaving(ALL)
    data = packet.leave(1, 2)
    again = packet.again()
    assert not again.is_numbered
    assert again.leave(3, 4) == data
