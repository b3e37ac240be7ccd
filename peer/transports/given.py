"""What a track gives that is encoded already: packets of FFmpeg's, and frames of a peer's."""

import math
from typing import Any

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import CodecContext
from av.packet import Packet

from peer.rtp import with_parameter_sets

from .encoded import timestamp_of
from .encoded_media import (
    MediaData,
    RTCEncodedAudioFrame,
    RTCEncodedVideoFrame,
    RTCEncodedVideoFrameMetadata,
    needs_another,
)
from .outbound import EncodedFrame
from .pictures import announced_pictures

_UNITS = ("video/h264", "video/h265")
_FORMATS = {
    "vp8": "video/vp8",
    "vp9": "video/vp9",
    "av1": "video/av1",
    "h264": "video/h264",
    "hevc": "video/h265",
    "opus": "audio/opus",
    "pcm_mulaw": "audio/pcmu",
    "pcm_alaw": "audio/pcma",
    "adpcm_g722": "audio/g722",
}
"""By FFmpeg's names of codecs."""
_ENCODED = Packet, RTCEncodedVideoFrame, RTCEncodedAudioFrame


def is_encoded(data: object) -> bool:
    """Tell whether it is to be sent as it is."""
    return isinstance(data, _ENCODED)


def format_of(data: MediaData) -> str | None:
    """Return the MIME type of what is encoded, in lower case; None where nothing tells it."""
    if isinstance(data, RTCEncodedVideoFrame | RTCEncodedAudioFrame):
        return data.getMetadata().mimeType.lower()
    context = _context(data)
    return None if context is None else _FORMATS.get(context.codec.canonical_name)


def suits(data: MediaData, codec: RTCRtpCodecParameters) -> bool:
    """Tell whether it can be sent with a codec, as far as it tells."""
    return format_of(data) in (None, codec.mimeType.lower())


def given_frame(data: MediaData, clock_rate: int) -> EncodedFrame | None:
    """Return a frame as it is to be sent, None for one that is to be encoded.

    ValueError when it has no time.
    """
    if isinstance(data, RTCEncodedVideoFrame | RTCEncodedAudioFrame):
        metadata = data.getMetadata()
        frame = EncodedFrame(
            bytes(data.data), metadata.rtpTimestamp, is_key=not needs_another(data)
        )
        if isinstance(metadata, RTCEncodedVideoFrameMetadata):
            return frame._replace(rotation=metadata.rotation)
        level = metadata.audioLevel
        return frame._replace(audio_level=None if level is None else decibels(level))
    if isinstance(data, Packet):
        timestamp = timestamp_of(data, clock_rate)
        return EncodedFrame(_whole(data), timestamp, is_key=data.is_keyframe)
    return None


def announced_size(data: bytes, codec: RTCRtpCodecParameters) -> tuple[int, int] | None:
    """Return the sides of pictures from a key frame on, as far as its header tells."""
    try:
        return next(((one.width, one.height) for one in announced_pictures(codec.name, data)), None)
    except ValueError:
        return None


def decibels(level: float) -> int:
    """Return a linear level, 0 to 1, in dBov, -127 to 0 (RFC 6464 §3)."""
    return -127 if level <= 0 else max(-127, min(0, round(20 * math.log10(level))))


def _whole(packet: "Packet[Any]") -> bytes:
    """Return a packet, a key frame with the parameter sets that its file keeps elsewhere."""
    data = bytes(packet)
    if not packet.is_keyframe:
        return data
    context, mime_type = _context(packet), format_of(packet)
    if mime_type in _UNITS and context is not None and context.extradata:
        return with_parameter_sets(mime_type, context.extradata, data)
    return data


def _context(data: MediaData) -> CodecContext | None:
    stream = data.stream if isinstance(data, Packet) else None
    return None if stream is None else stream.codec_context
