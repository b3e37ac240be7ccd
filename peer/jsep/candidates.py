"""Candidates in descriptions: local ones written in, remote ones that trickled in kept."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from peer.jsep.credentials import IceCredentials
from peer.jsep.description import Section, SessionDescription
from peer.jsep.wiring import Transport, Wiring
from peer.records import dataclass
from sdp import (
    UNSPECIFIED,
    Candidate,
    Connection,
    MediaSection,
    RtcpAddress,
    replace,
)

_RTP_COMPONENT = 1
_RTCP_COMPONENT = 2
# RFC 8839 §4.2.1.2: the default candidate is the one most likely to work, whatever the network.
_DEFAULT_RANK = {"relay": 0, "srflx": 1, "prflx": 2, "host": 3}


@dataclass(frozen=True, slots=True)
class Gathered:
    """Local candidates of the present generation of one transport.

    `selected` is the local candidate of the pair in use, by component, once there is one.
    """

    candidates: tuple[Candidate, ...] = ()
    complete: bool = False
    selected: tuple[Candidate, ...] = ()


NOTHING_GATHERED: Mapping[int, Gathered] = MappingProxyType({})


def with_candidates(
    wiring: Wiring, description: SessionDescription, gathered: Mapping[int, Gathered]
) -> SessionDescription:
    """Return a local description with the candidates gathered for its sections.

    They go into sections with a transport of their own; a section bundled into another takes the
    port and address of that one, except where it is bundle-only (RFC 9429 §5.2.2, RFC 9143 §7.1.3).
    """
    homes = wiring.by_home()
    filled: dict[str, MediaSection] = {}
    for section in description.sections:
        transport = homes.get(section.mid)
        if transport is None or section.rejected or section.bundle_only:
            continue
        if transport.id in gathered and _same_generation(section, transport):
            filled[section.mid] = _fill(
                description.record.media[section.index], gathered[transport.id], transport
            )
    if not filled:
        return description
    media = tuple(
        filled.get(section.mid) or _like_tag(description, section, filled)
        for section in description.sections
    )
    record = replace(description.record, media=media)
    return replace(description, original=None, record=record)


def _same_generation(section: Section, transport: Transport) -> bool:
    ice = section.media.ice
    return IceCredentials(ice.ufrag or "", ice.pwd or "") == transport.local


def _fill(media: MediaSection, gathered: Gathered, transport: Transport) -> MediaSection:
    candidates = tuple(
        candidate
        for candidate in gathered.candidates
        if candidate.component <= transport.components
    )
    ice = replace(media.ice, candidates=candidates, end_of_candidates=gathered.complete)
    connection, port = _address(_default(gathered, candidates, _RTP_COMPONENT))
    rtcp = media.rtcp
    second = _default(gathered, candidates, _RTCP_COMPONENT)
    if second is not None and transport.components == _RTCP_COMPONENT:
        rtcp_connection, rtcp_port = _address(second)
        rtcp = replace(rtcp, address=RtcpAddress(rtcp_port, rtcp_connection))
    return replace(media, ice=ice, connection=connection, port=port, rtcp=rtcp)


def _default(
    gathered: Gathered, candidates: Sequence[Candidate], component: int
) -> Candidate | None:
    """Return the default candidate: the selected one, else relay before srflx before host.

    IPv4 goes before IPv6; only UDP, since that is what the protocol field says (§4.2.1.2).
    """
    for candidate in gathered.selected:
        if candidate.component == component and candidate.transport == "udp":
            return candidate
    usable = [one for one in candidates if one.component == component and one.transport == "udp"]
    return min(
        usable,
        key=lambda one: (_DEFAULT_RANK.get(one.type, 9), ":" in one.address, -one.priority),
        default=None,
    )


def _address(candidate: Candidate | None) -> tuple[Connection, int]:
    """Return what c= and m= say; nothing that a peer would have to resolve (RFC 8840 §4.1.1)."""
    if candidate is None or candidate.is_mdns:
        return UNSPECIFIED, 9
    addrtype = "IP6" if ":" in candidate.address else "IP4"
    return Connection(candidate.address, addrtype), candidate.port


def _like_tag(
    description: SessionDescription, section: Section, filled: Mapping[str, MediaSection]
) -> MediaSection:
    media = description.record.media[section.index]
    tagged = None if section.tag is None else filled.get(section.tag)
    if tagged is None or section.rejected or section.bundle_only:
        return media
    return replace(media, connection=tagged.connection, port=tagged.port)
