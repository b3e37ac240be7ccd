"""Pictures through FFmpeg: all decoders, and encoders that are not called themselves.

What FFmpeg's wrappers of encoders do not change while they run, a new encoder does: it costs a key
frame, and so comes only with one that is due, or when the rate has been another for a while.
"""

import os
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Literal, NamedTuple, cast

import av
from av import VideoFrame
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from .frame_dropper import FrameDropper
from .scheduling import usual_scheduling
from .video import EncodedPicture, VideoSettings, crop

TIME_BASE = Fraction(1, 90_000)
PATIENCE = 2.0
"""Seconds that the rate is another by more than CHANGE until a new encoder is worth a key frame."""
CHANGE = 0.3
_AV1_BLOCK = 64


class Wrapped(NamedTuple):
    """An encoder of FFmpeg, and its options for a rate in bits per second and the shorter side.

    `even` is whether the sides of its pictures must be, `drops` whether it leaves out pictures
    itself to keep to its rate. `environment` is what it looks up in that of the process, where a
    program has not set it.
    """

    name: str
    options: Callable[[int, int], Mapping[str, str]]
    even: bool = False
    drops: bool = False
    environment: tuple[tuple[str, str], ...] = ()


def _vp8(bitrate: int, _side: int) -> Mapping[str, str]:
    return {
        "deadline": "realtime",
        "cpu-used": "-6",
        "lag-in-frames": "0",
        "minrate": str(bitrate),
        "maxrate": str(bitrate),
        "bufsize": str(bitrate),
        "drop-threshold": "30",
        "qmin": "2",
        "qmax": "56",
        "static-thresh": "1",
        "max-intra-rate": "500",
    }


def _vp9(bitrate: int, _side: int) -> Mapping[str, str]:
    return {**_vp8(bitrate, _side), "cpu-used": "8", "row-mt": "1", "aq-mode": "cyclic"}


def _h264(bitrate: int, _side: int) -> Mapping[str, str]:
    return {
        "preset": "superfast",
        "tune": "zerolatency",
        "profile": "baseline",
        "sc_threshold": "0",
        "maxrate": str(bitrate),
        "bufsize": str(bitrate // 2),
    }


def _av1(_bitrate: int, side: int) -> Mapping[str, str]:
    options = {"preset": "12"}
    control = "rc=2"
    if side < _AV1_BLOCK:
        # It keeps no rate with pictures that are smaller than one of its blocks.
        control = "rc=0:qp=40"
        options["b"] = "0"
    return {**options, "svtav1-params": f"rtc=1:pred-struct=1:{control}:lp=1:scd=0"}


def _h265(bitrate: int, _side: int) -> Mapping[str, str]:
    limits = f"vbv-maxrate={bitrate // 1000}:vbv-bufsize={bitrate // 2000}"
    return {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "forced-idr": "1",
        "x265-params": f"{limits}:repeat-headers=1:scenecut=0:keyint=-1:log-level=none",
    }


VP8 = Wrapped("libvpx", _vp8, drops=True)
VP9 = Wrapped("libvpx-vp9", _vp9, drops=True)
H264 = Wrapped("libx264", _h264, even=True)
H265 = Wrapped("libx265", _h265, even=True)
# It writes to the terminal what it is and how it is set, unless only errors are to be told.
AV1 = Wrapped("libsvtav1", _av1, even=True, environment=(("SVT_LOG", "1"),))


def is_there(name: str, mode: Literal["r", "w"]) -> bool:
    """Tell whether FFmpeg has a decoder ("r") or an encoder ("w") of that name."""
    try:
        av.codec.Codec(name, mode)
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def _create(name: str, mode: Literal["r", "w"]) -> VideoCodecContext:
    return cast("VideoCodecContext", av.CodecContext.create(name, mode))


class FFmpegVideoEncoder:
    """One of FFmpeg's encoders."""

    def __init__(self, wrapped: Wrapped, settings: VideoSettings) -> None:
        self._wrapped = wrapped
        self._bitrate, self._frame_rate = settings.bitrate, settings.frame_rate
        self._opened_rate = settings.bitrate
        self._impatience = 0.0
        self._context: VideoCodecContext | None = None
        self._time = 0
        self._dropper = FrameDropper()
        for name, value in wrapped.environment:
            os.environ.setdefault(name, value)

    def set_rate(self, bitrate: int, frame_rate: float) -> None:
        """Aim at so many bits per second, of so many pictures."""
        self._bitrate, self._frame_rate = bitrate, frame_rate

    def encode(self, picture: VideoFrame, *, key: bool) -> EncodedPicture | None:
        """Encode a picture of yuv420p; av.FFmpegError when it cannot be."""
        even = ~1 if self._wrapped.even else ~0
        size = (picture.width & even, picture.height & even)
        context = self._context
        if context is None or size != (context.width, context.height) or self._is_time(key=key):
            context = self._context = self._open(*size)
        fits = self._dropper.admits(self._bitrate, self._frame_rate)
        if not (fits or key or self._wrapped.drops):
            return None
        self._time += max(1, round(1 / (TIME_BASE * Fraction(self._frame_rate))))
        packets = context.encode(self._prepare(picture, *size, key=key))
        data = b"".join(map(bytes, packets))
        if not data:
            return None
        self._dropper.add(len(data))
        return EncodedPicture(data, any(packet.is_keyframe for packet in packets))

    def _prepare(self, picture: VideoFrame, width: int, height: int, *, key: bool) -> VideoFrame:
        """Return a picture of our own: the track's may be with other encoders as well."""
        copy = crop(picture, width, height)
        copy.pts, copy.time_base = self._time, TIME_BASE
        copy.pict_type = PictureType.I if key else PictureType.NONE
        return copy

    def _is_time(self, *, key: bool) -> bool:
        """Tell whether the rate has been another for long enough for a new encoder."""
        if abs(self._bitrate - self._opened_rate) <= CHANGE * self._opened_rate:
            self._impatience = 0.0
            return key and self._bitrate != self._opened_rate
        self._impatience += 1 / self._frame_rate
        return key or self._impatience >= PATIENCE

    def _open(self, width: int, height: int) -> VideoCodecContext:
        self._end()
        context = _create(self._wrapped.name, "w")
        context.width, context.height = width, height
        context.pix_fmt = "yuv420p"
        context.time_base = TIME_BASE
        context.framerate = Fraction(round(self._frame_rate * 1000), 1000)
        context.bit_rate = self._opened_rate = self._bitrate
        context.gop_size = 1 << 30
        context.thread_count = 1
        context.options = dict(self._wrapped.options(self._bitrate, min(width, height)))
        self._impatience = 0.0
        with usual_scheduling():
            context.open()
        return context

    def __del__(self) -> None:
        if getattr(self, "_context", None) is not None:
            self._end()

    def _end(self) -> None:
        """Drain the encoder: SVT-AV1 complains on the terminal when it is left in the middle."""
        if self._context is not None and self._context.is_open:
            self._context.encode(None)


class FFmpegVideoDecoder:
    """One of FFmpeg's decoders, in one thread: a connection's share is counted in decoders."""

    def __init__(self, name: str, max_pixels: int) -> None:
        self._context = _create(name, "r")
        self._context.thread_count = 1
        # Pictures may grow without a header that says so beforehand.
        self._context.options = {"max_pixels": str(max_pixels)}

    def decode(self, data: bytes, timestamp: int) -> list[VideoFrame]:
        """Decode a frame; av.FFmpegError when it cannot be."""
        packet = av.Packet(data)
        packet.pts, packet.time_base = timestamp, TIME_BASE
        return self._context.decode(packet)
