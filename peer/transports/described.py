"""What received frames say of themselves to programs that take them encoded."""

from typing import NamedTuple

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.rtp import RtpPacket, VideoFrame

from .encoded_media import (
    RTCEncodedAudioFrame,
    RTCEncodedAudioFrameMetadata,
    RTCEncodedVideoFrame,
    RTCEncodedVideoFrameMetadata,
    linear_level,
)
from .frame_times import FrameTimes
from .inbound import InboundStream

CLOCK_RATE = 90000
"""Ticks a second of every format for pictures."""
_MICROSECONDS = 1_000_000


class Origin(NamedTuple):
    """Where a packet came from, what its payload type meant when it came, and what it says."""

    stream: InboundStream
    codec: RTCRtpCodecParameters
    timestamp: int
    csrcs: tuple[int, ...]
    orientation: int | None = None


def described_picture(frame: VideoFrame[Origin], now: float) -> RTCEncodedVideoFrame:
    """Return a picture as programs take it; another one each time."""
    origin, layers = frame.packets[0], frame.layers
    stream, codec = origin.stream, origin.codec
    times = stream.times(origin.timestamp, origin.csrcs, frame.arrival, now)
    width, height = frame.size or (None, None)
    temporal = -1 if layers is None else layers.temporal
    metadata = RTCEncodedVideoFrameMetadata(
        mimeType=codec.mimeType,
        rtpTimestamp=origin.timestamp,
        payloadType=codec.payloadType,
        synchronizationSource=stream.ssrc,
        contributingSources=origin.csrcs,
        receiveTime=times.receiveTime,
        captureTime=times.captureTime,
        senderCaptureTimeOffset=times.senderCaptureTimeOffset,
        frameId=frame.number,
        dependencies=_dependencies(frame),
        width=width,
        height=height,
        temporalIndex=None if temporal < 0 else temporal,
        timestamp=frame.time * _MICROSECONDS // CLOCK_RATE,
        rotation=frame.rotation,
    )
    return RTCEncodedVideoFrame(frame.data, metadata, "key" if frame.is_key else "delta")


def _dependencies(frame: VideoFrame[Origin]) -> tuple[int, ...] | None:
    """Without temporal layers each picture needs the one before it."""
    if frame.is_key:
        return ()
    layers = frame.layers
    if layers is not None and (layers.temporal >= 0 or layers.references is not None):
        return None
    return (frame.number - 1,)


def described_sound(
    payload: bytes,
    packet: RtpPacket,
    codec: RTCRtpCodecParameters,
    times: FrameTimes,
    *,
    level: int | None,
) -> RTCEncodedAudioFrame:
    """Return a packet of sound as programs take it; `level` is in -dBov (RFC 6464)."""
    is_copy = times.rtpTimestamp != packet.timestamp
    metadata = RTCEncodedAudioFrameMetadata(
        mimeType=codec.mimeType,
        rtpTimestamp=times.rtpTimestamp,
        payloadType=codec.payloadType,
        synchronizationSource=packet.ssrc,
        contributingSources=packet.csrcs,
        receiveTime=times.receiveTime,
        captureTime=times.captureTime,
        senderCaptureTimeOffset=times.senderCaptureTimeOffset,
        sequenceNumber=None if is_copy else packet.sequence_number,
        audioLevel=None if level is None or is_copy else linear_level(level),
    )
    return RTCEncodedAudioFrame(payload, metadata)
