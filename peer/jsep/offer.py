"""createOffer (RFC 9429 §5.2)."""

from collections.abc import Mapping

from peer.jsep.bundle import Groups, bundle_only_sections, offer_groups
from peer.jsep.candidates import NOTHING_GATHERED, Gathered, with_candidates
from peer.jsep.codecs import PayloadTypes
from peer.jsep.credentials import Entropy, IceCredentials, make_credentials
from peer.jsep.description import SessionDescription, read_description
from peer.jsep.errors import InvalidStateError
from peer.jsep.extensions import ExtensionIds
from peer.jsep.layout import negotiated_sections, plan_slots
from peer.jsep.media import (
    Negotiated,
    offered_data_section,
    offered_rtp_section,
    rejected_section,
)
from peer.jsep.model import Configuration, Slot
from peer.jsep.signaling import SdpType, SignalingState
from peer.jsep.state import Created, State
from peer.jsep.strict import without_bundled_attributes
from peer.records import dataclass
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
    serialize,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is decided before the sections of an offer are written."""

    slots: tuple[Slot, ...]
    live: tuple[str, ...]
    groups: Groups
    bundle_only: frozenset[str]
    negotiated: Mapping[str, Negotiated]
    credentials: Mapping[str, IceCredentials]


def create_offer(
    state: State,
    *,
    entropy: Entropy,
    ice_restart: bool = False,
    gathered: Mapping[int, Gathered] = NOTHING_GATHERED,
) -> tuple[State, str]:
    """Return an offer, and the state that remembers it as the one to be set.

    `gathered` has the local candidates by transport id. Raises InvalidStateError.
    """
    if state.signaling_state not in (SignalingState.STABLE, SignalingState.HAVE_LOCAL_OFFER):
        raise InvalidStateError(f"createOffer in state {state.signaling_state.value}")
    draft = _draft(state, entropy, ice_restart=ice_restart)
    record = _write(state, draft)
    return remember(state, SdpType.OFFER, record, draft.slots, gathered)


def remember(
    state: State,
    type_: SdpType,
    record: Description,
    slots: tuple[Slot, ...],
    gathered: Mapping[int, Gathered],
) -> tuple[State, str]:
    """Give a created description its version, and keep it as the last one created.

    It comes with the version so far. That goes up when anything but the candidates differs from
    the description created before (RFC 9429 §5.2.2), so it never goes back, not even by a rollback.
    """
    version = state.session_version
    if state.last_created is not None and record != state.last_created.record:
        version += 1
        record = replace(record, origin=_origin(state, version))
    mids = tuple(slot.mid for slot in slots)
    description = read_description(type_, serialize(record), record, mids)
    text = with_candidates(state.wiring, description, gathered).text
    created = Created(text, description, slots, state.basis, state.offer_to_answer)
    state = replace(state, session_version=version, last_created=description)
    if type_ is SdpType.OFFER:
        return replace(state, last_offer=created), text
    return replace(state, last_answer=created), text


def _origin(state: State, version: int) -> Origin:
    return Origin("-", state.session_id, version, "IN", "IP4", "0.0.0.0")


def _draft(state: State, entropy: Entropy, *, ice_restart: bool) -> Draft:
    slots = plan_slots(state)
    transceivers = state.by_id()
    live = []
    for slot in slots:
        owner = transceivers.get(slot.transceiver) if slot.transceiver is not None else None
        if slot.is_data or (owner is not None and not owner.stopping):
            live.append(slot)
    mids = tuple(slot.mid for slot in live)
    negotiated = negotiated_sections(state)
    new = frozenset(mids) - negotiated.keys()
    unmuxed = frozenset(
        mid for mid, one in negotiated.items() if one.local.media.is_rtp and not one.rtcp_mux
    )
    groups = offer_groups(mids, state.groups, new, unmuxed)
    established = frozenset(mid for group in state.groups for mid in group)
    joinable = frozenset(mid for group in groups for mid in group if group[0] not in established)
    bundle_only = bundle_only_sections(
        [(slot.mid, slot.kind) for slot in live],
        state.configuration.bundle_policy,
        joinable & new,
    )
    draft = Draft(slots, mids, groups, bundle_only, negotiated, {})
    return replace(draft, credentials=_credentials(state, draft, entropy, ice_restart=ice_restart))


def _credentials(
    state: State, draft: Draft, entropy: Entropy, *, ice_restart: bool
) -> dict[str, IceCredentials]:
    """Return credentials for every live section: those of the transport it is offered on.

    New transports of one offer share a pair, as in browsers. RFC 9429 §5.2.1 wants unique ones, but
    then bundling changes the credentials of all sections but one, and Firefox takes the next offer
    for a partial ICE restart and refuses it.
    """
    restart = ice_restart or any(
        transport.local in state.credentials_to_replace
        for transport in state.wiring.transports.values()
    )
    fresh = make_credentials(entropy)
    if restart:
        return dict.fromkeys(draft.live, fresh)
    by_home = state.wiring.by_home()
    tags = {mid: group[0] for group in draft.groups for mid in group}
    found: dict[str, IceCredentials] = {}
    for mid in draft.live:
        own = by_home.get(mid) or state.wiring.transport_of(mid)
        tag = tags.get(mid, mid)
        transport = own or by_home.get(tag) or state.wiring.transport_of(tag)
        found[mid] = fresh if transport is None else transport.local
    return found


def _write(state: State, draft: Draft) -> Description:
    numbers = PayloadTypes(state.payload_types)
    ids = _extension_ids(state, draft)
    transceivers = state.by_id()
    media = []
    for index, slot in enumerate(draft.slots):
        transceiver = None if slot.transceiver is None else transceivers.get(slot.transceiver)
        if slot.is_data:
            section = offered_data_section(state.configuration, slot.mid)
        elif transceiver is not None and not transceiver.stopping:
            section = offered_rtp_section(
                state.configuration,
                transceiver,
                slot.mid,
                cname=state.cname,
                numbers=numbers,
                ids=ids,
                previous=draft.negotiated.get(slot.mid),
            )
        else:
            media.append(_rejected(state, slot, index))
            continue
        media.append(_with_transport(state.configuration, draft, section, slot.mid))
    if state.configuration.strict_bundle_attributes:
        media = list(without_bundled_attributes(media, _joined(draft)))
    return Description(
        _origin(state, state.session_version),
        groups=tuple(Group(BUNDLE, group) for group in draft.groups),
        ice_lite=state.configuration.ice_lite,
        ice_pacing=state.configuration.ice_pacing,
        ice=IceAttributes(options=state.configuration.ice_options),
        media=tuple(media),
    )


def _joined(draft: Draft) -> dict[str, str]:
    """Return the sections that are bundled into another for certain, with its mid."""
    return {
        mid: group[0]
        for group in draft.groups
        for mid in group[1:]
        if mid in draft.bundle_only or group[0] in draft.negotiated
    }


def _extension_ids(state: State, draft: Draft) -> ExtensionIds:
    claimed = {
        extmap.id: extmap.uri
        for mid in draft.live
        if mid in draft.negotiated
        for extmap in draft.negotiated[mid].extensions
    }
    return ExtensionIds(state.extension_ids, claimed)


def _rejected(state: State, slot: Slot, index: int) -> MediaSection:
    descriptions: tuple[SessionDescription | None, ...] = (state.local, state.remote)
    for description in descriptions:
        if description is not None and index < len(description.sections):
            media = description.sections[index].media
            return rejected_section(media.kind, media.protocol, media.formats, slot.mid)
    raise AssertionError("a slot without an owner is in one of the descriptions")


def _with_transport(
    configuration: Configuration, draft: Draft, section: MediaSection, mid: str
) -> MediaSection:
    """Add ICE and DTLS attributes, to bundled sections as well.

    RFC 9143 §7.1.3 wants them in tagged sections only, but both browsers fail on that.
    """
    bundle_only = mid in draft.bundle_only
    section = replace(section, port=0 if bundle_only else section.port, bundle_only=bundle_only)
    credentials = draft.credentials[mid]
    return replace(
        section,
        ice=IceAttributes(credentials.ufrag, credentials.pwd),
        dtls=DtlsAttributes(configuration.fingerprints, Setup.ACTPASS),
    )
