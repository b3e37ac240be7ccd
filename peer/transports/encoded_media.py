"""Encoded frames as programs hold them (W3C webrtc-encoded-transform §6, §7)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from av.frame import Frame
from av.packet import Packet

_SILENCE = 127


@dataclass(slots=True)
class RTCEncodedFrameMetadata:
    """What a frame says of itself, as far as it is known.

    `rtpTimestamp` counts in the codec's clock. A received frame has `receiveTime`, and
    `captureTime` by our clock once the sender has told; with the seconds `senderCaptureTimeOffset`
    that is by the clock of whoever captured it.
    """

    mimeType: str
    rtpTimestamp: int
    payloadType: int | None = None
    synchronizationSource: int | None = None
    contributingSources: tuple[int, ...] = ()
    receiveTime: datetime | None = None
    captureTime: datetime | None = None
    senderCaptureTimeOffset: float | None = None


@dataclass(slots=True)
class RTCEncodedVideoFrameMetadata(RTCEncodedFrameMetadata):
    """That of a picture.

    `frameId` counts the pictures of an encoding. `dependencies` are those it needs, None where the
    sender does not tell. `timestamp` is in microseconds, from any origin. The picture is upright
    after a `rotation` of so many degrees clockwise (3GPP TS 26.114 §7.4.5), by WebCodecs' name.
    """

    frameId: int | None = None
    dependencies: tuple[int, ...] | None = None
    width: int | None = None
    height: int | None = None
    spatialIndex: int | None = None
    temporalIndex: int | None = None
    timestamp: int | None = None
    rotation: int = 0


@dataclass(slots=True)
class RTCEncodedAudioFrameMetadata(RTCEncodedFrameMetadata):
    """That of a packet of sound; `audioLevel` is linear, 0 to 1.

    `sequenceNumber` is that of its RTP packet; None before it is sent, and of a frame that came as
    a copy in another packet (RFC 2198).
    """

    sequenceNumber: int | None = None
    audioLevel: float | None = None


class RTCEncodedVideoFrame:
    """A picture as the encoder made it and the decoder takes it; `type` is "key" or "delta"."""

    __slots__ = ("_metadata", "data", "type")

    def __init__(self, data: bytes, metadata: RTCEncodedVideoFrameMetadata, type: str) -> None:  # noqa: A002
        self.data = data
        self.type = type
        self._metadata = metadata

    def __repr__(self) -> str:
        return f"RTCEncodedVideoFrame({len(self.data)} bytes, {self.type}, {self._metadata})"

    def getMetadata(self) -> RTCEncodedVideoFrameMetadata:
        """Return a copy of what the frame says of itself."""
        return replace(self._metadata)


class RTCEncodedAudioFrame:
    """A packet of sound as the encoder made it and the decoder takes it."""

    __slots__ = ("_metadata", "data")

    def __init__(self, data: bytes, metadata: RTCEncodedAudioFrameMetadata) -> None:
        self.data = data
        self._metadata = metadata

    def __repr__(self) -> str:
        return f"RTCEncodedAudioFrame({len(self.data)} bytes, {self._metadata})"

    def getMetadata(self) -> RTCEncodedAudioFrameMetadata:
        """Return a copy of what the frame says of itself."""
        return replace(self._metadata)


EncodedMedia = RTCEncodedVideoFrame | RTCEncodedAudioFrame
MediaData: TypeAlias = "Frame | Packet[Any] | EncodedMedia"
"""What a track may give: what is to be encoded, or is already."""


def needs_another(frame: EncodedMedia) -> bool:
    """Tell whether it is a picture that cannot be decoded without others."""
    return isinstance(frame, RTCEncodedVideoFrame) and frame.type != "key"


def linear_level(level: int) -> float:
    """Return the linear level, 0 to 1, of one in -dBov (RFC 6464 §3)."""
    return 0.0 if level == _SILENCE else 10 ** (-level / 20)
