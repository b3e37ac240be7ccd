"""Frames on their way from an encoder to the packets of a stream."""

import asyncio
import fractions
from typing import Any

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import AudioFrame, VideoFrame

from peer.testing import run
from peer.transports import Passage, RTCEncodedAudioFrame, RTCEncodedVideoFrame
from peer.transports.outbound import EncodedFrame, OutboundStream
from peer.transports.sent_passage import SentPassage
from tests.transports.media import OPUS, VP8, now


class Sending:
    """What is sent, and how often a key frame was asked for."""

    def __init__(self, codec: RTCRtpCodecParameters = VP8) -> None:
        self.sent: list[tuple[int, bytes]] = []
        self.asked = 0
        self.stream = OutboundStream(7, None)
        self.passage = SentPassage(self._transmit, self._ask)
        self.program = Passage(lambda: None)
        self._codec = codec
        self._data: Any = VideoFrame(64, 48) if codec is VP8 else AudioFrame()
        self._data.pts, self._data.time_base = 90, fractions.Fraction(1, 90000)

    def _transmit(self, frame: EncodedFrame, codec: RTCRtpCodecParameters) -> None:
        assert codec is self._codec
        self.sent.append((frame.timestamp, frame.data))

    def _ask(self) -> None:
        self.asked += 1

    def send(self, *timestamps: int, key: bool = False, level: int | None = None) -> None:
        """Send frames of these times."""
        for timestamp in timestamps:
            frame = EncodedFrame(b"x", timestamp, level, is_key=key)
            self.passage.send(frame, self._codec, self._data, self.stream, now())

    async def read(self, count: int) -> list[Any]:
        """Read so many frames."""
        return [await self.program.read() for _ in range(count)]


def test_without_a_program_frames_pass() -> None:
    async def program() -> None:
        sending = Sending()
        sending.send(1, key=True)
        sending.send(2)
        assert sending.sent == [(1, b"x"), (2, b"x")]
        assert not sending.passage.is_used

    run(program())


def test_what_a_program_alters_is_sent_at_its_own_time() -> None:
    async def program() -> None:
        sending = Sending()
        sending.passage.lead_through(sending.program)
        sending.send(0, key=True)
        sending.send(3000)
        first, second = await sending.read(2)
        assert isinstance(first, RTCEncodedVideoFrame)
        assert [first.type, second.type] == ["key", "delta"]
        told, later = first.getMetadata(), second.getMetadata()
        assert (told.frameId, told.dependencies, later.dependencies) == (1, (), (1,))
        assert (told.width, told.height, told.timestamp) == (64, 48, 1000)
        assert (told.synchronizationSource, told.payloadType, told.mimeType) == (7, 96, "video/VP8")
        assert (later.rtpTimestamp - told.rtpTimestamp) % (1 << 32) == 3000
        assert told.captureTime is not None
        second.data = bytearray(b"yy")
        sending.program.write(first)
        sending.program.write(second)
        assert sending.sent == [(0, b"x"), (3000, b"yy")]

    run(program())


def test_sound_tells_how_loud_it_is() -> None:
    async def program() -> None:
        sending = Sending(OPUS)
        sending.passage.lead_through(sending.program)
        sending.send(0, level=-20)
        sending.send(960)
        loud, unknown = await sending.read(2)
        assert isinstance(loud, RTCEncodedAudioFrame)
        assert [one.getMetadata().audioLevel for one in (loud, unknown)] == [0.1, None]
        sending.program.write(unknown)
        assert (sending.sent, sending.asked, sending.passage.frames_dropped) == (
            [(960, b"x")],
            0,
            1,
        )

    run(program())


def test_after_a_picture_is_dropped_a_key_frame_is_made_and_sent_next() -> None:
    async def program() -> None:
        sending = Sending()
        sending.passage.lead_through(sending.program)
        sending.send(0, key=True)
        sending.send(1, 2)
        sending.send(3, key=True)
        sending.send(4)
        frames = await sending.read(5)
        for frame in (frames[0], *frames[2:]):
            sending.program.write(frame)
        assert [timestamp for timestamp, _ in sending.sent] == [0, 3, 4]
        assert (sending.asked, sending.passage.frames_dropped) == (2, 2)

    run(program())


def test_what_an_encoder_made_that_is_gone_is_not_sent() -> None:
    async def program() -> None:
        sending = Sending()
        sending.passage.lead_through(sending.program)
        sending.send(0, key=True)
        (old,) = await sending.read(1)
        sending.passage.begin_anew()
        sending.send(5, key=True)
        (new,) = await sending.read(1)
        sending.program.write(old)
        sending.program.write(new)
        assert sending.sent == [(5, b"x")]

    run(program())


def test_a_key_frame_can_be_waited_for() -> None:
    async def program() -> None:
        sending = Sending()
        waiting, given_up = (asyncio.ensure_future(sending.passage.key_frame()) for _ in range(2))
        given_up.cancel()
        await asyncio.sleep(1)
        sending.send(1)
        assert not waiting.done()
        sending.send(2, key=True)
        assert waiting.done()

    run(program())


def test_pictures_begin_with_a_key_frame_and_do_so_again_after_a_loss() -> None:
    async def program() -> None:
        sending = Sending()
        sending.send(1)
        sending.send(2, key=True)
        sending.send(3)
        sending.passage.lose()
        sending.send(4)
        sending.send(5, key=True)
        assert [timestamp for timestamp, _ in sending.sent] == [2, 3, 5]
        assert (sending.asked, sending.passage.frames_dropped) == (2, 2)
        sound = Sending(OPUS)
        sound.send(1)
        sound.passage.lose()
        sound.send(2)
        assert (len(sound.sent), sound.asked) == (2, 0)

    run(program())


def test_what_no_packets_can_be_made_of_is_dropped_and_does_not_end_the_program() -> None:
    """As of AV1 whose units a program has hidden, or that a peer has sent broken."""

    async def program() -> None:
        sending = Sending()

        def refuse(*_: object) -> None:
            raise ValueError("an OBU that is cut off")

        sending.passage = SentPassage(refuse, sending._ask)
        sending.passage.lead_through(sending.program)
        sending.send(0, key=True)
        (frame,) = await sending.read(1)
        sending.program.write(frame)
        assert (sending.passage.frames_dropped, sending.asked) == (1, 1)

    run(program())
