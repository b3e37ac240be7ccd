"""What senders and receivers tell of themselves."""

import asyncio
import enum
from collections import Counter
from datetime import UTC, datetime

from aiortc.clock import current_ntp_time, datetime_to_ntp

from peer.rtp import FullIntraRequest, Nack, PictureLoss, ReportBlock, RtcpDrop, SenderReport
from peer.sctp import SctpDrop
from peer.transports.decoding import MediaDrop
from peer.transports.inbound import InboundPacket
from peer.transports.outlet import SendDrop
from peer.transports.receiver import RtpReceiver
from peer.transports.records import DtlsDrop
from peer.transports.router import Drop, Encoding
from peer.transports.rtcp import read_report
from peer.transports.sender import RtpSender
from peer.transports.statistics import InboundStatistics, OutboundStatistics, named
from peer.transports.track import MAX_UNREAD_PICTURES
from tests.transports.media import (
    OPUS,
    VP8,
    PushedTrack,
    Recorder,
    now,
    receive_parameters,
    repeated,
    send_parameters,
)
from tests.transports.test_dtls import run
from tests.transports.test_measure import HALF, audio
from tests.transports.test_receiver import KEY_FRAME, Source, feed
from tests.transports.wire import until


def outbound(sender: RtpSender) -> OutboundStatistics:
    figures = sender.statistics()
    assert figures is not None
    return figures


def inbound(receiver: RtpReceiver) -> InboundStatistics:
    (figures,) = receiver.statistics()
    return figures


def test_pictures_that_are_sent() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = RtpSender("video", track)
        assert sender.statistics() is None
        sender.send(transport, send_parameters("v0", 7, rtx_ssrc=8))
        track.push(3)
        await until(lambda: len(transport.rtp) == 3)
        sender.receive_rtcp(Nack(9, 7, (transport.rtp[1].sequence_number,)))
        sender.receive_rtcp(PictureLoss(9, 7))
        for _ in range(2):
            sender.receive_rtcp(FullIntraRequest(9, ()))
        figures = outbound(sender)
        media, again = transport.rtp[:3], transport.rtp[3]
        assert (figures.codec, figures.active, figures.rtx_ssrc) == (VP8, True, 8)
        assert (figures.frames_encoded, figures.frames_sent, figures.video.frames) == (3, 3, 3)
        assert (figures.video.keyframes, figures.video.width, figures.video.height) == (1, 64, 48)
        assert (figures.packets_sent, figures.packets_repeated) == (3, 1)
        assert figures.bytes_sent == sum(len(packet.payload) for packet in media)
        assert figures.bytes_repeated == len(media[1].payload) == len(again.payload) - 2
        sizes = [packet.header_size + len(packet.payload) for packet in transport.rtp]
        carried = figures.bytes_sent + figures.bytes_repeated
        assert figures.header_bytes_sent == sum(sizes) - carried
        assert (figures.nacks_received, figures.plis_received, figures.firs_received) == (1, 1, 2)
        assert figures.encode_time > 0
        assert figures.last_sent is not None
        await sender.stop()
        stopped = outbound(sender)
        assert (stopped.codec, stopped.active, stopped.packets_sent) == (None, False, 3)

    run(scenario)


def test_the_size_is_that_of_what_is_encoded() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = RtpSender("video", track)
        sender.send(transport, send_parameters("v0", 7, scale_down_by=2.0))
        track.push()
        await until(lambda: len(transport.rtp) == 1)
        source = sender.source_statistics()
        assert source is not None
        sizes = [(one.width, one.height) for one in (source.video, outbound(sender).video)]
        assert sizes == [(64, 48), (32, 24)]
        await sender.stop()

    run(scenario)


def test_frames_that_find_the_transport_gone_are_not_sent() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = RtpSender("video", track)
        sender.send(transport, send_parameters("v0", 7))
        transport.up = False
        track.push()
        await until(lambda: outbound(sender).frames_encoded == 1)
        assert outbound(sender).frames_sent == 0
        await sender.stop()

    run(scenario)


def test_what_a_track_delivers_counts_whether_it_is_sent_or_not() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("audio"), Recorder()
        sender = RtpSender("audio")
        assert sender.source_statistics() is None
        sender.replace_track(track)
        for active in (True, False):
            sender.send(transport, send_parameters("a0", 7, active=active))
            frame = audio([HALF] * 960)
            frame.pts, frame.time_base = 0, track._make().time_base
            read = track.read
            track.waiting.put_nowait(frame)
            await until(lambda read=read: track.read == read + 1)  # type: ignore[misc]
        await until(lambda: duration(sender) == 0.04)
        figures = sender.source_statistics()
        assert figures is not None
        assert (figures.audio.level, figures.audio.samples) == (0.5, 1920)
        assert abs(figures.audio.energy - 0.25 * 0.04) < 1e-9
        assert outbound(sender).frames_encoded == 1
        sender.replace_track(PushedTrack("audio"))
        assert duration(sender) == 0.0
        await sender.stop()

    def duration(sender: RtpSender) -> float:
        figures = sender.source_statistics()
        assert figures is not None
        return figures.audio.duration

    run(scenario)


def test_reports_of_the_peer_are_summed_up() -> None:
    """RFC 3550 §6.4.1, §A.3."""
    lsr = (current_ntp_time() >> 16) - 65536 & 0xFFFFFFFF
    first = read_report(ReportBlock(7, 64, 3, 1009, 960, lsr, 32768), None, 1000, 48000, 5.0)
    assert (first.fraction_lost, first.packets_lost, first.packets_received) == (64, 3, 7)
    assert (first.jitter, first.reports, first.arrival) == (0.02, 1, 5.0)
    assert first.round_trip_time is not None
    assert 0.5 <= first.round_trip_time < 5
    assert first.total_round_trip_time == first.round_trip_time
    # without a report of ours to refer to there is nothing to measure
    second = read_report(ReportBlock(7, 0, 3, 1019, 0, 0, 0), first, 1000, 48000, 6.0)
    assert (second.round_trip_time, second.round_trip_times) == (first.round_trip_time, 1)
    assert (second.reports, second.packets_received) == (2, 17)
    third = read_report(ReportBlock(7, 0, 3, 1019, 0, lsr, 0), second, 1000, 48000, 7.0)
    assert third.round_trip_time is not None
    assert third.round_trip_times == 2
    total = first.round_trip_time + third.round_trip_time
    assert third.total_round_trip_time == total


def test_a_report_that_makes_no_sense_tells_no_number_of_packets() -> None:
    report = read_report(ReportBlock(7, 0, 5000, 10, 0, 0, 0), None, 1000, 48000, 5.0)
    assert (report.packets_received, report.packets_lost) == (None, 5000)
    # a delay longer than the time since our report (RFC 3550 §6.4.1) measures nothing
    lsr = current_ntp_time() >> 16 & 0xFFFFFFFF
    late = read_report(ReportBlock(7, 0, 0, 10, 0, lsr, 1 << 20), None, 0, 48000, 5.0)
    assert (late.round_trip_time, late.total_round_trip_time, late.round_trip_times) == (None, 0, 0)


def test_pictures_that_are_received() -> None:
    async def scenario() -> None:
        transport, receiver = Recorder(), RtpReceiver("video")
        receiver.receive(transport, receive_parameters("v0", rtx={8: 7}))
        source = Source()
        packets = [(await source.frame())[0] for _ in range(4)]
        for number in (0, 2, 3):
            packets[number].header_size = 20
            receiver.receive_rtp(packets[number], None, now())
        read = repeated(packets[1])
        receiver.receive_rtp(read, None, now())
        await until(lambda: receiver.frames_decoded == 4)
        figures = inbound(receiver)
        assert (figures.codec, figures.rtx_ssrc) == (VP8, 8)
        assert (figures.packets_received, figures.packets_repaired) == (3, 1)
        assert figures.bytes_repaired == len(packets[1].payload) + 2
        assert figures.header_bytes_received == 3 * 20 + read.header_size
        assert read.header_size >= 12
        assert (figures.frames_received, figures.frames_dropped) == (4, 0)
        assert (figures.video.frames, figures.video.keyframes) == (4, 1)
        assert (figures.video.width, figures.video.height) == (64, 48)
        assert (figures.nacks_sent, figures.plis_sent) == (1, 0)
        assert figures.decode_time > 0
        assert figures.remote is None
        await receiver.stop()

    run(scenario)


def test_audio_that_is_received() -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("audio")
        receiver.receive(Recorder(), receive_parameters("a0"))
        for number in range(10):
            # Opus: one frame of 20 ms, silent
            packet = InboundPacket(111, 1, number, number * 960, 7, b"\xf8\xff\xfe")
            receiver.receive_rtp(packet, None, now())
        assert receiver.frames_decoded == 10
        figures = inbound(receiver)
        assert figures.codec == OPUS
        assert figures.audio.level is not None
        assert figures.audio.level < 0.01
        assert figures.audio.samples == figures.audio.duration * 48000 > 0
        await receiver.stop()

    run(scenario)


def test_jitter_is_in_seconds() -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("video")
        receiver.receive(Recorder(), receive_parameters("v0"))
        for number, timestamp in enumerate((0, 160000)):
            packet = InboundPacket(96, 1, number, timestamp, 7, b"\x10x")
            receiver.receive_rtp(packet, None, now())
        # RFC 3550 §A.8: a sixteenth of the difference, here of 160000 units of 90 kHz at most
        assert 0.1 < inbound(receiver).jitter <= 160000 / 16 / 90000
        await receiver.stop()

    run(scenario)


def test_frames_that_are_not_seen_are_dropped() -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("video")
        receiver.receive(Recorder(), receive_parameters("v0"))
        await feed(receiver, Source(1), 3, Encoding("hi"))
        await feed(receiver, Source(2), 3, Encoding("lo"))
        await until(lambda: receiver.frames_decoded == 3)
        high, low = receiver.statistics()
        assert (high.frames_dropped, low.frames_dropped) == (0, 3)
        assert (low.frames_received, low.video.frames) == (3, 0)
        await receiver.stop()

    run(scenario)


def test_frames_nobody_reads_are_dropped() -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("video")
        receiver.receive(Recorder(), receive_parameters("v0"))
        source = Source()
        for number in range(MAX_UNREAD_PICTURES + 3):
            await feed(receiver, source, 1)
            await until(lambda number=number: receiver.frames_decoded > number)  # type: ignore[misc]
        assert inbound(receiver).frames_dropped == 3
        await receiver.stop()

    run(scenario)


def test_frames_without_what_they_need_are_not_decoded() -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("video")
        receiver.receive(Recorder(), receive_parameters("v0"))
        source = Source()
        await source.frame()
        await feed(receiver, source, 2)
        await until(lambda: receiver.plis_sent == 1)
        figures = inbound(receiver)
        assert (figures.plis_sent, figures.video.frames) == (1, 0)
        await receiver.stop()

    run(scenario)


def test_packets_that_come_too_late_are_discarded() -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("audio")
        receiver.receive(Recorder(), receive_parameters("a0"))

        def take(number: int) -> None:
            packet = InboundPacket(111, 1, number, number * 960, 7, b"\xf8\xff\xfe")
            receiver.receive_rtp(packet, None, now())

        for number in (*range(100, 110), 99, 101):
            take(number)
        # one comes late, and one for the second time
        assert inbound(receiver).packets_discarded == 1
        take(110)
        assert inbound(receiver).packets_discarded == 1
        await receiver.stop()

    run(scenario)


def test_packets_of_a_picture_that_is_given_up_are_discarded() -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("video")
        receiver.receive(Recorder(), receive_parameters("v0"))
        # the second picture lacks a packet, the third needs no other; then the packet comes
        for number, marker, timestamp, payload in (
            (1, 1, 0, KEY_FRAME),
            (2, 0, 3000, b"\x10x"),
            (4, 1, 3000, b"\x00x"),
            (5, 1, 6000, KEY_FRAME),
            (3, 0, 3000, b"\x00x"),
        ):
            packet = InboundPacket(96, marker, number, timestamp, 7, payload)
            receiver.receive_rtp(packet, None, now())
        assert inbound(receiver).packets_discarded == 1
        await receiver.stop()

    run(scenario)


def test_what_the_sender_reports() -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("video")
        receiver.receive(Recorder(), receive_parameters("v0"))
        await feed(receiver, Source(), 1)
        told = datetime(2024, 5, 1, 12, tzinfo=UTC)
        for ntp, count, when in ((0, 10, None), (datetime_to_ntp(told), 12, told)):
            report = SenderReport(7, ntp, 0, count, 3400)
            receiver.receive_rtcp(report, asyncio.get_running_loop().time())
            remote = inbound(receiver).remote
            assert remote is not None
            # a sender without a clock sends zero (RFC 3550 §6.4.1)
            assert (remote.timestamp, remote.packets_sent, remote.octets_sent) == (
                when,
                count,
                3400,
            )
        assert remote is not None
        assert remote.reports == 2
        await receiver.stop()

    run(scenario)


def test_reasons_to_drop_have_their_names() -> None:
    first = Counter({MediaDrop.INACTIVE: 2, MediaDrop.NO_THREAD: 0})
    assert named(first, {MediaDrop.INACTIVE: 1, SendDrop.TRACK_FAILED: 4}) == {
        "inactive": 3,
        "track-failed": 4,
    }
    reasons: list[type[enum.Enum]] = [DtlsDrop, Drop, RtcpDrop, SctpDrop]
    names = [reason.value for kind in reasons for reason in kind]
    assert len(names) == len(set(names))
