"""What calls and events of a connection are in its trace: plain JSON, without what is secret."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from peer.api import (
    CircuitBreakerEvent,
    Event,
    RTCConfiguration,
    RTCDataChannel,
    RTCDataChannelEvent,
    RTCIceCandidate,
    RTCPeerConnectionIceErrorEvent,
    RTCPeerConnectionIceEvent,
    RTCSessionDescription,
    RTCTrackEvent,
    candidate_to_sdp,
)
from peer.records import dataclass
from sdp import redact


@dataclass(frozen=True, slots=True)
class ToldDescription:
    """A description that is written without passwords when it is asked for, which is rarely."""

    type: str
    text: str = field(repr=False)

    def plain(self) -> dict[str, str]:
        """Write it."""
        return {"type": self.type, "sdp": redact(self.text)}


def told_description(description: object) -> ToldDescription | str | None:
    """Give a description: its type, and its text without passwords."""
    if isinstance(description, Mapping):
        type_, text = description.get("type"), description.get("sdp", "")
    elif isinstance(description, RTCSessionDescription):
        type_, text = description.type, description.sdp
    else:
        return None if description is None else f"no description: {type(description).__name__}"
    return ToldDescription(str(type_), text if isinstance(text, str) else "")


def told_candidate(candidate: object) -> Any:
    """Give a candidate as browsers send it."""
    if isinstance(candidate, RTCIceCandidate):
        if hasattr(candidate, "toJSON"):
            return candidate.toJSON()
        text = f"candidate:{candidate_to_sdp(candidate)}"  # one of aiortc's own
        return {"candidate": text, "sdpMid": candidate.sdpMid}
    if isinstance(candidate, Mapping):
        names = ("candidate", "sdpMid", "sdpMLineIndex", "usernameFragment")
        return {name: _plain(candidate[name]) for name in names if name in candidate}
    return None if candidate is None else f"no candidate: {type(candidate).__name__}"


def told_configuration(configuration: RTCConfiguration) -> dict[str, Any]:
    """Give the settings that set-up depends on, without credentials."""
    servers = configuration.iceServers
    named = [{"urls": one.urls, "username": one.username} for one in servers or []]
    return {
        "iceServers": None if servers is None else named,
        "iceTransportPolicy": configuration.iceTransportPolicy.value,
        "bundlePolicy": configuration.bundlePolicy.value,
        "rtcpMuxPolicy": configuration.rtcpMuxPolicy.value,
        "iceCandidatePoolSize": configuration.iceCandidatePoolSize,
        "trickle": configuration.trickle,
    }


def told_channel(channel: RTCDataChannel) -> list[Any]:
    """Give a data channel: its label and what it was made with."""
    options = {
        "ordered": channel.ordered,
        "maxPacketLifeTime": channel.maxPacketLifeTime,
        "maxRetransmits": channel.maxRetransmits,
        "negotiated": channel.negotiated,
        "id": channel.id,
    }
    return [channel.label, options]


def told_event(event: Event) -> Any:
    """Give what an event says besides its type."""
    match event:
        case RTCPeerConnectionIceEvent(candidate=None):
            return None
        case RTCPeerConnectionIceEvent(candidate=RTCIceCandidate() as candidate, url=url):
            return candidate.toJSON() | {"url": url}
        case RTCPeerConnectionIceErrorEvent():
            return {
                "address": event.address,
                "port": event.port,
                "url": event.url,
                "errorCode": event.errorCode,
                "errorText": event.errorText,
            }
        case RTCTrackEvent(track=track, streams=streams):
            return [track.kind, track.id, "", *(stream.id for stream in streams)]
        case RTCDataChannelEvent(channel=channel):
            return [channel.id, channel.label]
        case CircuitBreakerEvent():
            return {"ssrc": event.ssrc, "reason": event.reason}
        case _:
            return None


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | None) else type(value).__name__
