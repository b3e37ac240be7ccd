"""Which codecs there are; what a program adds is used like the rest."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from .audio import AudioDecoder, AudioEncoder
from .ffmpeg import (
    AV1,
    H264,
    H265,
    VP8,
    VP9,
    FFmpegVideoDecoder,
    FFmpegVideoEncoder,
    Wrapped,
    is_there,
)
from .h264 import H264VideoEncoder
from .libopus import load as load_opus
from .libvpx import load as load_vpx
from .libx264 import load as load_x264
from .opus import OpusAudioDecoder, OpusAudioEncoder, OpusSettings
from .plain import G722, OPUS, PCMA, PCMU, PlainAudioDecoder, PlainAudioEncoder, PlainCodec
from .video import VideoDecoder, VideoEncoder, VideoSettings
from .vpx import VpxVideoEncoder


class AudioCodec(NamedTuple):
    """How to make a decoder, and an encoder by what the peer wants (`OpusSettings` for all)."""

    decoder: Callable[[], AudioDecoder]
    encoder: Callable[[OpusSettings], AudioEncoder]


class VideoCodec(NamedTuple):
    """How to make a decoder of pictures of so many pixels at most, and an encoder.

    Without an encoder, pictures are only received.
    """

    decoder: Callable[[int], VideoDecoder]
    encoder: Callable[[VideoSettings], VideoEncoder] | None = None


_CODECS: dict[str, AudioCodec] = {}
_VIDEO_CODECS: dict[str, VideoCodec] = {}


def register_audio_codec(mime_type: str, codec: AudioCodec) -> None:
    """Use `codec` for a MIME type from now on, in place of another one if there is one."""
    _CODECS[mime_type.lower()] = codec


def find_audio_codec(mime_type: str) -> AudioCodec | None:
    """Return what was registered for a MIME type, None without."""
    return _CODECS.get(mime_type.lower())


def register_video_codec(mime_type: str, codec: VideoCodec) -> None:
    """Use `codec` for a MIME type from now on, in place of another one if there is one."""
    _VIDEO_CODECS[mime_type.lower()] = codec


def find_video_codec(mime_type: str) -> VideoCodec | None:
    """Return what was registered for a MIME type, None without."""
    return _VIDEO_CODECS.get(mime_type.lower())


def _plain(codec: PlainCodec) -> AudioCodec:
    return AudioCodec(
        lambda: PlainAudioDecoder(codec),
        lambda settings: PlainAudioEncoder(codec, settings.packet_time),
    )


for _name, _codec in (("PCMU", PCMU), ("PCMA", PCMA), ("G722", G722)):
    register_audio_codec(f"audio/{_name}", _plain(_codec))
if load_opus() is not None:
    register_audio_codec("audio/opus", AudioCodec(OpusAudioDecoder, OpusAudioEncoder))
else:
    # FFmpeg's encoder of it has packets of 20 ms.
    register_audio_codec(
        "audio/opus",
        AudioCodec(lambda: PlainAudioDecoder(OPUS), lambda _: PlainAudioEncoder(OPUS)),
    )


def _register(
    name: str, decoders: tuple[str, ...], encoder: Callable[[VideoSettings], VideoEncoder] | None
) -> None:
    """Register a codec that FFmpeg can decode by one of these decoders."""
    decoder = next((one for one in decoders if is_there(one, "r")), None)
    if decoder is not None:
        register_video_codec(
            f"video/{name}", VideoCodec(partial(FFmpegVideoDecoder, decoder), encoder)
        )


def _vp8(settings: VideoSettings) -> VideoEncoder:
    if load_vpx() is not None:
        return VpxVideoEncoder("vp8", settings)
    return FFmpegVideoEncoder(VP8, settings)


def _vp9(settings: VideoSettings) -> VideoEncoder:
    if load_vpx() is not None:
        return VpxVideoEncoder("vp9", settings)
    return FFmpegVideoEncoder(VP9, settings)


def _h264(settings: VideoSettings) -> VideoEncoder:
    if load_x264() is not None:
        return H264VideoEncoder(settings)
    return FFmpegVideoEncoder(H264, settings)


def _wrapped(encoder: Wrapped) -> Callable[[VideoSettings], VideoEncoder] | None:
    if not is_there(encoder.name, "w"):
        return None
    return lambda settings: FFmpegVideoEncoder(encoder, settings)


_register("VP8", ("libvpx", "vp8"), _vp8)
_register("H264", ("h264",), _h264)
_register("VP9", ("vp9", "libvpx-vp9"), _vp9)
_register("AV1", ("libdav1d",), _wrapped(AV1))
_register("H265", ("hevc",), _wrapped(H265))
