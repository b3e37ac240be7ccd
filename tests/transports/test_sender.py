"""Sending one section's media."""

import asyncio

import pytest

from peer import testing
from peer.rtp import (
    AudioLevel,
    BitrateLimit,
    FullIntraRequest,
    Goodbye,
    Nack,
    PictureLoss,
    ReceiverReport,
    ReportBlock,
    SourceDescription,
    TemporaryBitrates,
    read_compound,
)
from peer.transports.encoded import Encoded
from peer.transports.outbound import EncodedFrame
from peer.transports.outlet import SendDrop
from peer.transports.sender import RtpSender
from tests.transports.media import (
    EVENTS,
    OPUS,
    PCMU,
    RTX,
    VP8,
    PushedTrack,
    Recorder,
    now,
    send_parameters,
)
from tests.transports.test_dtls import run
from tests.transports.wire import until


def is_keyframe(payload: bytes) -> bool:
    """Tell by the first octet of the VP8 frame (RFC 6386 §9.1), after the descriptor."""
    return payload[0] & 0x10 != 0 and payload[4] & 1 == 0


def test_frames_become_packets_of_the_section() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("audio"), Recorder()
        sender = RtpSender("audio", track)
        sender.send(transport, send_parameters("a0", 7))
        track.push(3)
        await until(lambda: len(transport.rtp) == 3)
        for packet in transport.rtp:
            assert (packet.ssrc, packet.payload_type, packet.extensions.mid) == (7, 111, "a0")
            assert packet.extensions.audio_level == AudioLevel(127, voice=False)
        steps = [
            b.timestamp - a.timestamp & 0xFFFFFFFF
            for a, b in zip(transport.rtp, transport.rtp[1:], strict=False)
        ]
        assert steps == [960, 960]
        assert transport.senders == {"a0": sender}
        await sender.stop()
        await sender.stop()
        assert transport.senders == {}
        assert track.readyState == "live"

    run(scenario)


def test_stopping_says_goodbye_and_starting_again_continues_the_stream() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("audio"), Recorder()
        sender = RtpSender("audio", track)
        for _ in range(2):
            count = len(transport.rtp)
            sender.send(transport, send_parameters("a0", 7))
            track.push()
            await until(lambda count=count: len(transport.rtp) == count + 1)  # type: ignore[misc]
            await sender.stop()
        first, second = transport.rtp
        assert second.sequence_number == first.sequence_number + 1
        assert 0 < (second.timestamp - first.timestamp & 0xFFFFFFFF) < 48000 * 60
        goodbyes = [read_compound(data).packets for data in transport.rtcp]
        assert len(goodbyes) == 2
        for packets in goodbyes:
            assert [type(packet) for packet in packets] == [
                ReceiverReport,
                SourceDescription,
                Goodbye,
            ]

    run(scenario)


def test_nothing_is_read_before_the_transport_is_connected() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("audio"), Recorder(connected=False)
        sender = RtpSender("audio", track)
        track.push(2)
        sender.send(transport, send_parameters("a0", 7))
        for _ in range(5):
            await asyncio.sleep(0)
        assert track.read == 0
        transport.up = True
        sender.transport_changed()
        await until(lambda: len(transport.rtp) == 2)
        transport.up = False
        sender.transport_changed()
        track.push()
        for _ in range(5):
            await asyncio.sleep(0)
        assert track.read == 2
        await sender.stop()
        assert transport.rtcp == []

    run(scenario)


def test_an_inactive_section_reads_its_track_and_sends_nothing() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("audio"), Recorder()
        sender = RtpSender("audio", track)
        sender.send(transport, send_parameters("a0", 7, active=False))
        track.push(2)
        await until(lambda: track.read == 2)
        assert transport.rtp == []
        sender.send(transport, send_parameters("a0", 7))
        track.push()
        await until(lambda: len(transport.rtp) == 1)
        await sender.stop()

    run(scenario)


def test_replacing_the_track_keeps_the_stream() -> None:
    async def scenario() -> None:
        old, new, transport = PushedTrack("audio"), PushedTrack("audio"), Recorder()
        sender = RtpSender("audio", old)
        sender.send(transport, send_parameters("a0", 7))
        old.push(5)
        await until(lambda: len(transport.rtp) == 5)
        sender.replace_track(new)
        assert sender.track is new
        old.push()
        new.push()
        await until(lambda: len(transport.rtp) == 6)
        before, after = transport.rtp[4:]
        assert after.sequence_number == before.sequence_number + 1
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF < 1 << 31
        assert (old.read, old.readyState) == (5, "live")
        with pytest.raises(TypeError):
            sender.replace_track(PushedTrack("video"))
        sender.replace_track(None)
        new.push()
        for _ in range(5):
            await asyncio.sleep(0)
        assert new.read == 1
        await sender.stop()

    run(scenario)


def test_a_track_that_ends_leaves_the_sender_ready_for_another() -> None:
    async def scenario() -> None:
        first, second, transport = PushedTrack("audio"), PushedTrack("audio"), Recorder()
        sender = RtpSender("audio", first)
        sender.send(transport, send_parameters("a0", 7))
        first.push()
        first.end()
        await until(lambda: first.readyState == "ended")
        sender.replace_track(second)
        second.push()
        await until(lambda: len(transport.rtp) == 2)
        await sender.stop()

    run(scenario)


def test_a_track_that_fails_is_reported() -> None:
    async def scenario() -> None:
        class Broken(PushedTrack):
            async def recv(self) -> None:  # type: ignore[override]
                raise LookupError("a bug of the application")

        reported: list[BaseException] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: reported.append(context["exception"]))
        sender = RtpSender("audio", Broken("audio"))
        sender.send(Recorder(), send_parameters("a0", 7))
        await until(lambda: len(reported) == 1)
        assert isinstance(reported[0], LookupError)
        await sender.stop()

    run(scenario)


def test_moving_to_another_transport() -> None:
    async def scenario() -> None:
        track, old, new = PushedTrack("audio"), Recorder(), Recorder()
        sender = RtpSender("audio", track)
        sender.send(old, send_parameters("a0", 7))
        track.push()
        await until(lambda: len(old.rtp) == 1)
        sender.send(new, send_parameters("a0", 7))
        track.push()
        await until(lambda: len(new.rtp) == 1)
        assert (old.senders, list(new.senders)) == ({}, ["a0"])
        assert new.rtp[0].sequence_number == old.rtp[0].sequence_number + 1
        await sender.stop()

    run(scenario)


def test_other_parameters_of_the_same_codec_do_not_interrupt() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = RtpSender("video", track)
        sender.send(transport, send_parameters("v0", 7))
        track.push()
        await until(lambda: len(transport.rtp) == 1)
        sender.send(transport, send_parameters("v1", 7))
        track.push()
        await until(lambda: len(transport.rtp) == 2)
        first, second = transport.rtp
        assert (first.extensions.mid, second.extensions.mid) == ("v0", "v1")
        assert is_keyframe(first.payload)
        assert not is_keyframe(second.payload)
        assert list(transport.senders) == ["v1"]
        await sender.stop()

    run(scenario)


def test_the_first_codec_that_can_be_encoded_is_used() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("audio"), Recorder()
        sender = RtpSender("audio", track)
        with pytest.raises(ValueError, match="encoded"):
            sender.send(transport, send_parameters("a0", 7, codecs=(EVENTS,)))
        assert sender.parameters is None
        sender.send(transport, send_parameters("a0", 7, codecs=(EVENTS, PCMU, OPUS)))
        track.push(3)
        await until(lambda: track.read == 3 and bool(transport.rtp))
        assert {packet.payload_type for packet in transport.rtp} == {0}
        sender.send(transport, send_parameters("a0", 7, codecs=(OPUS,)))
        track.push()
        await until(lambda: transport.rtp[-1].payload_type == 111)
        await sender.stop()

    run(scenario)


@pytest.mark.parametrize("request_", [PictureLoss(9, 7), FullIntraRequest(9, ((7, 1),))])
def test_a_keyframe_is_sent_when_it_is_asked_for(
    request_: PictureLoss | FullIntraRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peer.transports.key_frame_gate.KEYFRAME_INTERVAL", 0.0)

    async def scenario() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = RtpSender("video", track)
        sender.send(transport, send_parameters("v0", 7))
        for count in (1, 2, 3, 4):
            if count == 3:
                sender.receive_rtcp(request_)
            if count == 4:
                # For another source, or a command that is repeated: nothing is asked for.
                sender.receive_rtcp(FullIntraRequest(9, ((6, 2), (7, 1))))
            track.push()
            await until(lambda count=count: len(transport.rtp) == count)  # type: ignore[misc]
        keys = [is_keyframe(packet.payload) for packet in transport.rtp]
        assert keys == [True, False, True, isinstance(request_, PictureLoss)]
        figures = sender.statistics()
        assert figures is not None
        assert figures.plis_received + figures.firs_received == 2
        assert figures.video.keyframes == sum(keys)
        await sender.stop()

    run(scenario)


@pytest.mark.parametrize("rtx_ssrc", [8, None])
def test_lost_packets_are_repeated(rtx_ssrc: int | None) -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = RtpSender("video", track)
        sender.send(transport, send_parameters("v0", 7, rtx_ssrc=rtx_ssrc, codecs=(VP8, RTX)))
        track.push()
        await until(lambda: len(transport.rtp) == 1)
        sent = transport.rtp[0]
        nack = Nack(9, 7, (sent.sequence_number, 60000, sent.sequence_number))
        sender.receive_rtcp(nack)
        assert len(transport.rtp) == 2
        expected = (7, 96) if rtx_ssrc is None else (8, 97)
        assert (transport.rtp[1].ssrc, transport.rtp[1].payload_type) == expected
        transport.up = False
        sender.receive_rtcp(nack)
        await sender.stop()

    run(scenario)


def test_feedback_that_is_no_nack_repeats_nothing() -> None:
    async def scenario() -> None:
        sender = RtpSender("video", PushedTrack("video"))
        sender.receive_rtcp(TemporaryBitrates(9, (), notification=True))
        sender.receive_rtcp(Nack(9, 7, (1,)))
        assert sender.statistics() is None
        await sender.stop()

    run(scenario)


def test_an_encoder_gets_the_lowest_limit_less_what_headers_take() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = RtpSender("video", track)

        async def bitrate(limit: int, **changes: object) -> int | None:
            sender.send(transport, send_parameters("v0", 7, **changes))
            transport.sending.note_limit(limit, now())
            sent = len(transport.rtp)
            track.push()
            await until(lambda: len(transport.rtp) > sent)
            figures = sender.statistics()
            assert figures is not None
            held_back = figures.pictures.limited_by == "bandwidth"
            assert held_back is ("max_bitrate" not in changes)
            return figures.target_bitrate

        first = await bitrate(400_000)
        assert first is not None
        assert 200_000 <= first < 400_000
        second = await bitrate(300_000)
        assert second is not None
        assert 150_000 <= second < 300_000
        capped = await bitrate(300_000, max_bitrate=200_000)
        assert capped is not None
        assert capped < 200_000
        await sender.stop()

    run(scenario)


def test_reports_begin_with_the_first_packet_and_measure_the_round_trip() -> None:
    async def scenario() -> None:
        track, transport = PushedTrack("audio"), Recorder()
        sender = RtpSender("audio", track)
        sender.send(transport, send_parameters("a0", 7))
        assert (sender.reports(now()), transport.hurries) == ([], 0)
        track.push(2)
        await until(lambda: len(transport.rtp) == 2)
        (report,) = sender.reports(now())
        assert (report.ssrc, report.packets, transport.hurries) == (7, 2, 1)
        last = report.ntp_time >> 16 & 0xFFFFFFFF
        for ssrc, lost in ((7, 3), (8, 50)):
            block = ReportBlock(ssrc, 10, lost, 0, 20, last, 0)
            sender.receive_rtcp(ReceiverReport(9, (block,)))
        figures = sender.statistics()
        assert figures is not None
        assert figures.remote is not None
        assert (figures.remote.packets_lost, figures.remote.fraction_lost) == (3, 10)
        assert figures.remote.round_trip_time is not None
        assert 0 <= figures.remote.round_trip_time < 10
        assert (figures.codec, figures.packets_sent, figures.frames_encoded) == (OPUS, 2, 2)
        await sender.stop()

    run(scenario)


def test_a_stream_that_comes_to_another_transport_is_reported_there() -> None:
    async def scenario() -> None:
        track, old, new = PushedTrack("audio"), Recorder(), Recorder()
        sender = RtpSender("audio", track)
        sender.send(old, send_parameters("a0", 7))
        track.push()
        await until(lambda: len(old.rtp) == 1)
        sender.send(new, send_parameters("a0", 7))
        assert new.hurries == 1
        await sender.stop()

    run(scenario)


def test_the_bounds_of_all_receivers_hold_and_are_told() -> None:
    """TMMBR and TMMBN (RFC 5104 §4.2)."""

    async def scenario() -> None:
        transport, sender = Recorder(), RtpSender("video", PushedTrack("video"))
        sender.receive_rtcp(TemporaryBitrates(9, (BitrateLimit(7, 300_000, 40),)))
        sender.send(transport, send_parameters("v0", 7, reduced_size=True))
        for requester, ssrc, bitrate in ((9, 7, 300_000), (10, 7, 200_000), (11, 8, 1000)):
            bound = BitrateLimit(ssrc, bitrate, 40)
            sender.receive_rtcp(TemporaryBitrates(requester, (bound,)))
        figures = sender.statistics()
        assert figures is not None
        assert figures.target_bitrate is not None
        assert 150_000 < figures.target_bitrate < 200_000
        told = [one for data in transport.rtcp for one in read_compound(data).packets]
        held = (BitrateLimit(10, 200_000, 40),)
        assert told[1:] == [TemporaryBitrates(7, held, notification=True)] * 2
        sender.receive_rtcp(TemporaryBitrates(10, (BitrateLimit(7, 1000, 0),), notification=True))
        assert len(transport.rtcp) == 3
        await sender.stop()

    run(scenario)


def test_retransmissions_have_reports_of_their_own() -> None:
    async def scenario() -> None:
        sender, transport = RtpSender("video", PushedTrack("video")), Recorder()
        assert isinstance(sender.track, PushedTrack)
        sender.send(transport, send_parameters("v0", 7, rtx_ssrc=8))
        sender.track.push()
        await until(lambda: len(transport.rtp) == 1)
        sender.receive_rtcp(Nack(9, 7, (transport.rtp[0].sequence_number,)))
        media, again = sender.reports(now())
        assert [(one.ssrc, one.packets) for one in (media, again)] == [(7, 1), (8, 1)]
        assert again.octets == media.octets + 2
        assert again.rtp_timestamp == media.rtp_timestamp
        await sender.stop()
        ((_, _, goodbye), _) = read_compound(transport.rtcp[-1])
        assert goodbye == Goodbye((7, 8))

    run(scenario)


class Heavy:
    """An encoder whose pictures are large."""

    def __init__(self) -> None:
        self.keys: list[bool] = []
        self.left_out = 0

    def limit(self, bitrate: int | None, now: float) -> None:
        """Take no notice."""

    def note_loss(self, fraction: float, room: int | None) -> None:
        """Take no notice."""

    def leave_out(self, data: object) -> None:
        """Count."""
        self.left_out += 1

    async def encode(self, data: object, *, keyframe: bool) -> Encoded:
        """Make a picture."""
        self.keys.append(keyframe)
        is_key = keyframe or len(self.keys) == 1
        frame = EncodedFrame(bytes(20_000), 3000 * len(self.keys), is_key=is_key)
        return Encoded([frame], None, 0.0, data)


def test_pictures_are_left_out_while_much_waits_but_for_a_key_frame_it_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoder = Heavy()
    monkeypatch.setattr("peer.transports.sender.make_encoder", lambda *_, given: encoder)
    monkeypatch.setattr("peer.transports.key_frame_gate.KEYFRAME_INTERVAL", 0.0)

    async def scenario() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = RtpSender("video", track)
        sender.send(transport, send_parameters("v0", 7))
        transport.sending.note_limit(30_000, now())
        track.push(3)
        await until(lambda: track.read == 3 and encoder.left_out == 2)
        assert sender.drops[SendDrop.CONGESTED] == 2
        sender.receive_rtcp(PictureLoss(9, 7))
        track.push()
        await until(lambda: encoder.keys == [False, True])
        await until(lambda: transport.rtp[-1].timestamp != transport.rtp[0].timestamp)
        before, after = (packet.sequence_number for packet in transport.rtp[-2:])
        assert after > before + 1
        await sender.stop()

    testing.run(scenario())


def test_a_key_frame_is_made_where_more_is_missing_than_may_be_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.transports.key_frame_gate.REFRESH_INTERVAL", 0.0)
    monkeypatch.setattr("peer.transports.key_frame_gate.KEYFRAME_INTERVAL", 0.0)

    async def scenario() -> None:
        encoder, track, transport = Heavy(), PushedTrack("video"), Recorder()
        monkeypatch.setattr("peer.transports.sender.make_encoder", lambda *_, **__: encoder)
        sender = RtpSender("video", track)
        sender.send(transport, send_parameters("v0", 7, rtx_ssrc=8))
        transport.sending.note_limit(1e8, now())
        track.push()
        await until(lambda: len(transport.rtp) >= 17)
        transport.sending.note_limit(100_000, now())
        sender.receive_rtcp(Nack(9, 7, tuple(one.sequence_number for one in transport.rtp)))
        assert sender.drops[SendDrop.REPEATED_ENOUGH] > 10
        track.push()
        await until(lambda: encoder.keys == [False, True])
        await sender.stop()

    run(scenario)
