"""setLocalDescription and setRemoteDescription (RFC 9429 §5.5 to §5.11).

Every function returns a new state or raises; a refused description changes nothing.
"""

from collections.abc import Mapping

from peer.jsep.answer import create_answer
from peer.jsep.association import associate, remote_mids
from peer.jsep.candidates import NOTHING_GATHERED, Gathered
from peer.jsep.credentials import Entropy, IceCredentials
from peer.jsep.description import SessionDescription, parse_description, read_description
from peer.jsep.errors import InvalidModificationError
from peer.jsep.meaning import is_same
from peer.jsep.model import Slot
from peer.jsep.offer import create_offer
from peer.jsep.parameters import wire_media
from peer.jsep.remote_candidates import collect_candidates, supports_trickle
from peer.jsep.rollback import rolled_back, snapshot
from peer.jsep.signaling import SdpType, Side, SignalingState, implied_type, next_state
from peer.jsep.simulcast import negotiated_encodings
from peer.jsep.state import Created, Outcome, State, outcome
from peer.jsep.tolerance import oddities
from peer.jsep.tracks import process_remote_tracks, set_current_directions
from peer.jsep.transports import answer_transports, offer_transports
from peer.jsep.validation import (
    check_answer,
    check_common_codecs,
    check_offer,
    credentials_fault,
)
from sdp import replace


def set_local_description(
    state: State,
    type_: SdpType | None = None,
    text: str = "",
    *,
    entropy: Entropy,
    gathered: Mapping[int, Gathered] = NOTHING_GATHERED,
) -> Outcome:
    """Set a description createOffer or createAnswer returned last, or with no text make one.

    It may be written in another way, as long as it says the same. Without a type it is an offer or
    an answer as the state demands. `gathered` has the local candidates by transport id, for a
    description made here; a rollback needs neither text nor candidates. Raises InvalidStateError,
    InvalidModificationError for any other text, and InvalidAccessError.
    """
    type_ = implied_type(state.signaling_state) if type_ is None else type_
    target = next_state(state.signaling_state, Side.LOCAL, type_)
    if type_ is SdpType.ROLLBACK:
        return outcome(state, rolled_back(state), rollback=True)
    created = _created(state, type_, text, entropy, gathered)
    base = _note_created(state, created)
    if type_ is SdpType.OFFER:
        return outcome(state, _local_offer(base, created, target))
    description = replace(created.description, type=type_)
    new = _apply_answer(_note_numbers(base, description), Side.LOCAL, description, target)
    return outcome(state, new)


def set_remote_description(state: State, type_: SdpType, text: str, *, entropy: Entropy) -> Outcome:
    """Apply a description of the peer; an offer on top of our own rolls that back first.

    Raises InvalidStateError, RTCError when the text does not parse, and InvalidAccessError.
    """
    target = next_state(state.signaling_state, Side.REMOTE, type_)
    if type_ is SdpType.ROLLBACK:
        return outcome(state, rolled_back(state), rollback=True)
    is_offer = type_ is SdpType.OFFER
    if is_offer:
        new = _remote_offer(rolled_back(state), text, target, entropy)
    else:
        new = _remote_answer(state, type_, text, target)
    description = new.pending_remote or new.current_remote
    assert description is not None
    made = outcome(state, new, rollback=is_offer)
    return made._replace(oddities=oddities(state, description))


def _created(
    state: State,
    type_: SdpType,
    text: str,
    entropy: Entropy,
    gathered: Mapping[int, Gathered],
) -> Created:
    last = state.last_offer if type_ is SdpType.OFFER else state.last_answer
    if text and last is not None and is_same(text, last.text):
        if type_.is_answer and last.answers != state.offer_to_answer:
            raise InvalidModificationError("the local answer is the one to another offer")
        return last
    if text:
        return _munged(state, last, type_, text)
    if last is not None and last.is_valid(state):
        return last
    if type_ is SdpType.OFFER:
        fresh = create_offer(state, entropy=entropy, gathered=gathered)[0].last_offer
    else:
        fresh = create_answer(state, entropy=entropy, gathered=gathered)[0].last_answer
    assert fresh is not None
    return fresh


def _munged(state: State, last: Created | None, type_: SdpType, text: str) -> Created:
    """RFC 9429 §5.4: the description must be as it was created, unless configured otherwise."""
    if last is None or not state.configuration.lenient_munging:
        raise InvalidModificationError(f"the local {type_.value} is not the one created last")
    record = parse_description(type_, text)
    if [one.kind for one in record.media] != [one.kind for one in last.description.record.media]:
        raise InvalidModificationError(f"the local {type_.value} has other media sections")
    slots = tuple(
        slot if media.mid is None else replace(slot, mid=media.mid)
        for slot, media in zip(last.slots, record.media, strict=True)
    )
    mids = tuple(slot.mid for slot in slots)
    description = read_description(type_, text, record, mids)
    _check_altered_credentials(state, description)
    return last._replace(text=text, description=description, slots=slots)


def _check_altered_credentials(state: State, description: SessionDescription) -> None:
    """A restart changes both username fragment and password (RFC 8839 §5.4)."""
    homes = state.wiring.by_home()
    for section in description.sections:
        if section.rejected:
            continue
        fault = credentials_fault(section)
        ice, home = section.media.ice, homes.get(section.mid)
        if home is not None and (ice.ufrag == home.local.ufrag) != (ice.pwd == home.local.pwd):
            fault = fault or "one of the ICE credentials changes without the other"
        if fault is not None:
            raise InvalidModificationError(f"section {section.mid}: {fault}")


def _note_created(state: State, created: Created) -> State:
    version = created.description.record.origin.session_version
    return replace(
        state,
        session_version=max(state.session_version, version),
        last_created=created.description,
    )


def _local_offer(state: State, created: Created, target: SignalingState) -> State:
    offer = created.description
    placed = {slot.transceiver: (slot.mid, index) for index, slot in enumerate(created.slots)}
    transceivers = []
    for one in state.transceivers:
        mid, index = placed.get(one.id, (None, None))
        transceivers.append(replace(one, mid=mid, mline_index=index))
    wiring, number = offer_transports(state, offer)
    state = replace(
        state,
        stable=state.stable or snapshot(state),
        signaling_state=target,
        pending_local=offer,
        slots=created.slots,
        transceivers=tuple(transceivers),
        wiring=wiring,
        next_transport=number,
    )
    return _note_numbers(state, offer)


def _remote_offer(state: State, text: str, target: SignalingState, entropy: Entropy) -> State:
    record = parse_description(SdpType.OFFER, text)
    offer = read_description(SdpType.OFFER, text, record, remote_mids(state, record))
    check_offer(state, offer)
    new = replace(
        associate(state, offer, entropy),
        stable=snapshot(state),
        signaling_state=target,
        pending_remote=offer,
        can_trickle_ice_candidates=supports_trickle(offer),
    )
    new = process_remote_tracks(_note_numbers(new.without_stopped(), offer), offer)
    return collect_candidates(new)


def _remote_answer(state: State, type_: SdpType, text: str, target: SignalingState) -> State:
    offer = state.pending_local
    assert offer is not None
    record = parse_description(type_, text)
    mids = tuple(section.mid for section in offer.sections)
    mids += ("",) * max(0, len(record.media) - len(mids))
    answer = read_description(type_, text, record, mids)
    check_answer(state, offer, answer)
    state = replace(
        _note_numbers(state, answer), can_trickle_ice_candidates=supports_trickle(answer)
    )
    return _apply_answer(state, Side.REMOTE, answer, target)


def _apply_answer(
    state: State, answerer: Side, answer: SessionDescription, target: SignalingState
) -> State:
    """Apply an answer, provisional or final, of either side (RFC 9429 §5.11)."""
    offer = state.pending_remote if answerer is Side.LOCAL else state.pending_local
    assert offer is not None
    local, remote = (answer, offer) if answerer is Side.LOCAL else (offer, answer)
    owners = accepted_sections(offer, answer)
    check_common_codecs(state.configuration, offer, answer, owners)
    wiring, number = answer_transports(state, answerer.other, offer, answer, owners)
    if answerer is Side.REMOTE:
        state = process_remote_tracks(state, answer)
    state = set_current_directions(state, answerer, answer, owners)
    if answer.type is SdpType.ANSWER:
        state = _finish(state, local, remote, owners)
    elif answerer is Side.LOCAL:
        state = replace(state, pending_local=answer)
    else:
        state = replace(state, pending_remote=answer)
    state = replace(
        state,
        signaling_state=target,
        next_transport=number,
        wiring=wire_media(state, wiring, local, remote),
    )
    return collect_candidates(state)


def accepted_sections(offer: SessionDescription, answer: SessionDescription) -> dict[str, str]:
    """Return by mid every section an answer accepts, with the one whose transport it uses.

    A bundle-only section that the answer does not bundle has nothing to run over and counts as
    rejected, as does one without ICE (RFC 8839 §5.3).
    """
    owners = {}
    for section, offered in zip(answer.sections, offer.sections, strict=True):
        alone = offered.bundle_only and section.tag is None
        if not (section.rejected or offered.rejected or alone or section.media.ice.mismatch):
            owners[section.mid] = section.owner
    return owners


def _finish(
    state: State, local: SessionDescription, remote: SessionDescription, owners: Mapping[str, str]
) -> State:
    """End the exchange: what was rejected stops, and both descriptions become current."""
    answer = local if local.type.is_answer else remote
    slots = tuple(slot if slot.mid in owners else _dead(slot) for slot in state.slots)
    had_data = any(slot.is_data for slot in state.slots)
    mine, theirs = local.by_mid(), remote.by_mid()
    transceivers = tuple(
        one
        if one.mid is None
        else negotiated_encodings(one, mine[one.mid].media, theirs[one.mid].media)
        for one in state.transceivers
        if one.mid in owners or (one.mid is None and not one.stopping)
    )
    return replace(
        state,
        stable=None,
        last_offer=None,
        last_answer=None,
        pending_local=None,
        pending_remote=None,
        current_local=local,
        current_remote=remote,
        slots=slots,
        transceivers=transceivers,
        data_channel=state.data_channel and (not had_data or any(slot.is_data for slot in slots)),
        groups=tuple(
            kept
            for group in answer.groups
            if (kept := tuple(mid for mid in group if mid in owners))
        ),
        credentials_to_replace=_still_to_replace(state, local),
    )


def _dead(slot: Slot) -> Slot:
    return replace(slot, transceiver=None, is_data=False)


def _still_to_replace(state: State, local: SessionDescription) -> frozenset[IceCredentials]:
    """Return the credentials that a requested ICE restart has yet to replace (W3C restartIce)."""
    for section in local.sections:
        ice = section.media.ice
        if IceCredentials(ice.ufrag or "", ice.pwd or "") in state.credentials_to_replace:
            return state.credentials_to_replace
    return frozenset()


def _note_numbers(state: State, description: SessionDescription) -> State:
    """Note which mids, payload types and header extension ids have been used, first use first."""
    payload_types = dict(state.payload_types)
    extension_ids = dict(state.extension_ids)
    for section in description.sections:
        if section.rejected:
            continue
        for codec in section.media.codecs:
            payload_types.setdefault(codec.payload_type, codec)
        for extmap in section.media.extmaps:
            extension_ids.setdefault(extmap.id, extmap.uri)
    return replace(
        state,
        used_mids=state.used_mids.union(section.mid for section in description.sections),
        payload_types=payload_types,
        extension_ids=extension_ids,
    )
