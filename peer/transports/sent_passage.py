"""Frames on their way from an encoder to the packets of a stream, through a program or not."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame
from av.packet import Packet

from peer.net import wall_time

from .encoded_media import (
    EncodedMedia,
    MediaData,
    RTCEncodedAudioFrame,
    RTCEncodedAudioFrameMetadata,
    RTCEncodedVideoFrame,
    RTCEncodedVideoFrameMetadata,
    linear_level,
)
from .outbound import EncodedFrame, OutboundStream
from .passage import Passage

_MICROSECONDS = 1_000_000


class SentPassage:
    """Gives frames to `transmit`, those that a program lets pass when there is one.

    Pictures begin with a key frame, and after each that it drops they begin anew: those that need
    it are dropped as well, up to the key frame that `ask_for_key` is to bring about. So are those
    of an encoder that is gone by then.
    """

    def __init__(
        self,
        transmit: Callable[[EncodedFrame, RTCRtpCodecParameters], object],
        ask_for_key: Callable[[], object],
    ) -> None:
        self.frames_dropped = 0
        self._transmit = transmit
        self._ask_for_key = ask_for_key
        self._passage: Passage | None = None
        self._number = 0
        self._encoder = 0
        self._needs_key = True
        self._key_awaited: list[asyncio.Future[None]] = []

    @property
    def is_used(self) -> bool:
        """Tell whether there is a program."""
        return self._passage is not None

    def lead_through(self, passage: Passage | None) -> None:
        """Have frames go through a program from now on, or through none."""
        self._passage = passage

    def begin_anew(self) -> None:
        """What comes now is of another encoder, and begins with a key frame."""
        self._encoder += 1
        self._needs_key = True

    def lose(self) -> None:
        """A frame is missing, which others need."""
        self._needs_key = True

    def key_frame(self) -> Awaitable[None]:
        """Wait for the next key frame that comes from the encoder, or for the last picture."""
        made: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._key_awaited.append(made)
        return made

    def end_waiting(self) -> None:
        """Let those go who wait for a key frame: it has come, or no picture does any more."""
        for made in self._key_awaited:
            if not made.done():
                made.set_result(None)
        self._key_awaited.clear()

    def send(
        self,
        frame: EncodedFrame,
        codec: RTCRtpCodecParameters,
        data: MediaData,
        stream: OutboundStream,
        now: float,
    ) -> None:
        """Take a frame that was made of `data`, to be sent in a stream."""
        self._number += 1
        if self._passage is None:
            self._go_on(frame, codec)
        else:
            timestamp = stream.place(frame.timestamp, codec.clockRate, now)
            encoded = self._describe(frame, codec, data, stream.ssrc, timestamp)
            resume = partial(self._resume, frame, encoded, codec, self._encoder)
            self._passage.put(encoded, resume, partial(self._give_up, frame, codec))
        if frame.is_key:
            self.end_waiting()

    def _resume(
        self,
        frame: EncodedFrame,
        encoded: EncodedMedia,
        codec: RTCRtpCodecParameters,
        encoder: int,
    ) -> None:
        if encoder != self._encoder:
            self.frames_dropped += 1
            return
        altered = frame._replace(data=bytes(encoded.data))
        try:
            self._go_on(altered, codec)
        except ValueError:
            # It is no frame of its format any more, or never was: no reason to end the program.
            self._give_up(frame, codec)

    def _go_on(self, frame: EncodedFrame, codec: RTCRtpCodecParameters) -> None:
        if self._needs_key:
            self._needs_key = _is_picture(codec) and not frame.is_key
        if self._needs_key:
            self.frames_dropped += 1
            self._ask_for_key()
        else:
            self._transmit(frame, codec)

    def _give_up(self, frame: EncodedFrame, codec: RTCRtpCodecParameters) -> None:
        self.frames_dropped += 1
        if _is_picture(codec) and (frame.layer is None or frame.layer.is_reference):
            self._needs_key = True
            self._ask_for_key()

    def _dependencies(self, frame: EncodedFrame) -> tuple[int, ...] | None:
        """Without temporal layers each picture needs the one before it."""
        if frame.is_key:
            return ()
        return (self._number - 1,) if frame.layer is None else None

    def _describe(
        self,
        frame: EncodedFrame,
        codec: RTCRtpCodecParameters,
        data: MediaData,
        ssrc: int,
        timestamp: int,
    ) -> EncodedMedia:
        captured = datetime.fromtimestamp(wall_time(), UTC)
        if not _is_picture(codec):
            level = frame.audio_level
            sound = RTCEncodedAudioFrameMetadata(
                codec.mimeType,
                timestamp,
                codec.payloadType,
                ssrc,
                captureTime=captured,
                audioLevel=None if level is None else linear_level(-level),
            )
            return RTCEncodedAudioFrame(frame.data, sound)
        told = _told(data)
        picture = RTCEncodedVideoFrameMetadata(
            codec.mimeType,
            timestamp,
            codec.payloadType,
            ssrc,
            captureTime=captured,
            frameId=self._number,
            dependencies=self._dependencies(frame),
            width=told.width,
            height=told.height,
            temporalIndex=told.temporalIndex if frame.layer is None else frame.layer.temporal,
            timestamp=told.timestamp,
        )
        return RTCEncodedVideoFrame(frame.data, picture, "key" if frame.is_key else "delta")


def _is_picture(codec: RTCRtpCodecParameters) -> bool:
    return codec.mimeType.lower().startswith("video/")


def _told(data: MediaData) -> RTCEncodedVideoFrameMetadata:
    """Return what a picture says of itself, in whatever form it is given."""
    if isinstance(data, RTCEncodedVideoFrame):
        return data.getMetadata()
    told = RTCEncodedVideoFrameMetadata("", 0)
    if isinstance(data, VideoFrame):
        told.width, told.height = data.width, data.height
    if isinstance(data, VideoFrame | Packet) and data.pts is not None and data.time_base:
        told.timestamp = int(data.pts * data.time_base * _MICROSECONDS)
    return told
