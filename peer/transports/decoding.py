"""Decoding one stream, within what its connection may take."""

import enum
import time
from typing import NamedTuple

import av
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame

from peer.media import FFmpegVideoDecoder, Upright, VideoDecoder, find_video_codec

from .pictures import announced_pictures
from .share import MediaShare

LIGHT_PIXELS = 160 * 128
LIGHT_BYTES = 6000
"""Of a picture that is decoded in less time than it takes to hand it to a thread and back."""
MAX_LIGHT_TIME = 0.02
"""Seconds of computing that tell that it was another: some that nothing announced may be hidden."""


class MediaDrop(enum.Enum):
    """Why a packet or a frame that belongs to the section gave no media."""

    INACTIVE = "inactive"
    UNKNOWN_PAYLOAD_TYPE = "unknown-payload-type"
    MALFORMED_PAYLOAD = "malformed-payload"
    MISPLACED = "misplaced"
    REPAIRS_NOTHING_KNOWN = "repairs-nothing-known"
    OTHER_ENCODING = "other-encoding"
    TRANSFORMED_AWAY = "transformed-away"
    NO_READER = "no-reader"
    DECODER_TOO_SLOW = "decoder-too-slow"
    DECODER_FAILED = "decoder-failed"
    DECODER_HUNG = "decoder-hung"
    PICTURE_TOO_LARGE = "picture-too-large"
    TOO_MUCH_MEMORY = "too-much-memory"
    NO_THREAD = "no-thread"


class Undecoded(Exception):
    """A frame that was lost at its decoder."""

    def __init__(self, reason: MediaDrop, detail: object) -> None:
        super().__init__(detail)
        self.reason = reason


class Decoded(NamedTuple):
    """What a decoder made of a frame, and the seconds it took."""

    frames: list[VideoFrame]
    seconds: float


class Holding:
    """Bytes that count as held by a connection for as long as this is there."""

    def __init__(self, share: MediaShare) -> None:
        self._share = share
        self._size = 0

    def __del__(self) -> None:
        self._share.give_back(self._size)

    def resize(self, size: int) -> bool:
        """Hold that many bytes; False, and as many as before, when they are too many."""
        if size > self._size and not self._share.take(size - self._size):
            return False
        if size < self._size:
            self._share.give_back(self._size - size)
        self._size = size
        return True


class StreamDecoder:
    """The decoder of one stream and codec; it works in one thread at a time.

    A decoder that breaks is replaced, and so goes on with the next picture that needs no other.
    """

    def __init__(self, codec: RTCRtpCodecParameters, share: MediaShare) -> None:
        self._codec = codec
        self._share = share
        self._holding = Holding(share)
        self._decoder: VideoDecoder | None = None
        self._pixels = 0
        """Of the picture that was decoded last."""
        self._upright = Upright()

    def is_light(self, data: bytes) -> bool:
        """Tell whether to decode a frame where it is: handing it to a thread takes longer.

        Decoders of programs may wait for hardware; those of FFmpeg compute, and so do not hang.
        """
        if not 0 < self._pixels <= LIGHT_PIXELS or len(data) > LIGHT_BYTES:
            return False
        if self._share.is_deceived:
            return False
        if not isinstance(self._decoder, FFmpegVideoDecoder):
            return False
        try:
            announced = announced_pictures(self._codec.name, data)
        except ValueError:
            return False
        return all(picture.pixels <= LIGHT_PIXELS for picture in announced)

    def decode_light(self, data: bytes, timestamp: int, *, rotation: int = 0) -> Decoded:
        """Decode a frame as `decode` does; where it was not light, none of the connection is more.

        Whoever hides large pictures in small ones holds up the loop once.
        """
        begin = time.thread_time()
        try:
            return self.decode(data, timestamp, rotation=rotation)
        finally:
            if time.thread_time() - begin > MAX_LIGHT_TIME:
                self._share.is_deceived = True

    def decode(self, data: bytes, timestamp: int, *, rotation: int = 0) -> Decoded:
        """Decode a frame that is not empty, and turn it by so many degrees clockwise.

        Raises Undecoded and nothing else.
        """
        begin = time.perf_counter()
        try:
            self._make_room(data)
            if self._decoder is None:
                self._decoder = self._make()
            frames = self._decoder.decode(data, timestamp)
            if frames:
                self._pixels = frames[-1].width * frames[-1].height
            frames = [self._upright.turn(frame, -rotation) for frame in frames]
            seconds = time.perf_counter() - begin
            return Decoded(frames, seconds)
        except Undecoded:
            raise
        except Exception as error:
            if not isinstance(error, av.FFmpegError) or isinstance(error, EOFError):
                self._decoder = None
            raise Undecoded(MediaDrop.DECODER_FAILED, error) from error

    def _make_room(self, data: bytes) -> None:
        for picture in announced_pictures(self._codec.name, data):
            if picture.pixels > self._share.config.max_picture_pixels:
                raise Undecoded(
                    MediaDrop.PICTURE_TOO_LARGE, f"{picture.width}x{picture.height} pixels"
                )
            if not self._holding.resize(picture.held_bytes):
                raise Undecoded(MediaDrop.TOO_MUCH_MEMORY, f"{picture.held_bytes} bytes")

    def _make(self) -> VideoDecoder:
        found = find_video_codec(self._codec.mimeType)
        if found is None:
            raise ValueError(f"nothing decodes {self._codec.mimeType}")
        return found.decoder(self._share.config.max_picture_pixels)
