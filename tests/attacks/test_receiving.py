"""An authenticated peer against decoders, memory and what is kept of its streams."""

import asyncio
import random
import threading
from functools import partial
from typing import Any

import pytest
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame

from peer.media.ffmpeg import FFmpegVideoDecoder
from peer.rtp import ReceiverReport, write_compound
from peer.transports.decoding import MediaDrop
from peer.transports.inbound import InboundPacket
from peer.transports.receiver import RtpReceiver
from peer.transports.share import MediaConfig, MediaShare
from peer.transports.track import MAX_UNREAD_PICTURES
from tests.attacks.cost import DATAGRAM, MARGIN, cpu
from tests.transports.media import (
    FEEDBACK,
    OPUS,
    VP8,
    Recorder,
    now,
    receive_parameters,
)
from tests.transports.test_dtls import run
from tests.transports.test_pictures import encoded
from tests.transports.test_receiver import KEY_FRAME, Source, feed
from tests.transports.wire import until

H264 = RTCRtpCodecParameters("video/H264", 90000, None, 98, FEEDBACK)
CODECS = (VP8, H264)


def receiving(config: MediaConfig | None = None) -> RtpReceiver:
    """A receiver of video in both codecs."""
    receiver = RtpReceiver("video", share=MediaShare(config))
    receiver.receive(Recorder(), receive_parameters("v0", codecs=CODECS))
    return receiver


def idle(receiver: RtpReceiver) -> bool:
    """Tell whether nothing waits for the decoder."""
    seeing = receiver._seeing
    return seeing is None or (not len(seeing._queue) and not seeing._wake.is_set())


class Sendings:
    """Payloads as packets of one stream."""

    def __init__(self, ssrc: int = 7) -> None:
        self.ssrc = ssrc
        self.number = 0
        self.timestamp = 0

    def frame(self, codec: RTCRtpCodecParameters, payloads: list[bytes]) -> list[InboundPacket]:
        """Make the packets of a frame."""
        self.timestamp += 3000
        packets = [self.packet(codec, payload) for payload in payloads]
        packets[-1].marker = True
        return packets

    def packet(self, codec: RTCRtpCodecParameters, payload: bytes) -> InboundPacket:
        """Make the next packet."""
        self.number = (self.number + 1) & 0xFFFF
        return InboundPacket(
            codec.payloadType or 0, 0, self.number, self.timestamp, self.ssrc, payload
        )


def packetized(codec: RTCRtpCodecParameters, width: int, height: int) -> list[bytes]:
    """Encode a picture that needs no other, as payloads."""
    if codec is VP8:
        return Vp8Encoder._packetize(encoded("libvpx", width, height), 1)
    data = encoded("libx264", width, height, preset="ultrafast")
    return H264Encoder._packetize(H264Encoder._split_bitstream(data))


@pytest.mark.parametrize("codec", CODECS, ids=["vp8", "h264"])
def test_a_giant_picture_is_refused_by_its_header(codec: RTCRtpCodecParameters) -> None:
    async def scenario() -> None:
        receiver, sendings = receiving(MediaConfig(max_picture_pixels=320 * 240)), Sendings()
        pictures = [packetized(codec, width, 240) for width in (640, 160, 160)]
        for payloads in pictures:
            for packet in sendings.frame(codec, payloads):
                receiver.receive_rtp(packet, None, now())
        await until(lambda: receiver.frames_decoded == 2)
        assert receiver.drops[MediaDrop.PICTURE_TOO_LARGE] == 1
        await receiver.stop()

    run(scenario)


def test_the_default_bound_of_a_picture() -> None:
    assert MediaConfig().max_picture_pixels == 4096 * 2304


@pytest.mark.parametrize("codec", CODECS, ids=["vp8", "h264"])
def test_pictures_of_a_connection_hold_bounded_memory(codec: RTCRtpCodecParameters) -> None:
    """Decoders of many streams, and pictures that wait in many tracks, count together."""

    async def scenario() -> None:
        limit = 640 * 480 * 3 // 2 * 12
        share = MediaShare(MediaConfig(max_picture_bytes=limit))
        receivers = [RtpReceiver("video", share=share) for _ in range(4)]
        payloads = packetized(codec, 640, 480)
        for receiver in receivers:
            receiver.receive(Recorder(), receive_parameters("v0", codecs=CODECS))
            for ssrc in range(3):
                sendings = Sendings(ssrc)
                for _ in range(6):
                    for packet in sendings.frame(codec, payloads):
                        receiver.receive_rtp(packet, None, now())
        await until(lambda: all(idle(receiver) for receiver in receivers))
        assert 0 < share.held <= limit
        for receiver in receivers:
            await receiver.stop()
        drops = sum(receiver.drops[MediaDrop.TOO_MUCH_MEMORY] for receiver in receivers)
        assert drops > 0
        await share.close()

    run(scenario)


def test_a_track_that_nobody_reads_holds_few_pictures() -> None:
    async def scenario() -> None:
        receiver, sendings = receiving(), Sendings()
        payloads = packetized(VP8, 640, 480)
        for number in range(20):
            for packet in sendings.frame(VP8, payloads):
                receiver.receive_rtp(packet, None, now())
            await until(lambda number=number: receiver.frames_decoded > number)  # type: ignore[misc]
        assert receiver.track._queue.qsize() == MAX_UNREAD_PICTURES
        await receiver.stop()

    run(scenario)


def test_sound_is_decoded_while_pictures_of_others_wait() -> None:
    """Also when each connection there is has all the pictures at work that it may have."""

    async def scenario() -> None:
        stuck = Stuck()
        hostile = [receiving() for _ in range(6)]
        for receiver in hostile:
            for stream in (Sendings(1), Sendings(2)):
                for _ in range(4):
                    for packet in stream.frame(VP8, [KEY_FRAME]):
                        receiver.receive_rtp(packet, None, now())
        await until(lambda: stuck.count >= 2)
        caller = RtpReceiver("audio")
        caller.receive(Recorder(), receive_parameters("a0"))
        talk = Sendings()
        for _ in range(12):
            for packet in talk.frame(OPUS, [b"\xf8\xff\xfe"]):
                caller.receive_rtp(packet, None, now())
        await until(lambda: caller.frames_decoded >= 4)
        stuck.release()
        for receiver in (*hostile, caller):
            await receiver.stop()
            await receiver._share.close()

    run(scenario)


class Stuck:
    """Has every decoder wait."""

    def __init__(self) -> None:
        self.count = 0
        self._event = threading.Event()
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(FFmpegVideoDecoder, "decode", self._decode)

    def _decode(self, _data: bytes, _timestamp: int) -> list[VideoFrame]:
        self.count += 1
        assert self._event.wait(30)
        return []

    def release(self) -> None:
        """Let them all go on."""
        self._event.set()
        self._patch.undo()


MALFORMED = [b"", b"\x90", b"\x90\xff", b"\x10", b"\x10\x00", b"\x9c", b"\x7c"]
MALFORMED += [b"\x10\x00\x00\x00\x9d\x01\x2a"]
"""No payload, descriptors that end too early, and a key frame that does."""


@pytest.mark.parametrize("codec", [*CODECS, OPUS], ids=["vp8", "h264", "opus"])
def test_no_payload_ends_decoding_for_good(codec: RTCRtpCodecParameters) -> None:
    async def scenario() -> None:
        kind = "audio" if codec is OPUS else "video"
        codecs = (OPUS,) if codec is OPUS else CODECS
        receiver = RtpReceiver(kind)
        receiver.receive(Recorder(), receive_parameters("v0", codecs=codecs))
        sendings, noise = Sendings(), random.Random(1)
        odd = MALFORMED + [noise.randbytes(noise.randrange(40)) for _ in range(60)]
        for payload in odd:
            for packet in sendings.frame(codec, [payload]):
                receiver.receive_rtp(packet, None, now())
            await asyncio.sleep(0)
        good = [b"\xf8\xff\xfe"] if codec is OPUS else packetized(codec, 64, 48)
        before = receiver.frames_decoded
        for _ in range(8):
            for packet in sendings.frame(codec, good):
                receiver.receive_rtp(packet, None, now())
        await until(lambda: receiver.frames_decoded > before)
        await until(lambda: idle(receiver))
        assert receiver.drops[MediaDrop.MALFORMED_PAYLOAD] > 0 or codec is OPUS
        await receiver.stop()

    run(scenario)


@pytest.mark.parametrize("error", [ValueError, AssertionError, MemoryError, EOFError, KeyError])
def test_whatever_a_decoder_raises_costs_a_frame(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        receiver = RtpReceiver("video")
        receiver.receive(Recorder(), receive_parameters("v0"))
        genuine, source = FFmpegVideoDecoder.decode, Source()
        calls = 0

        def decode(self: FFmpegVideoDecoder, data: bytes, timestamp: int) -> Any:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise error
            return genuine(self, data, timestamp)

        monkeypatch.setattr(FFmpegVideoDecoder, "decode", decode)
        await feed(receiver, source, 3)
        await until(lambda: receiver.drops[MediaDrop.DECODER_FAILED] == 1)
        await until(lambda: receiver.plis_sent == 1)
        # the peer does what it is asked
        for packet in await source.frame(keyframe=True):
            receiver.receive_rtp(packet, None, now())
        await feed(receiver, source, 2)
        await until(lambda: receiver.frames_decoded >= 2)
        (figures,) = receiver.statistics()
        assert figures.frames_dropped >= 1
        await receiver.stop()

    run(scenario)


@pytest.mark.parametrize("jump", [129, 1000, 20000, 32767, 32768, 40000, 65000])
def test_a_stream_that_jumps_costs_little(jump: int) -> None:
    async def scenario() -> None:
        receiver, sendings = receiving(), Sendings()
        costs = []
        for _ in range(60):
            (packet,) = sendings.frame(VP8, [b"\x10\x01\0\0"])
            costs.append(cpu(partial(receiver.receive_rtp, packet, None, 1.0)))
            sendings.number = (sendings.number + jump) & 0xFFFF
        assert sorted(costs)[-3] < DATAGRAM
        await receiver.stop()

    run(scenario)


@pytest.mark.parametrize("hours", [0.01, 1, 8, 1000])
def test_the_first_packet_after_a_silence_costs_little(hours: float) -> None:
    async def scenario() -> None:
        receiver, sendings = receiving(), Sendings()
        for silences in range(5):
            (packet,) = sendings.frame(VP8, [b"\x10\x01\0\0"])
            now = 100.0 + silences * hours * 3600
            arrival = partial(receiver.receive_rtp, packet, None, now)
            assert cpu(arrival) < DATAGRAM * MARGIN
        await receiver.stop()

    run(scenario)


def test_hostile_timestamps_leave_reports_that_can_be_written() -> None:
    async def scenario() -> None:
        transport = Recorder()
        receiver = RtpReceiver("video")
        receiver.receive(transport, receive_parameters("v0"))
        sendings, noise = Sendings(), random.Random(3)
        for _ in range(300):
            sendings.timestamp = noise.choice((0, 0xFFFFFFFF, noise.getrandbits(32)))
            packet = sendings.packet(VP8, b"\x10\x01\0\0")
            now = noise.random() * 1e6
            receiver.receive_rtp(packet, None, now)
        (block,) = receiver.report_blocks(now)
        assert block.jitter <= 0xFFFFFFFF
        assert write_compound(ReceiverReport(9, (block,)))
        await receiver.stop()

    run(scenario)
