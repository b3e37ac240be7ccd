"""Which section runs over which transport, and with what credentials (RFC 9429 §5.9, §5.11).

A transport belongs to the section its candidates were signalled for, its home. When sections are
bundled they use the home of the tagged section; the other transports are closed by the answer.
"""

from collections.abc import Mapping

from peer.jsep.credentials import IceCredentials
from peer.jsep.description import Section, SessionDescription
from peer.jsep.errors import InvalidAccessError
from peer.jsep.model import RtcpMuxPolicy
from peer.jsep.signaling import SdpType, Side
from peer.jsep.state import State
from peer.jsep.wiring import (
    DtlsParameters,
    DtlsRole,
    RemoteIce,
    Transport,
    Wiring,
    same_certificate,
)
from peer.records import dataclass
from sdp import Setup, replace


@dataclass(frozen=True, slots=True)
class Continuation:
    """Where the transport of a section comes from.

    With `successor`, `transport` is the one whose tagged section went away or ceded its place: a
    new one takes over its credentials and its DTLS role, as browsers do. Without `transport`, all
    is new.
    """

    transport: Transport | None = None
    successor: bool = False


def continuations(
    state: State, owners: Mapping[str, str], offer: SessionDescription
) -> dict[str, Continuation]:
    """Return where the transport of every section that owns one comes from in an exchange.

    `owners` maps every section that is accepted to the section whose transport it uses.
    """
    homes = state.wiring.by_home()
    offered = offer.by_mid()
    found: dict[str, Continuation] = {}
    for owner in dict.fromkeys(owners.values()):
        if owner in homes:
            found[owner] = Continuation(homes[owner])
        else:
            found[owner] = _continuation(state, homes, owners, offered[owner])
    for mid, owner in owners.items():
        # A new section as tag takes the group over, as where browsers use an m-line again.
        if found[owner].transport is None and owner not in state.wiring.sections:
            found[owner] = Continuation(state.wiring.transport_of(mid), successor=True)
    return found


def _continuation(
    state: State, homes: Mapping[str, Transport], owners: Mapping[str, str], offered: Section
) -> Continuation:
    """Return where the transport of a section comes from that owns none yet."""
    old = state.wiring.transport_of(offered.mid)
    if old is None:
        return _offered_transport(state, homes, owners, offered)
    if old.mid not in owners:
        return Continuation(old, successor=True)
    # The same group with another section first keeps its transport; a section that left does not.
    return Continuation(old if owners[old.mid] == offered.mid else None)


def _offered_transport(
    state: State, homes: Mapping[str, Transport], owners: Mapping[str, str], offered: Section
) -> Continuation:
    """Return the transport of the tag that a section without one was offered under.

    There is none when the tag is accepted. In a first exchange the transport goes on under the new
    tag; later a successor takes its place.
    """
    if offered.tag is None or offered.tag in owners:
        return Continuation()
    transport = homes.get(offered.tag)
    established = any(offered.tag in group for group in state.groups)
    return Continuation(transport, successor=established and transport is not None)


def offer_transports(state: State, offer: SessionDescription) -> tuple[Wiring, int]:
    """Return the wiring while a local offer is pending, and the next transport id.

    Every section that may end up with a transport of its own gets one now, unless it joins a group
    that has one (RFC 9429 §5.9).
    """
    established = frozenset(mid for group in state.groups for mid in group)
    rejected = frozenset(section.mid for section in offer.sections if section.rejected)
    transports = dict(state.wiring.transports)
    by_home = state.wiring.by_home()
    number = state.next_transport
    for section in offer.sections:
        home = by_home.get(section.mid)
        if section.rejected or section.bundle_only:
            continue
        if home is not None:
            transports[home.id] = replace(home, local=_credentials(section))
        elif _needs_transport(state, section, established, rejected):
            components = _offered_components(state, section, established)
            transports[number] = Transport(number, section.mid, components, _credentials(section))
            number += 1
    controlling = True if state.wiring.controlling is None else state.wiring.controlling
    return replace(state.wiring, controlling=controlling, transports=transports), number


def _needs_transport(
    state: State, section: Section, established: frozenset[str], rejected: frozenset[str]
) -> bool:
    old = state.wiring.transport_of(section.mid)
    if old is not None:
        return section.tag == section.mid and old.mid in rejected
    return section.tag is None or section.tag == section.mid or section.tag not in established


def _offered_components(state: State, section: Section, established: frozenset[str]) -> int:
    if state.configuration.rtcp_mux_policy is RtcpMuxPolicy.REQUIRE:
        return 1
    return 2 if section.media.is_rtp and section.mid not in established else 1


def _credentials(section: Section) -> IceCredentials:
    ice = section.media.ice
    return IceCredentials(ice.ufrag or "", ice.pwd or "")


def answer_transports(
    state: State,
    offerer: Side,
    offer: SessionDescription,
    answer: SessionDescription,
    owners: Mapping[str, str],
) -> tuple[Wiring, int]:
    """Return the wiring an answer leads to, and the next transport id (RFC 9429 §5.11).

    A provisional answer closes nothing. Raises InvalidAccessError when the peer changes what may
    only change with an ICE restart.
    """
    local, remote = (offer, answer) if offerer is Side.LOCAL else (answer, offer)
    mine, theirs = local.by_mid(), remote.by_mid()
    answers = theirs if offerer is Side.LOCAL else mine
    unmuxed = _without_mux(mine, theirs, owners)
    number = state.next_transport
    made: dict[str, Transport] = {}
    for owner, came_from in continuations(state, owners, offer).items():
        transport = _start(came_from, number, mine[owner])
        number += transport.id == number
        components = 2 if owner in unmuxed else 1
        if answer.type is SdpType.PRANSWER:
            components = max(components, transport.components)
        made[owner] = _connect(
            replace(transport, components=components),
            theirs[owner],
            remote,
            role=_dtls_role(answers[owner], offerer),
            restarted=_is_restarted(state, transport, theirs[owner]),
            settled=state.stable is not None and transport.id in state.stable.wiring.transports,
        )
    transports = {} if answer.type is SdpType.ANSWER else dict(state.wiring.transports)
    transports.update({transport.id: transport for transport in made.values()})
    wiring = replace(
        state.wiring,
        controlling=_controlling(state, offerer, remote),
        transports={key: transports[key] for key in sorted(transports)},
        sections={mid: made[owner].id for mid, owner in owners.items()},
    )
    return wiring, number


def _start(came_from: Continuation, number: int, section: Section) -> Transport:
    """Return the transport before the peer's parameters are looked at."""
    old = came_from.transport
    if old is None or came_from.successor:
        return Transport(number, section.mid, 1, _credentials(section))
    return replace(old, mid=section.mid, local=_credentials(section))


def _without_mux(
    mine: Mapping[str, Section], theirs: Mapping[str, Section], owners: Mapping[str, str]
) -> frozenset[str]:
    """Return the owners of transports that need a component for RTCP (RFC 5761 §5.1.1)."""
    return frozenset(
        owner
        for mid, owner in owners.items()
        if mine[mid].media.is_rtp and not (mine[mid].media.rtcp.mux and theirs[mid].media.rtcp.mux)
    )


def _controlling(state: State, offerer: Side, remote: SessionDescription) -> bool:
    """RFC 8839 §4.2.3, RFC 8445 §6.1.1: the first offerer controls, unless one side is lite."""
    if remote.record.ice_lite is not state.configuration.ice_lite:
        return remote.record.ice_lite
    current = state.wiring.controlling
    return offerer is Side.LOCAL if current is None else current


def _dtls_role(answer: Section, offerer: Side) -> DtlsRole:
    """Return our role; without a=setup in an answer the answerer is passive (RFC 4145 §4.1)."""
    active = answer.media.dtls.setup is Setup.ACTIVE
    answerer = DtlsRole.CLIENT if active else DtlsRole.SERVER
    return answerer.other if offerer is Side.LOCAL else answerer


def _is_restarted(state: State, transport: Transport, theirs: Section) -> bool:
    """Tell whether ICE is restarted on a transport, or new there.

    RFC 9429 §5.10 has no answer restart what the offer did not, but where another endpoint takes
    the call over it cannot do otherwise, and browsers take that for a restart of its side alone.
    """
    before = None if state.stable is None else state.stable.wiring.transports.get(transport.id)
    if before is None or before.remote is None or transport.local != before.local:
        return True
    return _credentials(theirs) != before.remote.credentials


def _connect(
    transport: Transport,
    theirs: Section,
    remote: SessionDescription,
    *,
    role: DtlsRole,
    restarted: bool,
    settled: bool,
) -> Transport:
    """Return the transport with what the peer's section says; `settled` is one used before."""
    dtls = transport.dtls
    fingerprints = theirs.media.dtls.fingerprints
    same = dtls is not None and same_certificate(dtls.fingerprints, fingerprints)
    if dtls is None:
        dtls = DtlsParameters(role, fingerprints)
    elif same and (dtls.role is role or not restarted or (settled and remote.type.is_answer)):
        # RFC 8842 §4 wants a new association where the role turns round. Firefox answers every ICE
        # restart as active, Pion and GStreamer every offer, and all go on with the one there is.
        dtls = replace(dtls, role=role)
    elif not restarted:
        raise InvalidAccessError(
            f"section {theirs.mid}: the fingerprint changes without an ICE restart"
        )
    else:
        dtls = DtlsParameters(role, fingerprints, dtls.association + 1)
    remote_ice = RemoteIce(
        _credentials(theirs),
        lite=remote.record.ice_lite,
        pacing=remote.record.ice_pacing,
        options=theirs.media.ice.options,
    )
    if transport.remote is not None and transport.remote.credentials != remote_ice.credentials:
        transport = replace(transport, remote_candidates=(), end_of_remote_candidates=False)
    return replace(transport, remote=remote_ice, dtls=dtls)
