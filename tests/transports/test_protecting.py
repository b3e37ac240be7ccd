"""Error correction of the pictures that are sent."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.rtp import MAX_PACKET, ReportBlock
from peer.rtp.fec import Parity, Recovery, read_flexfec, read_ulpfec
from peer.testing import run as run_virtually
from peer.transports.inbound import InboundPacket
from peer.transports.leaving import LeavingPacket
from peer.transports.ntp import ntp_time
from peer.transports.outbound import EncodedFrame, Labels, OutboundStream
from peer.transports.outlet import Outlet
from peer.transports.parameters import RtpSendParameters
from peer.transports.protecting import FecFormat, fec_format
from tests.transports.media import (
    NUMBERS,
    RTX,
    VP8,
    Recorder,
    now,
    read_rtp,
    send_parameters,
)
from tests.transports.test_recovering import FLEXFEC, RED, RED_RTX, ULPFEC

LABELS = Labels("v0", None, NUMBERS)
INSIDE = FecFormat(120, 118, None)
APART = FecFormat(35, None, 55)
H264 = RTCRtpCodecParameters("video/H264", 90000, None, 96)


def parameters(*codecs: RTCRtpCodecParameters, fec_ssrc: int | None = None) -> RtpSendParameters:
    return send_parameters("v0", 7, codecs=(VP8, *codecs), rtx_ssrc=8, fec_ssrc=fec_ssrc)


def test_what_is_agreed() -> None:
    assert fec_format(parameters(RTX), VP8) is None
    assert fec_format(parameters(RED), VP8) is None
    assert fec_format(parameters(ULPFEC), VP8) is None
    assert fec_format(parameters(RED, ULPFEC), VP8) == INSIDE
    assert fec_format(parameters(FLEXFEC), VP8) is None
    assert fec_format(parameters(RED, ULPFEC, FLEXFEC, fec_ssrc=55), VP8) == APART


def test_pictures_without_numbers_have_sums_in_a_stream_of_their_own_only() -> None:
    """Nobody could tell a lost sum among their packets from a lost picture."""
    assert fec_format(parameters(RED, ULPFEC), H264) is None
    assert fec_format(parameters(FLEXFEC, fec_ssrc=55), H264) == APART


def protected(agreed: FecFormat, *, loss: float = 0.1) -> OutboundStream:
    stream = OutboundStream(7, 8)
    stream.protection.agree(agreed)
    stream.protection.measure(loss, 0.24, 1e6)
    return stream


def picture(
    stream: OutboundStream, size: int, at: float, *, key: bool = False
) -> tuple[list[LeavingPacket], list[LeavingPacket]]:
    """Return the packets of a picture, and the sums behind it."""
    frame = EncodedFrame(bytes(index & 0xFF for index in range(size)), int(at * 90000), is_key=key)
    made = stream.packetize(frame, VP8, LABELS, at)
    return made, stream.sums(LABELS, at, is_key=key)


def left(packets: list[LeavingPacket]) -> list[InboundPacket]:
    return [read_rtp(packet.leave(5, 9)) for packet in packets]


def read_sums(agreed: FecFormat, sums: list[LeavingPacket]) -> list[Parity]:
    """Return what sums of the stream say."""
    found: list[Parity] = []
    for packet in left(sums):
        if agreed is INSIDE:
            parity = read_ulpfec(packet.payload[1:])
        else:
            told = read_flexfec(packet.payload)
            assert isinstance(told, tuple)
            assert told[0] == 7
            parity = told[1]
        assert isinstance(parity, Parity)
        found.append(parity)
    return found


@pytest.mark.parametrize("agreed", [INSIDE, APART])
def test_the_packets_of_a_protected_picture(agreed: FecFormat) -> None:
    stream = protected(agreed)
    media, sums = (left(packets) for packets in picture(stream, 5000, 1.0, key=True))
    numbers = [packet.sequence_number for packet in media]
    assert numbers == list(range(numbers[0], numbers[0] + len(media)))
    assert {packet.marker for packet in sums} == {False}
    assert {packet.timestamp for packet in sums} == {media[0].timestamp}
    assert {packet.extensions.mid for packet in sums} == {"v0"}
    if agreed is INSIDE:
        assert {packet.payload_type for packet in media + sums} == {118}
        assert {packet.payload[0] for packet in media} == {96}
        assert {packet.payload[0] for packet in sums} == {120}
        assert sums[0].sequence_number == numbers[-1] + 1
        assert stream.packets_sent == len(media) + len(sums)
    else:
        assert {packet.payload_type for packet in media} == {96}
        assert {(packet.ssrc, packet.payload_type) for packet in sums} == {(55, 35)}
        assert stream.packets_sent == len(media)
    assert stream.protection.packets_sent == len(sums)
    # Sums that are a stream of their own leave no gap in the numbers of the pictures.
    gap = len(sums) if agreed is INSIDE else 0
    assert left(picture(stream, 10, 1.1)[0])[0].sequence_number == numbers[-1] + gap + 1


@pytest.mark.parametrize("agreed", [INSIDE, APART])
@settings(deadline=None)
@given(st.integers(1, 12_000), st.data())
def test_any_lost_packet_follows_from_what_arrives(
    agreed: FecFormat, size: int, data: st.DataObject
) -> None:
    stream = protected(agreed)
    media, sums = picture(stream, size, 1.0, key=True)
    assert max(map(len, media + sums)) <= MAX_PACKET
    plain = []
    for packet in media:
        raw = packet.leave(77, 0x123456)
        if agreed is INSIDE:
            begin = packet.header_size
            raw = raw[:1] + bytes((raw[1] & 0x80 | raw[begin],)) + raw[2:begin] + raw[begin + 1 :]
        plain.append(raw)
    lost = data.draw(st.integers(0, len(plain) - 1))
    recovery = Recovery(7, NUMBERS.blank, Counter())
    for index, raw in enumerate(plain):
        if index != lost:
            recovery.add(raw)
    if len(plain) == 1:
        recovery.add(bytes(12))
        recovery._highest = read_rtp(plain[0]).sequence_number
    found: list[bytes] = []
    for parity in read_sums(agreed, sums):
        found += recovery.add_parity(parity)
    assert found == [NUMBERS.blank(plain[lost])]


def test_without_losses_nothing_changes() -> None:
    stream = protected(INSIDE, loss=0.0)
    media, sums = picture(stream, 5000, 1.0, key=True)
    assert not sums
    assert {packet.payload_type for packet in left(media)} == {96}
    assert list(map(len, media)) == list(map(len, picture(OutboundStream(7, 8), 5000, 1.0)[0]))


def test_what_was_collected_is_forgotten_when_protection_ends() -> None:
    """Numbers of pictures without would lie between those of a group."""
    stream = protected(INSIDE)
    picture(stream, 10, 1.0, key=True)
    assert not picture(stream, 10, 1.033)[1]
    stream.protection.measure(0.0, 0.24, 1e6)
    picture(stream, 100_000, 1.066)
    stream.protection.measure(0.1, 0.24, 1e6)
    sums = [picture(stream, 10, 1.1 + index / 30)[1] for index in range(3)]
    (parities,) = [one for one in sums if one]
    first = read_sums(INSIDE, parities)[0].numbers
    assert first[-1] - first[0] & 0xFFFF < 3


def test_what_was_collected_is_forgotten_with_another_ssrc() -> None:
    """A picture may have been encoded before that, and need others."""
    stream = protected(INSIDE)
    picture(stream, 10, 1.0, key=True)
    assert not picture(stream, 10, 1.033)[1]
    stream.change_ssrc(9)
    sums = [picture(stream, 10, 1.066 + index / 30)[1] for index in range(3)]
    (parities,) = [one for one in sums if one]
    first = read_sums(INSIDE, parities)[0].numbers
    assert first[-1] - first[0] & 0xFFFF < 3


def test_a_packet_in_red_is_repeated_as_its_retransmission() -> None:
    stream = protected(INSIDE)
    sent = left(picture(stream, 10, 1.0, key=True)[0])[0]
    formats = {96: 97, 118: 119}
    (again,) = left(stream.repeat(sent.sequence_number, formats, LABELS, 1.1))
    assert (again.ssrc, again.payload_type) == (8, 119)
    assert again.payload[2:] == sent.payload


def report(outlet: Outlet, lost: int, round_trip: float = 0.25) -> ReportBlock:
    """A report of the peer: so much of 256 is lost, and a round trip takes so many seconds."""
    before = (ntp_time() >> 16) - int(round_trip * (1 << 16)) & 0xFFFFFFFF
    return ReportBlock(7, lost, 0, 0, 0, before, 0)


def test_pictures_are_protected_where_the_peer_reports_losses_and_a_long_round_trip() -> None:
    async def scenario() -> None:
        transport, outlet = Recorder(), Outlet("video")
        agreed = parameters(RED, replace(RED_RTX, payloadType=119), ULPFEC)
        stream = outlet.open(transport.sending, agreed, VP8)
        outlet.note_picture(640, 480)
        transport.sending.note_limit(5e6, now())
        plain = outlet.demand(now()).most
        outlet.transmit(EncodedFrame(bytes(20_000), 0, is_key=True), VP8, now())
        outlet.note_report(report(outlet, 0), now())
        outlet.transmit(EncodedFrame(bytes(5000), 3000, is_key=True), VP8, now())
        before = stream.protection.packets_sent
        outlet.note_report(report(outlet, 40), now() + 3)
        outlet.transmit(EncodedFrame(bytes(5000), 6000, is_key=True), VP8, now())
        assert (before, stream.protection.packets_sent) == (0, 4)
        assert outlet.demand(now()).most == pytest.approx(1.5 * plain)
        outlet.close()

    run_virtually(scenario())


def test_pictures_are_protected_where_requests_for_repair_come_late() -> None:
    """Bursts of losses take requests and reports as well, however short the round trip is."""

    async def scenario() -> None:
        transport, outlet = Recorder(), Outlet("video")
        agreed = parameters(RED, replace(RED_RTX, payloadType=119), ULPFEC)
        stream = outlet.open(transport.sending, agreed, VP8)
        transport.sending.note_limit(5e6, now())
        found = []
        for late in (0.1, 0.3):
            outlet.note_report(report(outlet, 40, 0.04), now())
            first = stream.first_sequence_number + stream.packets_sent
            outlet.transmit(EncodedFrame(bytes(30_000), 0), VP8, now())
            sent = range(first, stream.first_sequence_number + stream.packets_sent)
            await asyncio.sleep(late)
            assert outlet.repeat([number & 0xFFFF for number in sent], now())
            await asyncio.sleep(1.5)
            for time in (3000, 6000):
                outlet.transmit(EncodedFrame(bytes(20_000), time, is_key=True), VP8, now())
            found.append(stream.protection.packets_sent > 0)
        assert found == [False, True]
        outlet.close()

    run_virtually(scenario())


def test_waiting_to_leave_is_no_late_repair() -> None:
    """A picture that fills a narrow line holds back those after it, which nobody has lost yet."""

    async def scenario() -> None:
        transport, outlet = Recorder(), Outlet("video")
        agreed = parameters(RED, replace(RED_RTX, payloadType=119), ULPFEC)
        stream = outlet.open(transport.sending, agreed, VP8)
        transport.sending.note_limit(5e5, now())
        outlet.note_report(report(outlet, 40, 0.04), now())
        outlet.transmit(EncodedFrame(bytes(40_000), 0), VP8, now())
        first = stream.first_sequence_number + stream.packets_sent
        for time in range(30):
            outlet.transmit(EncodedFrame(bytes(100), 3000 + time), VP8, now())
        behind = range(first, stream.first_sequence_number + stream.packets_sent)
        await asyncio.sleep(0.2)
        assert outlet.backlog()
        await asyncio.sleep(0.15)
        assert not outlet.backlog()
        assert outlet.repeat([number & 0xFFFF for number in behind], now())
        await asyncio.sleep(1.5)
        for time in (6000, 9000):
            outlet.transmit(EncodedFrame(bytes(20_000), time, is_key=True), VP8, now())
        assert stream.protection.packets_sent == 0
        outlet.close()

    run_virtually(scenario())
