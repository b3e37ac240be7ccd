"""The packets of one outgoing stream."""

import asyncio

import pytest
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import (
    ABS_CAPTURE_TIME,
    MAX_PACKET,
    PLAYOUT_DELAY,
    VIDEO_ORIENTATION,
    ExtensionMap,
    PlayoutDelay,
)
from peer.rtp.congestion import Carried, LostPacket
from peer.testing import run
from peer.transports.inbound import InboundPacket
from peer.transports.leaving import LeavingPacket
from peer.transports.ntp import SECOND, ntp_time
from peer.transports.outbound import (
    HISTORY,
    HISTORY_TIME,
    MAX_HISTORY_BYTES,
    MAX_UNSPLIT,
    SOUND_HISTORY,
    EncodedFrame,
    Labels,
    OutboundStream,
)
from tests.transports.media import MID, NUMBERS, OPUS, VP8, read_rtp

LABELS = Labels("v", "hi", NUMBERS)


def packets(
    stream: OutboundStream, timestamp: int, data: bytes = b"x", *, now: float = 1.0
) -> list[InboundPacket]:
    """The packets of a frame."""
    sent = stream.packetize(EncodedFrame(data, timestamp), VP8, LABELS, now)
    return [read(packet) for packet in sent]


def read(packet: LeavingPacket | None) -> InboundPacket:
    assert packet is not None
    return read_rtp(packet.leave(5, 9))


def test_the_packets_of_a_frame() -> None:
    stream = OutboundStream(7, None)
    first, second = packets(stream, 0, bytes(2000))
    assert (first.ssrc, first.payload_type) == (7, 96)
    assert (first.marker, second.marker) == (0, 1)
    assert second.sequence_number == first.sequence_number + 1
    assert second.timestamp == first.timestamp
    assert (first.extensions.mid, first.extensions.rid) == ("v", "hi")
    assert first.extensions.abs_send_time is not None
    assert (stream.packets_sent, stream.octets_sent) == (2, 2008)


def test_another_ssrc_is_counted_anew_and_goes_on_in_time() -> None:
    """RFC 3550 §8.2; what repairs it goes on by its own numbers."""
    stream = OutboundStream(7, 8)
    (before,) = packets(stream, 0)
    number = stream.first_sequence_number
    (first,) = (read(one) for one in stream.repeat(number, {96: 97}, LABELS, 0.0))
    stream.change_ssrc(9)
    assert (stream.packets_sent, stream.octets_sent, stream.due([number], 9.0, 0.1)) == (0, 0, [])
    (after,) = packets(stream, 3000)
    assert (after.ssrc, after.timestamp) == (9, before.timestamp + 3000 & 0xFFFFFFFF)
    assert after.sequence_number == stream.first_sequence_number < 1 << 15
    (second,) = (
        read(one) for one in stream.repeat(stream.first_sequence_number, {96: 97}, LABELS, 0.0)
    )
    assert (second.ssrc, second.sequence_number) == (8, first.sequence_number + 1)
    stream.rtx_ssrc = 10
    assert [(one.ssrc, one.packets) for one in stream.reports(0.0)] == [(9, 1)]
    (third,) = (
        read(one) for one in stream.repeat(stream.first_sequence_number, {96: 97}, LABELS, 0.0)
    )
    assert third.ssrc == 10
    assert [(one.ssrc, one.packets) for one in stream.reports(0.0)] == [(9, 1), (10, 1)]


def test_the_first_packet_of_a_frame_tells_when_it_was_captured_where_that_is_agreed() -> None:
    """Once a second; all packets have the same room, and none is too large."""
    agreed = Labels("v", "hi", ExtensionMap({MID.uri: 1, ABS_CAPTURE_TIME: 6}))

    async def program() -> None:
        stream, loop = OutboundStream(7, 8), asyncio.get_running_loop()
        told = []
        for number in range(9):
            frame = EncodedFrame(bytes(3000), number * 22500, captured=loop.time() - 0.01)
            sent = stream.packetize(frame, VP8, agreed, loop.time())
            assert max(map(len, sent)) <= MAX_PACKET - 2
            read = [InboundPacket.read(data.leave(1, 2), agreed.extensions) for data in sent]
            times = [one.extensions.capture_time for one in read if isinstance(one, InboundPacket)]
            assert times[1:] == [None] * (len(sent) - 1)
            if times[0] is not None:
                told.append(number)
                age = (ntp_time() - times[0].ntp_time) / SECOND
                assert age == pytest.approx(0.01, abs=1e-6)
                assert times[0].offset == 0
            await asyncio.sleep(0.25)
        assert told == [0, 4, 8]

    run(program())


def test_each_packet_tells_how_long_a_picture_is_to_be_held_back_where_that_is_agreed() -> None:
    numbers = ExtensionMap({MID.uri: 1, PLAYOUT_DELAY: 6})

    async def program() -> None:
        now = asyncio.get_running_loop().time()
        for agreed, expected in ((numbers, PlayoutDelay(0.0, 0.25)), (NUMBERS, None)):
            labels = Labels("v", "hi", agreed, PlayoutDelay(0.0, 0.25))
            sent = OutboundStream(7, 8).packetize(EncodedFrame(bytes(3000), 0), VP8, labels, now)
            assert max(map(len, sent)) <= MAX_PACKET - 2
            read = [InboundPacket.read(data.leave(1, 2), agreed) for data in sent]
            told = {one.extensions.playout_delay for one in read if isinstance(one, InboundPacket)}
            assert told == {expected}

    run(program())


TURNED = Labels("v", "hi", ExtensionMap({MID.uri: 1, ABS_CAPTURE_TIME: 6, VIDEO_ORIENTATION: 13}))


def said_rotations(
    stream: OutboundStream, rotation: int, *, key: bool = False, size: int = 3000
) -> list[int | None]:
    """What each packet of a picture says of how far it is to be turned."""

    async def program() -> list[int | None]:
        frame = EncodedFrame(bytes(size), 0, is_key=key, rotation=rotation)
        sent = stream.packetize(frame, VP8, TURNED, asyncio.get_running_loop().time())
        assert max(map(len, sent)) <= MAX_PACKET - 2
        read = [InboundPacket.read(data.leave(1, 2), TURNED.extensions) for data in sent]
        return [one.extensions.orientation for one in read if isinstance(one, InboundPacket)]

    return run(program())


def test_the_last_packet_tells_how_far_a_picture_is_to_be_turned() -> None:
    """3GPP TS 26.114 §7.4.5: of key frames and where it changes; always while it is not upright."""
    stream = OutboundStream(7, 8)
    assert said_rotations(stream, 0) == [None, None, None]
    assert said_rotations(stream, 0, key=True) == [None, None, 0]
    assert said_rotations(stream, 270) == [None, None, 3]
    assert said_rotations(stream, 270) == [None, None, 3]
    assert said_rotations(stream, 0) == [None, None, 0]
    assert said_rotations(stream, 0) == [None, None, None]
    assert said_rotations(stream, 90, size=1, key=True) == [1]


@pytest.mark.parametrize("size", range(1130, 1200, 3))
def test_no_packet_is_too_large_for_what_it_says(size: int) -> None:
    said_rotations(OutboundStream(7, 8), 90, key=True, size=size)


def test_a_retransmission_says_what_the_packet_said() -> None:
    async def program() -> None:
        stream, time = OutboundStream(7, 8), asyncio.get_running_loop().time()
        frame = EncodedFrame(b"x", 0, is_key=True, rotation=180)
        (packet,) = stream.packetize(frame, VP8, TURNED, time)
        sent = InboundPacket.read(packet.leave(1, 2), TURNED.extensions)
        assert isinstance(sent, InboundPacket)
        (again,) = stream.repeat(sent.sequence_number, {96: 97}, TURNED, time)
        repeated = InboundPacket.read(again.leave(1, 2), TURNED.extensions)
        assert isinstance(repeated, InboundPacket)
        assert repeated.extensions.orientation == 2
        assert repeated.extensions.capture_time == sent.extensions.capture_time

    run(program())


def test_sequence_numbers_begin_in_the_lower_half() -> None:
    for _ in range(20):
        assert packets(OutboundStream(7, None), 0)[0].sequence_number < 1 << 15


def test_timestamps_advance_with_the_frames() -> None:
    stream = OutboundStream(7, None)
    first = packets(stream, 1000)[0].timestamp
    assert (packets(stream, 4000)[0].timestamp - first) & 0xFFFFFFFF == 3000


def test_another_origin_continues_the_time_line() -> None:
    """After a second of silence the new track is a second later, whatever its own clock says."""
    stream = OutboundStream(7, None)
    before = packets(stream, 500000, now=1.0)[0]
    stream.rebase()
    after = packets(stream, 0, now=2.0)[0]
    assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 90000
    assert after.sequence_number == before.sequence_number + 1


@pytest.mark.parametrize(("pause", "told"), [(5.0, 5.0), (15.0, 15.0), (15.0, 0.0), (3600.0, 0.0)])
def test_a_long_pause_is_a_step_in_time_also_where_its_source_counts_none(
    pause: float, told: float
) -> None:
    """RFC 3550 §5.1, §6.4.1: what reports say of the time between holds behind it as well."""
    stream = OutboundStream(7, None)
    (before,) = packets(stream, 0, now=1.0)
    reported = stream.reports(1.0 + pause)[0].rtp_timestamp
    (after,) = packets(stream, round(told * 90000), now=1.0 + pause)
    assert after.timestamp == reported == (before.timestamp + round(pause * 90000)) % (1 << 32)


def test_another_origin_never_repeats_a_timestamp() -> None:
    stream = OutboundStream(7, None)
    before = packets(stream, 0, now=1.0)[0]
    stream.rebase()
    assert packets(stream, 0, now=1.0)[0].timestamp != before.timestamp


def test_repeating_as_a_retransmission() -> None:
    """RFC 4588 §4: own SSRC, own numbers, the original number before the payload."""
    stream = OutboundStream(7, 8)
    sent = packets(stream, 0, b"media")[0]
    first, second = map(read, stream.repeat(sent.sequence_number, {96: 97}, LABELS, 1.0, count=2))
    assert (first.ssrc, first.payload_type) == (8, 97)
    assert second.sequence_number == first.sequence_number + 1
    # RFC 8852 §3.3: the repaired stream is named, not the stream itself
    assert first.extensions.repaired_rid == "hi"
    assert first.extensions.rid is None
    assert first.extensions.mid == "v"
    original = first.repaired(96, 7)
    assert original is not None
    assert (original.sequence_number, original.payload) == (sent.sequence_number, sent.payload)
    assert stream.packets_repeated == 2


@pytest.mark.parametrize(("rtx_ssrc", "payload_types"), [(None, {96: 97}), (8, {}), (8, {98: 97})])
def test_repeating_without_retransmission_agreed(
    rtx_ssrc: int | None, payload_types: dict[int, int]
) -> None:
    stream = OutboundStream(7, rtx_ssrc)
    sent = packets(stream, 0, b"media")[0]
    (again,) = map(read, stream.repeat(sent.sequence_number, payload_types, LABELS, 1.0))
    assert (again.ssrc, again.payload_type, again.payload) == (7, 96, sent.payload)
    assert again.sequence_number == sent.sequence_number


def test_what_was_sent_too_long_ago_is_gone() -> None:
    stream = OutboundStream(7, None)
    first = packets(stream, 0)[0].sequence_number
    for number in range(HISTORY):
        packets(stream, number, now=1.0 + HISTORY_TIME)
    assert stream.repeat(first, {}, LABELS, 2.0)
    packets(stream, HISTORY, now=1.1 + HISTORY_TIME)
    assert not stream.repeat(first, {}, LABELS, 2.0)
    assert stream.repeat(first + 1, {}, LABELS, 2.0)
    assert not stream.repeat(first + 5000, {}, LABELS, 2.0)


def test_of_sound_what_is_of_late_can_be_asked_for_again() -> None:
    stream = OutboundStream(7, None, kept=SOUND_HISTORY)
    first = packets(stream, 0)[0].sequence_number
    for number in range(2 * SOUND_HISTORY):
        packets(stream, number, now=1.0 + HISTORY_TIME * number / SOUND_HISTORY / 2)
    assert stream.repeat(first, {}, LABELS, 2.0)
    packets(stream, 0, now=1.1 + HISTORY_TIME)
    assert not stream.repeat(first, {}, LABELS, 2.0)


def test_of_a_fast_stream_more_packets_can_be_asked_for_within_bounds() -> None:
    """Two seconds of it: a lost packet is asked for several round trips long."""
    stream = OutboundStream(7, None)
    first = packets(stream, 0)[0].sequence_number
    for number in range(2 * HISTORY):
        packets(stream, number, now=2.0)
    assert stream.repeat(first, {}, LABELS, 2.0)
    for number in range(MAX_HISTORY_BYTES // 100_000 + 1):
        packets(stream, number, bytes(100_000), now=2.0)
    assert not stream.repeat(first, {}, LABELS, 2.0)
    assert stream._history_bytes <= MAX_HISTORY_BYTES


def test_what_came_before_a_key_frame_is_not_repeated() -> None:
    stream = OutboundStream(7, 8)
    before = packets(stream, 0)[0].sequence_number
    (key,) = stream.packetize(EncodedFrame(b"x", 3000, is_key=True), VP8, LABELS, 1.0)
    assert not stream.repeat(before, {96: 97}, LABELS, 2.0)
    assert stream.repeat(read(key).sequence_number, {96: 97}, LABELS, 2.0)


def test_what_is_missing_is_what_no_copy_of_can_arrive_any_more() -> None:
    stream = OutboundStream(7, 8)
    (first,) = stream.packetize(EncodedFrame(b"x", 0), VP8, LABELS, 1.0)
    assert first.carries is not None
    carried = Carried(*first.carries)
    number = carried.sequence_number
    assert stream.missing([LostPacket(1, carried)]) == []
    first.leave(1, 0)
    assert not stream.was_repeated(number)
    assert stream.missing([LostPacket(2, carried), LostPacket(1, carried)]) == [number]
    assert stream.missing([LostPacket(1, carried)]) == []
    copies = stream.repeat(number, {96: 97}, LABELS, 2.0, count=2)
    assert [copy.carries for copy in copies] == [carried, carried]
    for sent_as, copy in enumerate(copies, 5):
        copy.leave(sent_as, 0)
    assert stream.was_repeated(number)
    assert stream.missing([LostPacket(1, carried), LostPacket(6, carried)]) == []
    assert stream.missing([LostPacket(5, carried)]) == [number]
    assert stream.missing([LostPacket(5, carried._replace(sequence_number=number + 1))]) == []


def test_without_retransmissions_nothing_is_repeated_unasked() -> None:
    stream = OutboundStream(7, None)
    (packet,) = stream.packetize(EncodedFrame(b"x", 0), VP8, LABELS, 1.0)
    assert packet.carries is None


def test_what_a_sender_report_says() -> None:
    stream = OutboundStream(7, None)
    sent = packets(stream, 0, bytes(2000))[0]
    assert stream.last_time is not None
    (report,) = stream.reports(stream.last_time + 4.0)
    assert (report.ssrc, report.packets, report.octets) == (7, 2, 2008)
    # both times are those of the report, also after a pause (RFC 3550 §6.4.1)
    assert report.rtp_timestamp == (sent.timestamp + 4 * 90000) & 0xFFFFFFFF
    assert report.ntp_time > 0


H264 = RTCRtpCodecParameters("video/H264", 90000, None, 102)


@given(st.integers(1, 200_000), st.booleans(), st.text("ab", min_size=1, max_size=16))
def test_no_packet_nor_its_retransmission_is_too_large(size: int, rtx: bool, name: str) -> None:
    """1200 bytes in all, before SRTP: for paths through relays and tunnels."""
    stream = OutboundStream(7, 8 if rtx else None)
    labels = Labels(name, name, NUMBERS)
    frame = EncodedFrame(bytes(size), 0)
    sent = stream.packetize(frame, VP8, labels, 1.0)
    assert max(map(len, sent)) <= MAX_PACKET
    assert {len(data) for data in sent[:-1]} <= {len(sent[0])}
    assert 0 <= len(sent[0]) - len(sent[-1]) < max(2, len(sent))
    again = [
        copy
        for data in sent
        for copy in stream.repeat(read(data).sequence_number, {96: 97}, labels, 1.0)
    ]
    assert len(again) == len(sent)
    assert max(map(len, again)) <= MAX_PACKET


def test_what_cannot_be_split_goes_whole_up_to_a_size() -> None:
    stream = OutboundStream(7, None)
    (sent,) = stream.packetize(EncodedFrame(bytes(1275), 0, audio_level=-30), OPUS, LABELS, 1.0)
    assert MAX_PACKET < len(sent) <= MAX_UNSPLIT
    number = read(sent).sequence_number
    spare = MAX_UNSPLIT - len(sent) + 1275
    assert stream.packetize(EncodedFrame(bytes(spare + 1), 0, -30), OPUS, LABELS, 1.0) == []
    unit = b"\0\0\1\x65" + bytes(range(1, 256)) * 6
    assert stream.packetize(EncodedFrame(unit, 0), H264, LABELS, 1.0) == []
    (sent,) = stream.packetize(EncodedFrame(bytes(spare), 0, -30), OPUS, LABELS, 1.0)
    assert len(sent) == MAX_UNSPLIT
    assert read(sent).sequence_number == number + 1
    assert stream.packets_sent == 2


def test_pictures_are_numbered_on_through_other_codecs_and_origins() -> None:
    """RFC 7741 §4.2: a number is that of one picture, whatever encoder it comes from."""
    stream = OutboundStream(7, None)
    first = packets(stream, 0)[0].payload
    stream.rebase()
    stream.packetize(EncodedFrame(b"\0\0\1\x41\x9a", 0), H264, LABELS, 1.0)
    second = packets(stream, 0)[0].payload
    numbers = [int.from_bytes(payload[2:4], "big") & 0x7FFF for payload in (first, second)]
    assert (numbers[1] - numbers[0]) & 0x7FFF == 1
