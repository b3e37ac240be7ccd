"""Candidates between descriptions, the ICE agent and the application."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address

from peer.ice import (
    Candidate,
    CandidateType,
    NetworkType,
    TcpType,
    TransportAddress,
    TransportProtocol,
)
from peer.transports import RTCIceCandidate as AiortcIceCandidate
from sdp import Candidate as SdpCandidate

from .errors import JsepTypeError
from .ice_candidate import (
    CandidateInit,
    RTCIceCandidate,
    candidate_to_sdp,
    from_sdp,
    read_init,
)
from .shown import shown

_DISCARD_PORT = 9
_NETWORK_COST = {
    NetworkType.WIRED: 0,
    NetworkType.LOOPBACK: 0,
    NetworkType.CONTAINER: 0,
    NetworkType.VPN: 1,
    NetworkType.WIFI: 10,
    NetworkType.UNKNOWN: 50,
    NetworkType.CELLULAR: 900,
}
"""libwebrtc prefers paths of lower cost, which both ends add up; these are its figures."""


def to_ice(candidate: SdpCandidate) -> Candidate | None:
    """Give what the ICE agent takes; None for what RFC 8839 §5.1 has a receiver ignore."""
    if candidate.skip_reason is not None:
        return None
    related = _related(candidate)
    return Candidate(
        candidate.foundation,
        candidate.component,
        TransportProtocol(candidate.transport),
        candidate.priority,
        TransportAddress(_canonical(candidate.address) or candidate.address, candidate.port),
        CandidateType(candidate.type),
        related,
        TcpType(candidate.tcp_type) if candidate.transport == "tcp" else None,
    )


def _related(candidate: SdpCandidate) -> TransportAddress | None:
    if candidate.related_address is None or candidate.related_port is None:
        return None
    host = _canonical(candidate.related_address)
    return None if host is None else TransportAddress(host, candidate.related_port)


@lru_cache(maxsize=1024)
def _canonical(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def from_ice(candidate: Candidate, username_fragment: str | None = None) -> SdpCandidate:
    """Give a candidate of the agent as descriptions and applications show it.

    With a username fragment it says which generation it belongs to. An address that was behind a
    ``.local`` name is not shown (draft-ietf-mmusic-mdns-ice-candidates §3.3).
    """
    address = candidate.address
    host = _unspecified(address.host) if candidate.hidden else address.host
    related = _shown_related(candidate)
    return SdpCandidate(
        candidate.foundation,
        candidate.component,
        candidate.transport.value,
        candidate.priority,
        host,
        address.port,
        candidate.type.value,
        None if related is None else related.host,
        None if related is None else related.port,
        None if candidate.tcp_type is None else candidate.tcp_type.value,
        _extensions(candidate, username_fragment),
    )


def _shown_related(candidate: Candidate) -> TransportAddress | None:
    """RFC 8839 §5.1: none for host candidates, and a fixed one where it is not to be told."""
    if candidate.type is CandidateType.HOST:
        return None
    hidden = TransportAddress(_unspecified(candidate.address.host), _DISCARD_PORT)
    return candidate.related_address or hidden


def _unspecified(host: str) -> str:
    return "::" if ":" in host else "0.0.0.0"


def _extensions(candidate: Candidate, username_fragment: str | None) -> tuple[tuple[str, str], ...]:
    """Write what libwebrtc writes; the generation is always 0, as the fragment tells it."""
    extensions = [("generation", "0")]
    if username_fragment:
        extensions.append(("ufrag", username_fragment))
    if candidate.network is not None:
        extensions.append(("network-cost", str(_NETWORK_COST[candidate.network])))
    return tuple(extensions)


def local_candidate(
    candidate: Candidate, username_fragment: str, sdp_mid: str, sdp_mline_index: int | None = None
) -> RTCIceCandidate:
    """Give what an "icecandidate" event carries, with the server it came from."""
    return from_sdp(
        from_ice(candidate, username_fragment),
        sdp_mid,
        sdp_mline_index,
        relay_protocol=candidate.relay_protocol,
        url=candidate.url,
    )


def from_value(value: object) -> CandidateInit:
    """Read what addIceCandidate was given: a candidate of ours or aiortc's, its JSON form, or None.

    None and "" are the end of candidates of every section. Raises JsepTypeError for anything else.
    """
    match value:
        case None | "":
            return CandidateInit()
        case Mapping():
            return read_init(value)
        case RTCIceCandidate() if type(value) is not AiortcIceCandidate:
            return read_init(value.toJSON())
        case AiortcIceCandidate():
            text = f"candidate:{candidate_to_sdp(value)}"
            return CandidateInit(text, value.sdpMid, value.sdpMLineIndex)
        case _:
            raise JsepTypeError(f"{shown(value)} is no candidate")
