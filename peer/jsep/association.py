"""Which transceiver a section of a remote offer belongs to (RFC 9429 §5.10)."""

from collections import deque
from itertools import count

from peer.jsep.credentials import Entropy, make_identifier, make_ssrc
from peer.jsep.description import Section, SessionDescription
from peer.jsep.model import MEDIA_KINDS, Slot, Transceiver
from peer.jsep.state import State
from sdp import Description, Direction, replace


def make_transceiver(
    state: State, kind: str, direction: Direction, entropy: Entropy
) -> tuple[State, Transceiver]:
    """Return the state with one transceiver more, and that transceiver."""
    transceiver = Transceiver(
        state.next_transceiver,
        kind,
        direction,
        ssrc=make_ssrc(entropy),
        rtx_ssrc=make_ssrc(entropy),
        fec_ssrc=make_ssrc(entropy),
        track_id=make_identifier(entropy),
    )
    state = replace(
        state,
        transceivers=(*state.transceivers, transceiver),
        next_transceiver=state.next_transceiver + 1,
    )
    return state, transceiver


def remote_mids(state: State, record: Description) -> tuple[str, ...]:
    """Return mids for the sections of a remote offer, made up where the peer wrote none."""
    written = {media.mid for media in record.media}
    fresh = (mid for mid in map(str, count()) if mid not in state.used_mids and mid not in written)
    mids = []
    for index, media in enumerate(record.media):
        if media.mid is not None:
            mids.append(media.mid)
        elif index < len(state.slots):
            mids.append(state.slots[index].mid)
        else:
            mids.append(next(fresh))
    return tuple(mids)


def associate(state: State, offer: SessionDescription, entropy: Entropy) -> State:
    """Return the state with every section of a remote offer in its slot.

    Transceivers are found or created as needed, and those of rejected sections are dropped.
    """
    matcher = _Matcher(state, entropy)
    for section in offer.sections:
        matcher.place(section)
    return replace(
        matcher.state,
        slots=tuple(matcher.slots),
        transceivers=tuple(matcher.transceivers.values()),
    )


class _Matcher:
    """Finds the transceivers of one offer, section by section."""

    def __init__(self, state: State, entropy: Entropy) -> None:
        self.state = state
        self.entropy = entropy
        self.slots = list(state.slots)
        self.transceivers = state.by_id()
        # Transceivers of addTrack that wait for a section, the first added first.
        self.waiting = {
            kind: deque(
                one.id
                for one in state.transceivers
                if one.kind == kind and one.by_add_track and one.mid is None and not one.stopping
            )
            for kind in MEDIA_KINDS
        }
        self.has_data = any(slot.is_data for slot in state.slots)

    def place(self, section: Section) -> None:
        slot = self.slots[section.index] if section.index < len(self.slots) else None
        if slot is None or slot.mid != section.mid:
            self._vacate(slot)
            slot = Slot(section.mid, section.media.kind)
        if section.rejected:
            slot = self._reject(slot)
        elif slot.dead and section.is_supported_kind:
            slot = self._occupy(replace(slot, kind=section.media.kind), section)
        if slot.transceiver in self.transceivers:
            found = self.transceivers[slot.transceiver]
            self.transceivers[found.id] = replace(found, mid=section.mid, mline_index=section.index)
        self.slots[section.index : section.index + 1] = [slot]

    def _vacate(self, slot: Slot | None) -> None:
        """Dissociate the transceiver of a slot that is recycled."""
        if slot is not None and slot.transceiver in self.transceivers:
            found = self.transceivers[slot.transceiver]
            self.transceivers[found.id] = replace(found, mid=None, mline_index=None)

    def _reject(self, slot: Slot) -> Slot:
        if slot.transceiver is not None:
            self.transceivers.pop(slot.transceiver, None)
        return replace(slot, transceiver=None, is_data=False)

    def _occupy(self, slot: Slot, section: Section) -> Slot:
        if section.media.is_sctp:
            # RFC 8841 §3: one association at most; a second data section is rejected.
            is_data, self.has_data = not self.has_data, True
            return replace(slot, is_data=is_data)
        direction = section.media.direction
        waiting = self.waiting[section.media.kind]
        if direction is not None and direction.receives and waiting:
            return replace(slot, transceiver=waiting.popleft())
        self.state, made = make_transceiver(
            self.state, section.media.kind, Direction.RECVONLY, self.entropy
        )
        announced = next((msid.track for msid in section.media.msids if msid.track), None)
        made = replace(made, by_remote=True, remote_track_id=announced)
        self.transceivers[made.id] = made
        return replace(slot, transceiver=made.id)
