"""Frames on their way from an encoder to the packets of a stream, through a program or not."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame

from peer.net import wall_time

from .encoded_media import (
    EncodedMedia,
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

    A picture that it drops is needed by those after it: they are dropped as well, up to the key
    frame that `ask_for_key` is to bring about. So are those of an encoder that is gone by then.
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
        self._needs_key = False
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
        self._needs_key = False

    def key_frame(self) -> Awaitable[None]:
        """Wait for the next key frame that comes from the encoder."""
        made: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._key_awaited.append(made)
        return made

    def send(
        self,
        frame: EncodedFrame,
        codec: RTCRtpCodecParameters,
        data: Any,
        stream: OutboundStream,
        now: float,
    ) -> None:
        """Take a frame that was made of `data`, to be sent in a stream."""
        self._number += 1
        if self._passage is None:
            self._transmit(frame, codec)
        else:
            timestamp = stream.place(frame.timestamp, codec.clockRate, now)
            encoded = self._describe(frame, codec, data, stream.ssrc, timestamp)
            resume = partial(self._resume, frame, encoded, codec, self._encoder)
            self._passage.put(encoded, resume, partial(self._give_up, frame, codec))
        if frame.is_key:
            for made in self._key_awaited:
                if not made.done():
                    made.set_result(None)
            self._key_awaited.clear()

    def _resume(
        self,
        frame: EncodedFrame,
        encoded: EncodedMedia,
        codec: RTCRtpCodecParameters,
        encoder: int,
    ) -> None:
        self._needs_key &= not frame.is_key
        if encoder != self._encoder or self._needs_key:
            self.frames_dropped += 1
            return
        self._transmit(replace(frame, data=bytes(encoded.data)), codec)

    def _give_up(self, frame: EncodedFrame, codec: RTCRtpCodecParameters) -> None:
        self.frames_dropped += 1
        if codec.mimeType.startswith("video/"):
            self._needs_key = True
            self._ask_for_key()

    def _describe(
        self,
        frame: EncodedFrame,
        codec: RTCRtpCodecParameters,
        data: Any,
        ssrc: int,
        timestamp: int,
    ) -> EncodedMedia:
        captured = datetime.fromtimestamp(wall_time(), UTC)
        if codec.mimeType.startswith("audio/"):
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
        is_picture, pts, time_base = isinstance(data, VideoFrame), data.pts, data.time_base
        picture = RTCEncodedVideoFrameMetadata(
            codec.mimeType,
            timestamp,
            codec.payloadType,
            ssrc,
            captureTime=captured,
            frameId=self._number,
            dependencies=() if frame.is_key else (self._number - 1,),
            width=data.width if is_picture else None,
            height=data.height if is_picture else None,
            timestamp=None if pts is None else int(pts * time_base * _MICROSECONDS),
        )
        return RTCEncodedVideoFrame(frame.data, picture, "key" if frame.is_key else "delta")
