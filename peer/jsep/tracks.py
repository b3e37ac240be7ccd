"""Directions and remote tracks as a description changes them (W3C "process remote tracks")."""

from collections.abc import Mapping

from peer.jsep.description import Section, SessionDescription
from peer.jsep.model import Transceiver
from peer.jsep.signaling import Side
from peer.jsep.state import State
from sdp import Direction, replace


def process_remote_tracks(state: State, description: SessionDescription) -> State:
    """Return the state with the tracks and streams a remote description announces."""
    by_mid = description.by_mid()
    return replace(
        state,
        transceivers=tuple(
            one
            if one.mid is None or one.mid not in by_mid
            else _process(state, one, by_mid[one.mid])
            for one in state.transceivers
        ),
    )


def _process(state: State, transceiver: Transceiver, section: Section) -> Transceiver:
    direction = _seen_from_here(section)
    streams: tuple[str, ...] = ()
    if direction.receives:
        ids = section.media.stream_ids
        # RFC 9429 §5.8.2: tracks without a=msid share one default stream.
        streams = (state.default_stream,) if ids is None else ids
    return replace(transceiver, fired_direction=direction, remote_streams=streams)


def _seen_from_here(section: Section) -> Direction:
    if section.rejected or section.media.direction is None:
        return Direction.INACTIVE
    return section.media.direction.reverse()


def set_current_directions(
    state: State, answerer: Side, answer: SessionDescription, owners: Mapping[str, str]
) -> State:
    """Return the state with what an answer negotiated as current directions (§4.2.5).

    An answer of this side that does not receive takes back the track which the offer announced
    (W3C "set a session description").
    """
    by_mid = answer.by_mid()
    transceivers = []
    for transceiver in state.transceivers:
        if transceiver.mid is not None and transceiver.mid in owners:
            direction = by_mid[transceiver.mid].media.direction or Direction.SENDRECV
            if answerer is Side.REMOTE:
                direction = direction.reverse()
            else:
                streams = transceiver.remote_streams if direction.receives else ()
                transceiver = replace(
                    transceiver, fired_direction=direction, remote_streams=streams
                )
            transceiver = replace(transceiver, current_direction=direction)
        transceivers.append(transceiver)
    return replace(state, transceivers=tuple(transceivers))
