"""The W3C's events: what listeners added with addEventListener and handler attributes are given."""

from dataclasses import field
from typing import Any

from peer.records import dataclass
from peer.transports import MediaStreamTrack

from .errors import RTCError
from .ice_candidate import RTCIceCandidate


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened; `type` is its name."""

    type: str


@dataclass(frozen=True, slots=True)
class RTCTrackEvent(Event):
    """A remote track came: with its RTCRtpReceiver, RTCRtpTransceiver and MediaStreams."""

    type: str = field(default="track", kw_only=True)
    receiver: Any
    track: MediaStreamTrack
    streams: tuple[Any, ...]
    transceiver: Any


@dataclass(frozen=True, slots=True)
class RTCDataChannelEvent(Event):
    """The peer made an RTCDataChannel."""

    type: str = field(default="datachannel", kw_only=True)
    channel: Any


@dataclass(frozen=True, slots=True)
class RTCPeerConnectionIceEvent(Event):
    """A local candidate was gathered; None when there are no more."""

    type: str = field(default="icecandidate", kw_only=True)
    candidate: RTCIceCandidate | None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class RTCPeerConnectionIceErrorEvent(Event):
    """A STUN or TURN server could not be used; `errorCode` 701 when it was not reached."""

    type: str = field(default="icecandidateerror", kw_only=True)
    address: str | None
    port: int | None
    url: str
    errorCode: int
    errorText: str


@dataclass(frozen=True, slots=True)
class CircuitBreakerEvent(Event):
    """A stream should not be sent any more (RFC 8083), or, without a `reason`, may be again.

    The reason is "no-reports", "nothing-received" or "congestion". Nothing is stopped by it.
    """

    type: str = field(default="circuitbreaker", kw_only=True)
    ssrc: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class RTCDTMFToneChangeEvent(Event):
    """A tone began; it is empty when all have ended."""

    type: str = field(default="tonechange", kw_only=True)
    tone: str


@dataclass(frozen=True, slots=True)
class MessageEvent(Event):
    """A message arrived on a data channel."""

    type: str = field(default="message", kw_only=True)
    data: str | bytes


@dataclass(frozen=True, slots=True)
class RTCErrorEvent(Event):
    """Something failed."""

    type: str = field(default="error", kw_only=True)
    error: RTCError


@dataclass(frozen=True, slots=True)
class MediaStreamTrackEvent(Event):
    """A stream has one track more, or less: `type` is "addtrack" or "removetrack"."""

    type: str = field(kw_only=True)
    track: MediaStreamTrack
