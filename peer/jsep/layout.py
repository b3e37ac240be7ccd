"""Which m-line is for what: creation order, recycling and mids (RFC 9429 §5.2.1, §5.2.2)."""

from collections.abc import Iterator
from itertools import count

from peer.jsep.media import Negotiated
from peer.jsep.model import APPLICATION, Slot, Transceiver
from peer.jsep.state import State


def plan_slots(state: State) -> tuple[Slot, ...]:
    """Return the m-lines of the next offer.

    Those there are stay in place. A transceiver without one takes the first that was rejected by
    the last exchange, else a new one; data does the same, preferring its old place. A line in front
    of the tagged section is left alone: browsers would make it the new tag and replace the
    transport, and Chromium fails where it is not.
    """
    mids = new_mids(state)
    slots = list(state.slots)
    free = _recyclable(state)
    reserved = _data_slot(state, slots, free)
    for transceiver in _without_line(state):
        if transceiver is None:
            index = reserved if reserved is not None else next(iter(free), None)
            slot = Slot(next(mids), APPLICATION, is_data=True)
        else:
            index = next((one for one in free if one != reserved), None)
            slot = Slot(next(mids), transceiver.kind, transceiver.id)
        free = [one for one in free if one != index]
        if index is None:
            slots.append(slot)
        else:
            slots[index] = slot
    return tuple(slots)


def _without_line(state: State) -> list[Transceiver | None]:
    """Return what needs an m-line, in the order of the lines; None stands for data.

    Data comes last, or first when it is always negotiated (W3C webrtc-extensions): the tagged
    section of the group had better be one that is hardly ever rejected.
    """
    placed = {slot.transceiver for slot in state.slots}
    found: list[Transceiver | None] = [
        one for one in state.transceivers if one.id not in placed and not one.stopping
    ]
    if state.data_channel and not any(slot.is_data for slot in state.slots):
        first = state.configuration.always_negotiate_data_channels
        found.insert(0 if first else len(found), None)
    return found


def new_mids(state: State) -> Iterator[str]:
    """Yield mids never used in the session, the lowest numbers first."""
    return (mid for mid in map(str, count()) if mid not in state.used_mids)


def _recyclable(state: State) -> list[int]:
    """Return the m-lines that nothing uses and that a finished exchange rejected."""
    rejected: set[int] = set()
    for description in (state.current_local, state.current_remote):
        if description is not None:
            rejected.update(section.index for section in description.sections if section.rejected)
    tagged = _tagged_line(state)
    return [
        index
        for index, slot in enumerate(state.slots)
        if slot.dead and index in rejected and index > tagged
    ]


def _tagged_line(state: State) -> int:
    """Return the m-line of the tagged section of the group that new sections join, -1 for none."""
    running = {one.id for one in state.transceivers if not one.stopping}
    index_of = {
        slot.mid: index
        for index, slot in enumerate(state.slots)
        if slot.is_data or slot.transceiver in running
    }
    groups = ([index_of[mid] for mid in group if mid in index_of] for group in state.groups)
    return next((lines[0] for lines in groups if lines), -1)


def _data_slot(state: State, slots: list[Slot], free: list[int]) -> int | None:
    if not state.data_channel or any(slot.is_data for slot in slots):
        return None
    return next((index for index in free if slots[index].kind == APPLICATION), None)


def negotiated_sections(state: State) -> dict[str, Negotiated]:
    """Return by mid what the last finished exchange accepted."""
    local, remote = state.current_local, state.current_remote
    if local is None or remote is None:
        return {}
    answered_by_peer = remote.type.is_answer
    return {
        mine.mid: Negotiated(mine, theirs, answered_by_peer)
        for mine, theirs in zip(local.sections, remote.sections, strict=False)
        if mine.mid in state.wiring.sections and not mine.rejected and not theirs.rejected
    }
