"""Taking RTCP apart, and which streams it is about."""

import struct

import pytest
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    pack_remb_fci,
)
from hypothesis import given
from hypothesis import strategies as st

from peer.transports.rtcp import (
    compound,
    is_rtcp,
    maximum_bitrate,
    parse_compound,
    sdes_mids,
    sources,
    targets,
)

REPORT = RtcpReceiverInfo(7, 0, 0, 0, 0, 0, 0)
SR = RtcpSrPacket(1, RtcpSenderInfo(0, 0, 0, 0), [REPORT])
RR = RtcpRrPacket(1, [REPORT])
SDES = RtcpSdesPacket([RtcpSourceInfo(1, [(1, b"name"), (15, b"audio")])])
FIR = struct.pack("!LLLL", 5, 0x01000000, 6, 0x02000000)


@pytest.mark.parametrize(
    ("packet", "received", "sent"),
    [
        (SR, [1], [7]),
        (RR, [], [7]),
        (SDES, [1], []),
        (RtcpByePacket([3, 4]), [3, 4], []),
        (RtcpRtpfbPacket(RTCP_RTPFB_NACK, 1, 9, [12]), [], [9]),
        (RtcpPsfbPacket(RTCP_PSFB_PLI, 1, 9), [], [9]),
        # RFC 5104 §4.3.1.2: the media source of a FIR says nothing, its entries do
        (RtcpPsfbPacket(RTCP_PSFB_FIR, 1, 0, FIR), [], [5, 6]),
        (RtcpPsfbPacket(RTCP_PSFB_FIR, 1, 0, FIR[:10]), [], [5]),
        (RtcpPsfbPacket(RTCP_PSFB_APP, 1, 0, pack_remb_fci(1000, [5, 6])), [], [5, 6]),
        (RtcpPsfbPacket(RTCP_PSFB_APP, 1, 0, b"none"), [], []),
    ],
)
def test_streams_of_a_packet(packet: AnyRtcpPacket, received: list[int], sent: list[int]) -> None:
    assert sources(packet) == received
    assert targets(packet) == sent


def test_sdes_comes_first() -> None:
    data = compound(SR, "name", RtcpByePacket([1]))
    parsed = parse_compound(data)
    assert parsed is not None
    assert [type(packet) for packet in parsed] == [RtcpSdesPacket, RtcpSrPacket, RtcpByePacket]


def test_a_compound_begins_with_the_report_and_carries_the_name() -> None:
    data = compound(RR, "name", RtcpPsfbPacket(RTCP_PSFB_PLI, 1, 9))
    assert [data[1], data[33]] == [201, 202]
    assert b"name" in data
    assert data[-12:] == bytes(RtcpPsfbPacket(RTCP_PSFB_PLI, 1, 9))


def test_a_compound_without_a_name_has_no_sdes() -> None:
    assert compound(RR, None) == bytes(RR)


def test_mids_of_sdes() -> None:
    assert list(sdes_mids(SDES)) == [(1, "audio")]


def test_a_mid_that_is_no_text_is_not_fatal() -> None:
    packet = RtcpSdesPacket([RtcpSourceInfo(1, [(15, b"\xff")])])
    assert list(sdes_mids(packet)) == [(1, "\N{REPLACEMENT CHARACTER}")]


def test_a_bitrate_whose_ssrcs_are_cut_off() -> None:
    fci = pack_remb_fci(1000, [5, 6])[:-4]
    assert maximum_bitrate(RtcpPsfbPacket(RTCP_PSFB_APP, 1, 0, fci)) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (bytes([128, 192]), True),
        (bytes([128, 200]), True),
        (bytes([128, 223]), True),
        (bytes([128, 224]), False),
        (bytes([128, 191]), False),
        (bytes([128, 111]), False),
        (bytes([128]), False),
        (b"", False),
    ],
)
def test_rtcp_is_told_from_rtp(data: bytes, expected: bool) -> None:
    assert is_rtcp(data) is expected


@given(st.binary(max_size=80) | st.binary(max_size=40).map(lambda tail: bytes(SR)[:12] + tail))
def test_garbage_is_never_an_exception(data: bytes) -> None:
    for packet in parse_compound(data) or []:
        assert isinstance(sources(packet), list)
        assert isinstance(targets(packet), list)


@given(st.binary(max_size=40))
def test_any_feedback_has_streams_or_none(fci: bytes) -> None:
    for fmt in range(32):
        assert isinstance(targets(RtcpPsfbPacket(fmt, 1, 2, fci)), list)
