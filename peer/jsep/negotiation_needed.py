"""The check whether negotiation is needed (W3C "check if negotiation is needed")."""

from peer.jsep.description import Section, SessionDescription
from peer.jsep.model import Transceiver
from peer.jsep.state import State
from sdp import Direction


def is_negotiation_needed(state: State) -> bool:
    """Tell whether the descriptions no longer say what the application wants.

    To be asked in the stable state, when no operation is running.
    """
    if state.credentials_to_replace:
        return True
    if state.data_channel and not any(slot.is_data for slot in state.slots):
        return True
    transceivers = state.by_id()
    for slot in state.slots:
        if slot.transceiver is not None and slot.transceiver not in transceivers:
            return True
    local = state.current_local
    remote = state.current_remote
    mine = {} if local is None else local.by_mid()
    theirs = {} if remote is None else remote.by_mid()
    return any(
        _is_out_of_date(one, local, mine.get(one.mid or ""), theirs.get(one.mid or ""))
        for one in state.transceivers
    )


def _is_out_of_date(
    transceiver: Transceiver,
    local: SessionDescription | None,
    mine: Section | None,
    theirs: Section | None,
) -> bool:
    if transceiver.stopping or transceiver.mid is None:
        return True
    if local is None or mine is None or theirs is None:
        return True
    if transceiver.direction.sends:
        streams = {msid.stream for msid in mine.media.msids}
        if streams != set(transceiver.streams or ("-",)):
            return True
        present = {transceiver.ssrc, transceiver.rtx_ssrc, transceiver.fec_ssrc}
        announced = {one.ssrc for one in mine.media.ssrcs}
        if transceiver.former_ssrcs and not announced <= present:
            return True
    offered_here = not local.type.is_answer
    if offered_here:
        return transceiver.direction not in (_direction(mine), _direction(theirs).reverse())
    return _direction(mine) is not _direction(theirs).answer(transceiver.direction)


def _direction(section: Section) -> Direction:
    return section.media.direction or Direction.SENDRECV
