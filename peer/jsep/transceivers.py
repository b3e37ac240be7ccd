"""What the application does between descriptions: transceivers, data channels, restarts."""

from collections.abc import Sequence

from peer.jsep.association import make_transceiver
from peer.jsep.codecs import order_by_preference
from peer.jsep.credentials import Entropy, IceCredentials
from peer.jsep.errors import InvalidModificationError, InvalidStateError, JsepTypeError
from peer.jsep.model import MEDIA_KINDS, Encoding, Transceiver
from peer.jsep.signaling import SignalingState
from peer.jsep.state import Outcome, State, outcome
from sdp import Codec, Direction, is_token, replace

_MAX_RID_LENGTH = 16


def add_transceiver(
    state: State,
    kind: str,
    *,
    entropy: Entropy,
    direction: Direction = Direction.SENDRECV,
    streams: Sequence[str] = (),
    encodings: Sequence[Encoding] = (),
    track_id: str | None = None,
    by_add_track: bool = False,
) -> tuple[State, int]:
    """Return the state with one transceiver more, and its id.

    `track_id` is told to the peer, as browsers do, where it can be written as it is; RFC 8830 has
    no meaning for it.
    Raises JsepTypeError for an unknown kind and for rids that are missing, repeated or illegal.
    """
    _check_open(state)
    if kind not in MEDIA_KINDS:
        raise JsepTypeError(f"{kind!r} is not a kind of media")
    _check_encodings(encodings)
    state, made = make_transceiver(state, kind, direction, entropy)
    made = replace(
        made,
        streams=tuple(dict.fromkeys(streams)),
        encodings=tuple(encodings) or (Encoding(),),
        track_id=track_id if track_id is not None and is_token(track_id) else made.track_id,
        by_add_track=by_add_track,
    )
    return state.with_transceiver(made), made.id


def _check_encodings(encodings: Sequence[Encoding]) -> None:
    rids = [one.rid for one in encodings if one.rid is not None]
    if len(encodings) > 1 and len(rids) != len(encodings):
        raise JsepTypeError("every one of several encodings needs a rid")
    if len(set(rids)) != len(rids):
        raise JsepTypeError("a rid occurs twice")
    for rid in rids:
        if not is_rid(rid):
            raise JsepTypeError(f"the rid {rid!r} is not 1 to 16 letters and digits")


def is_rid(value: object) -> bool:
    """Tell whether it names an encoding; RFC 8852 §3.3 has fewer characters than RFC 8851."""
    if not isinstance(value, str):
        return False
    return value.isascii() and value.isalnum() and len(value) <= _MAX_RID_LENGTH


def use_for_track(state: State, number: int, streams: Sequence[str]) -> State:
    """Have an existing transceiver send, in these streams (W3C addTrack)."""
    one = _find(state, number)
    direction = Direction.of(sends=True, receives=one.direction.receives)
    return state.with_transceiver(
        replace(one, direction=direction, streams=tuple(dict.fromkeys(streams)), by_add_track=True)
    )


def remove_track(state: State, number: int) -> State:
    """Take sending out of the direction wanted (W3C removeTrack)."""
    one = _find(state, number)
    direction = Direction.of(sends=False, receives=one.direction.receives)
    return state.with_transceiver(replace(one, direction=direction))


def set_direction(state: State, number: int, direction: Direction) -> State:
    """Set the direction wanted. Raises InvalidStateError for a stopping transceiver."""
    return state.with_transceiver(replace(_find(state, number), direction=direction))


def set_streams(state: State, number: int, streams: Sequence[str]) -> State:
    """Set the streams a sender belongs to (W3C setStreams); that of one gone belongs to none."""
    _check_open(state)
    one = state.transceiver(number)
    if one is None:
        return state
    return state.with_transceiver(replace(one, streams=tuple(dict.fromkeys(streams))))


def set_codec_preferences(state: State, number: int, preferences: Sequence[Codec]) -> State:
    """Set which codecs to negotiate and in what order; an empty list means all.

    Payload types of `preferences` do not count. Raises InvalidModificationError when one is not
    supported, or none carries media.
    """
    one = _find(state, number)
    ordered: tuple[Codec, ...] | None = ()
    if preferences:
        ordered = order_by_preference(preferences, state.configuration.codecs(one.kind))
    if ordered is None:
        raise InvalidModificationError("codec preferences must be among the supported codecs")
    return state.with_transceiver(replace(one, codec_preferences=ordered))


def stop_transceiver(state: State, number: int) -> Outcome:
    """Stop sending and receiving at once, for good after the next exchange (W3C stop)."""
    _check_open(state)
    one = state.transceiver(number)
    if one is None or one.stopping:
        return Outcome(state, ())
    stopping = replace(one, stopping=True, direction=Direction.INACTIVE)
    return outcome(state, state.with_transceiver(stopping).without_stopped())


def request_data_channel(state: State) -> State:
    """Note that there is a data channel, so that the next offer has a section for it."""
    _check_open(state)
    return replace(state, data_channel=True)


def request_ice_restart(state: State) -> State:
    """Have offers restart ICE until none of the present local credentials is in use."""
    _check_open(state)
    present: set[IceCredentials] = set()
    for description in (state.current_local, state.pending_local):
        for section in description.sections if description is not None else ():
            ice = section.media.ice
            if ice.ufrag is not None and not section.rejected:
                present.add(IceCredentials(ice.ufrag, ice.pwd or ""))
    return replace(state, credentials_to_replace=frozenset(present))


def close(state: State) -> State:
    """Return the closed state, in which every operation is refused.

    What was negotiated can still be read, mids, transports and candidates (W3C close).
    """
    return replace(
        state,
        signaling_state=SignalingState.CLOSED,
        last_offer=None,
        last_answer=None,
        stable=None,
    )


def _find(state: State, number: int) -> Transceiver:
    _check_open(state)
    one = state.transceiver(number)
    if one is None or one.stopping:
        raise InvalidStateError("the transceiver is stopped")
    return one


def _check_open(state: State) -> None:
    if state.signaling_state is SignalingState.CLOSED:
        raise InvalidStateError("the connection is closed")
