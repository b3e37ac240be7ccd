"""Receiving one section's media."""

import asyncio

import pytest
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters
from av import VideoFrame

from peer.rtp import (
    ExtendedReport,
    FullIntraRequest,
    Goodbye,
    Nack,
    PictureLoss,
    ReceiverReport,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    read_compound,
    write_compound,
)
from peer.rtp.frame_queue import MAX_FRAMES
from peer.testing import run as run_virtually
from peer.transports.decoding import MediaDrop
from peer.transports.inbound import InboundPacket
from peer.transports.receiver import MAX_SILENCE, MAX_STREAMS, RtpReceiver
from peer.transports.router import Encoding
from peer.transports.track import RemoteTrack
from tests.transports.media import (
    RTX,
    VP8,
    PushedTrack,
    Recorder,
    now,
    receive_parameters,
    repeated,
)
from tests.transports.test_dtls import run
from tests.transports.test_seeing import TICKS, Film, Viewer
from tests.transports.wire import until

KEY_FRAME = b"\x10" + b"\x10\x00\x00\x9d\x01\x2a\x40\x00\x30\x00"
"""The first bytes of a picture of 64x48 that needs no other (RFC 7741 §4.3)."""


class Source:
    """Packets of a VP8 stream."""

    def __init__(self, ssrc: int = 7, number: int = 100) -> None:
        self.ssrc = ssrc
        self.number = number
        self.timestamp = 0
        self._encoder = Vp8Encoder()
        self._track = PushedTrack("video")

    async def frame(self, *, keyframe: bool = False) -> list[InboundPacket]:
        """Return the packets of the next frame."""
        self._track.push()
        frame = await self._track.recv()
        assert isinstance(frame, VideoFrame)
        payloads, self.timestamp = self._encoder.encode(frame, keyframe)
        packets = [self._packet(payload) for payload in payloads]
        packets[-1].marker = True
        return packets

    def _packet(self, payload: bytes) -> InboundPacket:
        self.number += 1
        return InboundPacket(96, 0, self.number - 1, self.timestamp, self.ssrc, payload)


def feedback(transport: Recorder) -> list[RtcpPacket]:
    """Return everything sent but reports and names."""
    packets = [one for data in transport.rtcp for one in read_compound(data).packets]
    reports = ReceiverReport | SourceDescription | ExtendedReport
    return [one for one in packets if not isinstance(one, reports)]


async def feed(
    receiver: RtpReceiver, source: Source, frames: int, encoding: Encoding | None = None
) -> None:
    for _ in range(frames):
        for packet in await source.frame():
            receiver.receive_rtp(packet, encoding, now())


def test_packets_become_frames_of_the_track() -> None:
    async def scenario() -> None:
        transport, receiver = Recorder(), RtpReceiver("video", track=RemoteTrack("video", "remote"))
        receiver.receive(transport, receive_parameters("v0"))
        assert transport.receivers == {"v0": receiver}
        await feed(receiver, Source(), 3)
        frames = [await receiver.track.recv() for _ in range(2)]
        assert [(frame.width, frame.height) for frame in frames] == [(64, 48)] * 2  # type: ignore[attr-defined]
        assert [round(frame.pts or 0, -1) for frame in frames] == [0, 3000]
        (figures,) = receiver.statistics()
        assert (figures.ssrc, figures.packets_received, figures.packets_lost) == (7, 3, 0)
        await receiver.stop()
        await receiver.stop()
        assert (transport.receivers, receiver.track.readyState) == ({}, "live")

    run(scenario)


def test_the_track_is_muted_while_nothing_is_received() -> None:
    """W3C mediacapture: it is unmuted by the first packet, and muted by BYE or the direction."""

    async def scenario() -> None:
        transport, receiver = Recorder(), RtpReceiver("video")
        told: list[bool] = []
        for event in ("mute", "unmute"):
            receiver.track.on(event, lambda: told.append(receiver.track.muted))
        receiver.receive(transport, receive_parameters("v0"))
        source = Source()
        assert (receiver.track.muted, told) == (True, [])
        await feed(receiver, source, 2)
        receiver.receive_rtcp(Goodbye((source.ssrc,)), 1.0)
        await feed(receiver, source, 1)
        receiver.receive(transport, receive_parameters("v0", active=False))
        await feed(receiver, source, 1)
        receiver.receive(transport, receive_parameters("v0"))
        await feed(receiver, source, 1)
        await receiver.stop()
        assert told == [False, True, False, True, False, True]

    run(scenario)


def test_packets_that_come_behind_a_bye_do_not_begin_their_source_anew() -> None:
    """RFC 3550 §6.2.1: they are heard, and the track stays muted; a source may go on later."""

    async def scenario() -> None:
        transport, receiver = Recorder(), RtpReceiver("video")
        receiver.receive(transport, receive_parameters("v0"))

        def packet(number: int, at: float) -> tuple[bool, int]:
            sent = InboundPacket(96, 1, number, number * 3000, 7, KEY_FRAME)
            receiver.receive_rtp(sent, None, now() + at)
            return receiver.track.muted, len(receiver.statistics())

        assert packet(1, 0.0) == (False, 1)
        assert packet(3, 0.0) == (False, 1)
        receiver.receive_rtcp(Goodbye((7,)), now())
        for number, at in ((2, 0.1), (4, 0.1), (2, 1.9)):
            assert packet(number, at) == (True, 0)
        assert receiver.drops[MediaDrop.UNKNOWN_PAYLOAD_TYPE] == 0
        assert packet(5, 0.3) == (False, 1)
        receiver.receive_rtcp(Goodbye((7,)), now())
        assert packet(2, 2.1) == (False, 1)
        await receiver.stop()

    run(scenario)


def test_receiving_goes_on_after_a_stop() -> None:
    async def scenario() -> None:
        transport, receiver = Recorder(), RtpReceiver("video")
        for _ in range(2):
            receiver.receive(transport, receive_parameters("v0"))
            await feed(receiver, Source(), 2)
            await receiver.track.recv()
            await receiver.stop()

    run(scenario)


def test_what_is_of_no_use_is_counted() -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("video")
        source = Source()
        (packet,) = await source.frame()
        receiver.receive_rtp(packet, None, now())
        assert receiver.drops == {MediaDrop.INACTIVE: 1}
        receiver.receive(Recorder(), receive_parameters("v0", active=False))
        receiver.receive_rtp(packet, None, now())
        assert receiver.drops == {MediaDrop.INACTIVE: 2}
        receiver.receive(Recorder(), receive_parameters("v0"))
        packet.payload_type = 50
        receiver.receive_rtp(packet, None, now())
        packet.payload_type, packet.payload = 96, b"\x80"
        receiver.receive_rtp(packet, None, now())
        packet.payload_type = 97
        packet.ssrc = 8
        receiver.receive(Recorder(), receive_parameters("v0", rtx={8: 55}))
        receiver.receive_rtp(packet, None, now())
        assert receiver.drops == {
            MediaDrop.INACTIVE: 2,
            MediaDrop.UNKNOWN_PAYLOAD_TYPE: 1,
            MediaDrop.MALFORMED_PAYLOAD: 1,
            MediaDrop.REPAIRS_NOTHING_KNOWN: 1,
        }
        await receiver.stop()

    run(scenario)


@pytest.mark.parametrize("reduced_size", [False, True])
def test_a_gap_is_asked_for_and_filled_by_a_retransmission(reduced_size: bool) -> None:
    async def scenario() -> None:
        transport, receiver = Recorder(), RtpReceiver("video")
        receiver.receive(transport, receive_parameters("v0", rtx={8: 7}, reduced_size=reduced_size))
        source = Source()
        (first,), (lost,), (third,) = [await source.frame() for _ in range(3)]
        receiver.receive_rtp(first, None, now())
        receiver.receive_rtp(third, None, now())
        (nack,) = feedback(transport)
        assert nack == Nack(99, 7, (101,))
        # RFC 5506: alone only when that was agreed
        assert (transport.rtcp[0] == write_compound(nack)) is reduced_size
        receiver.receive_rtp(repeated(lost), None, now())
        await receiver.track.recv()
        await receiver.track.recv()
        assert (receiver.packets_repaired, receiver.nacks_sent) == (1, 1)
        await receiver.stop()

    run(scenario)


def test_a_stream_that_took_over_is_the_one_that_asks() -> None:
    """RFC 4588 §5.3: what a retransmission repairs is told by what was asked for."""

    async def program() -> None:
        viewer, film, other = Viewer(), Film(), Film(8, 10, 5)
        viewer.receive(*film.picture())
        viewer.receive(*other.picture(key=True))
        lost, last = other.picture()
        assert viewer.seeing.stream_asking_for(lost.sequence_number) is None
        viewer.receive(last)
        await asyncio.sleep(0.01)
        assert viewer.asked.again
        asking = viewer.seeing.stream_asking_for(lost.sequence_number)
        assert asking is not None
        assert asking.ssrc == 8
        assert viewer.seeing.stream_asking_for(last.sequence_number) is None
        await viewer.close()

    run_virtually(program())


def test_feedback_that_was_not_agreed_is_not_sent() -> None:
    async def scenario() -> None:
        transport, receiver = Recorder(), RtpReceiver("video")
        plain = type(VP8)(VP8.mimeType, VP8.clockRate, None, VP8.payloadType)
        receiver.receive(transport, receive_parameters("v0", codecs=(plain, RTX)))
        source = Source()
        (first,), _, (third,) = [await source.frame() for _ in range(3)]
        receiver.receive_rtp(first, None, now())
        receiver.receive_rtp(third, None, 3.0)
        receiver.request_keyframe()
        assert transport.rtcp == []
        await receiver.stop()

    run(scenario)


def test_a_frame_that_cannot_be_decoded_asks_for_a_keyframe() -> None:
    async def scenario() -> None:
        transport, receiver = Recorder(), RtpReceiver("video")
        receiver.receive(transport, receive_parameters("v0"))
        source = Source()
        await source.frame()
        await feed(receiver, source, 2)
        await until(lambda: receiver.plis_sent == 1)
        (pli,) = feedback(transport)
        assert pli == PictureLoss(99, 7)
        for _ in range(2):
            for packet in await source.frame(keyframe=True):
                receiver.receive_rtp(packet, None, now())
        await receiver.track.recv()
        await receiver.stop()

    run(scenario)


def test_a_peer_that_knows_commands_alone_is_commanded_to_send_a_keyframe() -> None:
    """RFC 5104 §4.3.1: a repeated command keeps its number, one after a key frame has the next."""

    async def program() -> None:
        transport, receiver, film = Recorder(), RtpReceiver("video"), Film()
        fir = [RTCRtcpFeedback("ccm", "fir")]
        plain = RTCRtpCodecParameters(VP8.mimeType, VP8.clockRate, None, VP8.payloadType, fir)
        receiver.receive(transport, receive_parameters("v0", codecs=(plain, RTX)))
        reader = asyncio.ensure_future(receiver.track.recv())
        pictures = [film.picture(key=index == 10) for index in range(40)]
        for index, picture in enumerate(pictures[1:]):
            if index == 15:
                receiver.request_keyframe()
            for packet in picture:
                receiver.receive_rtp(packet, None, asyncio.get_running_loop().time())
            await asyncio.sleep(0.04)
        commands = [one for one in feedback(transport) if isinstance(one, FullIntraRequest)]
        assert commands == [FullIntraRequest(99, ((7, number),)) for number in (0, 0, 1, 1)]
        (figures,) = receiver.statistics()
        assert (figures.plis_sent, figures.firs_sent) == (0, 4)
        await reader
        await receiver.stop()

    run_virtually(program())


def test_of_several_encodings_one_is_decoded() -> None:
    async def scenario() -> None:
        transport, receiver = Recorder(), RtpReceiver("video")
        receiver.receive(transport, receive_parameters("v0"))
        high, low = Source(1), Source(2)
        await feed(receiver, high, 2, Encoding("hi"))
        await feed(receiver, low, 3, Encoding("lo"))
        await until(lambda: receiver.frames_decoded == 2)
        assert receiver.drops[MediaDrop.OTHER_ENCODING] == 3
        assert {figures.rid for figures in receiver.statistics()} == {"hi", "lo"}
        receiver.select_encoding("lo")
        await until(lambda: receiver.plis_sent == 1)
        asked = [one for one in feedback(transport) if isinstance(one, PictureLoss)]
        assert {one.media for one in asked} == {2}
        for packet in [*await low.frame(keyframe=True), *await low.frame()]:
            receiver.receive_rtp(packet, Encoding("lo"), now())
        await until(lambda: receiver.frames_decoded >= 4)
        await receiver.stop()

    run(scenario)


def test_reports_answer_those_of_the_sender() -> None:
    async def scenario() -> None:
        transport, receiver = Recorder(), RtpReceiver("video")
        receiver.receive(transport, receive_parameters("v0"))
        (packet,) = await Source().frame()
        receiver.receive_rtp(packet, None, now())
        told = SenderReport(7, 0x1122334455667788, 0, 12, 3400)
        receiver.receive_rtcp(told, asyncio.get_running_loop().time())
        receiver.receive_rtcp(told._replace(ssrc=1234), 1.0)
        (block,) = receiver.report_blocks(now())
        assert (block.ssrc, block.last_report) == (7, 0x33445566)
        (figures,) = receiver.statistics()
        assert figures.remote is not None
        assert (figures.remote.packets_sent, figures.remote.octets_sent) == (12, 3400)
        receiver.receive_rtcp(Goodbye((7,)), 1.0)
        assert receiver.statistics() == []
        assert receiver.track.readyState == "live"
        await receiver.stop()

    run(scenario)


def test_the_number_of_streams_is_bounded() -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("video")
        receiver.receive(Recorder(), receive_parameters("v0"))
        (packet,) = await Source().frame()
        for ssrc in range(MAX_STREAMS + 1):
            packet.ssrc = ssrc
            receiver.receive_rtp(packet, None, 1.0 + ssrc)
        assert [figures.ssrc for figures in receiver.statistics()] == list(
            range(1, MAX_STREAMS + 1)
        )
        await receiver.stop()

    run(scenario)


def test_moving_to_another_transport_keeps_the_stream() -> None:
    async def scenario() -> None:
        old, new, receiver = Recorder(), Recorder(), RtpReceiver("video")
        receiver.receive(old, receive_parameters("v0"))
        source = Source()
        await feed(receiver, source, 1)
        receiver.receive(new, receive_parameters("v0"))
        assert (old.receivers, new.receivers) == ({}, {"v0": receiver})
        await feed(receiver, source, 1)
        await receiver.track.recv()
        (figures,) = receiver.statistics()
        assert figures.packets_received == 2
        await receiver.stop()

    run(scenario)


def test_a_transport_that_is_not_connected_loses_feedback() -> None:
    async def scenario() -> None:
        transport, receiver = Recorder(connected=False), RtpReceiver("video")
        receiver.receive(transport, receive_parameters("v0"))
        await feed(receiver, Source(), 1)
        receiver.request_keyframe()
        await receiver.stop()

    run(scenario)


def test_for_a_stopped_track_packets_are_counted_and_nothing_is_decoded() -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("video")
        receiver.receive(Recorder(), receive_parameters("v0"))
        receiver.track.stop()
        await feed(receiver, Source(), 2)
        assert receiver.drops == {MediaDrop.NO_READER: 2}
        assert receiver.statistics()[0].packets_received == 2
        await receiver.stop()

    run(scenario)


def test_a_decoder_that_is_too_slow_goes_on_at_the_newest_key_frame() -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("video")
        receiver.receive(Recorder(), receive_parameters("v0"))
        for number in range(130):
            packet = InboundPacket(96, 1, number, number * 3000, 7, KEY_FRAME)
            receiver.receive_rtp(packet, None, now())
        # no turn of the loop has passed: nothing is decoded yet
        assert receiver.drops[MediaDrop.DECODER_TOO_SLOW] == 2 * MAX_FRAMES
        await receiver.stop()

    run(scenario)


def test_answers_to_reference_times_are_told_with_the_reports_of_a_stream() -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("video")
        receiver.receive(Recorder(), receive_parameters("v0"))
        await feed(receiver, Source(), 1)
        receiver.receive_rtcp(SenderReport(7, 0, 0, 1, 1), now())
        receiver.set_round_trip(0.2)
        for measured in (0.25, 0.125):
            receiver.note_answer(measured)
        remote = receiver.statistics()[0].remote
        assert remote is not None
        told = remote.round_trip_time, remote.total_round_trip_time, remote.round_trip_times
        assert told == (0.125, 0.375, 2)
        assert receiver.round_trip == 0.2
        await receiver.stop()

    run(scenario)


def test_sources_are_reported_while_they_are_heard() -> None:
    """Retransmissions as well: their sender waits for that (RFC 8852 §3.3)."""

    async def scenario() -> None:
        transport, receiver = Recorder(), RtpReceiver("video")
        receiver.receive(transport, receive_parameters("v0", rtx={8: 7}))
        source = Source()
        (first,), (lost,), (late,) = [await source.frame() for _ in range(3)]
        assert (receiver.report_blocks(0.0), transport.hurries) == ([], 0)
        receiver.receive_rtp(first, None, 10.0)
        assert transport.hurries == 1
        receiver.receive_rtp(repeated(lost, 40), None, 11.0)
        receiver.receive_rtp(repeated(lost, 42), None, 11.0)
        receiver.receive_rtcp(SenderReport(8, 5 << 32, 0, 1, 1), 11.5)
        assert transport.hurries == 2
        media, again = receiver.report_blocks(12.0)
        assert (media.ssrc, media.highest_sequence, media.packets_lost) == (7, 100, 0)
        assert (again.ssrc, again.highest_sequence, again.packets_lost) == (8, 42, 1)
        assert (again.last_report, again.delay) == (5 << 16, 32768)
        assert [block.ssrc for block in receiver.report_blocks(10.0 + MAX_SILENCE + 0.5)] == [8]
        assert receiver.report_blocks(11.0 + MAX_SILENCE + 0.5) == []
        receiver.receive_rtp(late, None, 30.0)
        assert transport.hurries == 3
        await receiver.stop()

    run(scenario)


def test_a_stream_takes_over_at_the_time_its_sender_captured_it() -> None:
    """By the reports of both, however late its packets come (RFC 3550 §6.4.1)."""

    def report(ssrc: int, seconds: int, timestamp: int) -> SenderReport:
        return SenderReport(ssrc, seconds << 32, timestamp, 1, 1)

    async def program() -> None:
        receiver = RtpReceiver("video")
        receiver.receive(Recorder(), receive_parameters("v0"))
        first, second = Film(7, timestamp=1000), Film(8, 10, 5000)

        def receive(packets: list[InboundPacket]) -> None:
            for packet in packets:
                receiver.receive_rtp(packet, None, now())

        receive(first.picture())
        second.picture()
        receive(second.picture())
        receiver.receive_rtcp(report(7, 100, 1000), now())
        # Its picture after next is of 0.3 s after the first one's.
        receiver.receive_rtcp(report(8, 100, 5000 + 2 * TICKS - 27000), now())
        await asyncio.sleep(0.8)
        receive(second.picture(key=True))
        frames = [await receiver.track.recv() for _ in range(2)]
        assert [frame.pts for frame in frames] == [0, 27000]
        await receiver.stop()

    run_virtually(program())
