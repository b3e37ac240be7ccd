"""createAnswer (RFC 9429 §5.3)."""

from collections.abc import Mapping

from peer.jsep.bundle import Decision, decide
from peer.jsep.candidates import NOTHING_GATHERED, Gathered
from peer.jsep.credentials import Entropy, IceCredentials, make_credentials
from peer.jsep.description import Section, SessionDescription
from peer.jsep.errors import InvalidStateError
from peer.jsep.media import (
    answered_codecs,
    answered_data_section,
    answered_rtp_section,
    rejected_section,
)
from peer.jsep.model import Transceiver
from peer.jsep.offer import remember
from peer.jsep.signaling import SdpType, SignalingState
from peer.jsep.state import State
from peer.jsep.strict import without_bundled_attributes
from peer.jsep.transports import Continuation, continuations
from peer.jsep.wiring import DtlsRole, same_certificate
from sdp import (
    BUNDLE,
    Description,
    DtlsAttributes,
    Group,
    IceAttributes,
    MediaSection,
    Origin,
    Setup,
    replace,
)


def create_answer(
    state: State,
    *,
    entropy: Entropy,
    gathered: Mapping[int, Gathered] = NOTHING_GATHERED,
) -> tuple[State, str]:
    """Return an answer to the pending offer, and the state that remembers it.

    `gathered` has the local candidates by transport id. Raises InvalidStateError.
    """
    offer = state.pending_remote
    if offer is None or state.signaling_state not in (
        SignalingState.HAVE_REMOTE_OFFER,
        SignalingState.HAVE_LOCAL_PRANSWER,
    ):
        raise InvalidStateError(f"createAnswer in state {state.signaling_state.value}")
    decision = decide(
        offer,
        acceptable=_acceptable_mids(state, offer),
        policy=state.configuration.bundle_policy,
        accepts_all=state.configuration.balanced_answer_accepts_all,
    )
    record = _write(state, offer, decision, entropy)
    return remember(state, SdpType.ANSWER, record, state.slots, gathered)


def _acceptable_mids(state: State, offer: SessionDescription) -> frozenset[str]:
    """Return the mids of sections that could be accepted whatever BUNDLE makes of them (§5.3.1).

    That of a transceiver that stops is inactive until our next offer ends it (W3C stop): rejecting
    the tagged section would end its whole group (RFC 9143 §7.3.3).
    """
    transceivers = state.by_id()
    acceptable: set[str] = set()
    data = False
    for section, slot in zip(offer.sections, state.slots, strict=True):
        if section.rejected:
            continue
        if slot.is_data and not data:
            data = section.media.sctp_port != 0
            if data:
                acceptable.add(section.mid)
            continue
        transceiver = None if slot.transceiver is None else transceivers.get(slot.transceiver)
        if transceiver is None:
            continue
        if answered_codecs(state.configuration, transceiver, section.media):
            acceptable.add(section.mid)
    return frozenset(acceptable)


def _write(
    state: State, offer: SessionDescription, decision: Decision, entropy: Entropy
) -> Description:
    setups, credentials = _transport_attributes(state, offer, decision, entropy)
    transceivers = state.by_id()
    current = state.current_local.by_mid() if state.current_local is not None else {}
    media = []
    for section in offer.sections:
        owner = decision.owners.get(section.mid)
        if owner is None:
            media.append(_rejected(section.media))
            continue
        number = state.slots[section.index].transceiver
        transceiver = None if number is None else transceivers[number]
        answered = _answered(state, section, transceiver, current.get(section.mid))
        ice = IceAttributes(credentials[owner].ufrag, credentials[owner].pwd)
        dtls = DtlsAttributes(state.configuration.fingerprints, setups[owner])
        media.append(replace(answered, ice=ice, dtls=dtls))
    if state.configuration.strict_bundle_attributes:
        joined = {mid: group[0] for group in decision.groups for mid in group[1:]}
        media = list(without_bundled_attributes(media, joined))
    return Description(
        Origin("-", state.session_id, state.session_version, "IN", "IP4", "0.0.0.0"),
        groups=tuple(Group(BUNDLE, group) for group in decision.groups),
        ice_lite=state.configuration.ice_lite,
        ice_pacing=state.configuration.ice_pacing,
        ice=IceAttributes(options=_ice_options(state, offer)),
        media=tuple(media),
    )


def _rejected(offered: MediaSection) -> MediaSection:
    return rejected_section(offered.kind, offered.protocol, offered.formats, offered.mid)


def _answered(
    state: State, section: Section, transceiver: Transceiver | None, current: Section | None
) -> MediaSection:
    if transceiver is None:
        return answered_data_section(state.configuration, section.media)
    return answered_rtp_section(
        state.configuration,
        transceiver,
        section.media,
        state.cname,
        had_msid=current is not None and bool(current.media.msids),
    )


def _ice_options(state: State, offer: SessionDescription) -> tuple[str, ...]:
    """RFC 9429 §5.3.1: only those that were offered."""
    offered = set(offer.record.ice.options)
    for section in offer.sections:
        offered.update(section.media.ice.options)
    ours = state.configuration
    known = (*ours.ice_options, *ours.former_ice_options)
    return tuple(option for option in known if option in offered)


def _transport_attributes(
    state: State, offer: SessionDescription, decision: Decision, entropy: Entropy
) -> tuple[dict[str, Setup], dict[str, IceCredentials]]:
    """Return a=setup and the ICE credentials for every section that owns a transport.

    New transports share a pair, as in offers: Firefox refuses an answer that bundles them later if
    that changes the credentials of some.
    """
    offered = offer.by_mid()
    fresh = make_credentials(entropy)
    setups = {}
    credentials = {}
    for owner, came_from in continuations(state, decision.owners, offer).items():
        credentials[owner] = _credentials(came_from, offered[owner], fresh)
        setups[owner] = _setup(came_from, offered[owner])
    return setups, credentials


def _credentials(
    came_from: Continuation, offered: Section, fresh: IceCredentials
) -> IceCredentials:
    """Keep the credentials unless the offer restarts ICE (RFC 9429 §5.3.2)."""
    old = came_from.transport
    if old is None or old.remote is None or restarts_ice(old.remote.credentials, offered):
        return fresh
    return old.local


def restarts_ice(old: IceCredentials, offered: Section) -> bool:
    """Tell whether the peer changed username fragment or password (RFC 8839 §4.4.1.1.1)."""
    ice = offered.media.ice
    return (ice.ufrag, ice.pwd) != old


def _setup(came_from: Continuation, offered: Section) -> Setup:
    """Return the role to answer with: as before, else active where the offer lets us choose.

    An offer without a=setup is taken for actpass: RFC 4145 §4.1 would make the peer active, but
    those that leave it out wait for a ClientHello.
    """
    dtls = None if came_from.transport is None else came_from.transport.dtls
    asked = offered.media.dtls.setup
    wanted = Setup.PASSIVE if asked is Setup.ACTIVE else Setup.ACTIVE
    if dtls is None or asked in (Setup.ACTIVE, Setup.PASSIVE):
        return wanted
    if not came_from.successor and not same_certificate(
        dtls.fingerprints, offered.media.dtls.fingerprints
    ):
        return wanted
    return Setup.ACTIVE if dtls.role is DtlsRole.CLIENT else Setup.PASSIVE
