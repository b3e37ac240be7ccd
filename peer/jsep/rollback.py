"""Rollback to the last stable state, asked for or implied (RFC 9429 §5.7)."""

from collections.abc import Iterator

from peer.jsep.model import Transceiver
from peer.jsep.remote_candidates import collect_candidates
from peer.jsep.state import State
from sdp import replace


def snapshot(state: State) -> State:
    """Return what a rollback needs of a stable state."""
    return replace(state, stable=None)


def rolled_back(state: State) -> State:
    """Return the last stable state, with what the application did since.

    Transceivers keep the wishes of the application and lose what the offer gave them; those the
    offer created go, unless addTrack was used on them. Mids and session versions are not used
    again, and candidates for the current generation stay. The offer created last can be set still,
    and the answer when the same offer comes again (W3C [[LastCreatedOffer]], [[LastCreatedAnswer]],
    which only a finished exchange clears).
    """
    stable = state.stable
    if stable is None:
        return state
    transceivers = tuple(_transceivers(state, stable))
    restored = replace(
        stable,
        configuration=state.configuration,
        transceivers=transceivers,
        next_transceiver=state.next_transceiver,
        next_transport=state.next_transport,
        data_channel=state.data_channel,
        used_mids=state.used_mids,
        session_version=state.session_version,
        last_created=state.last_created,
        last_offer=state.last_offer,
        last_answer=state.last_answer,
        credentials_to_replace=state.credentials_to_replace,
        current_remote=state.current_remote,
    )
    return collect_candidates(restored.without_stopped())


def _transceivers(state: State, stable: State) -> Iterator[Transceiver]:
    before = stable.by_id()
    for one in state.transceivers:
        old = before.get(one.id)
        if old is not None:
            yield replace(
                one,
                mid=old.mid,
                mline_index=old.mline_index,
                current_direction=old.current_direction,
                fired_direction=old.fired_direction,
                remote_streams=old.remote_streams,
                encodings=old.encodings,
            )
        elif one.by_add_track or not one.by_remote:
            yield replace(
                one,
                mid=None,
                mline_index=None,
                current_direction=None,
                fired_direction=None,
                remote_streams=(),
            )
