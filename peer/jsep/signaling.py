"""The signaling state machine (RFC 9429 §3.2, W3C RTCSignalingState): one table, nothing else.

A cell that is not in `TRANSITIONS` refuses the description and changes nothing. This file does not
know what the descriptions say.
"""

import enum

from peer.jsep.errors import InvalidStateError


class SignalingState(enum.Enum):
    """Where the offer/answer exchange stands."""

    STABLE = "stable"
    HAVE_LOCAL_OFFER = "have-local-offer"
    HAVE_REMOTE_OFFER = "have-remote-offer"
    HAVE_LOCAL_PRANSWER = "have-local-pranswer"
    HAVE_REMOTE_PRANSWER = "have-remote-pranswer"
    CLOSED = "closed"


class SdpType(enum.Enum):
    """Part a description plays in the exchange (RFC 9429 §4.1.10)."""

    OFFER = "offer"
    PRANSWER = "pranswer"
    ANSWER = "answer"
    ROLLBACK = "rollback"

    @property
    def is_answer(self) -> bool:
        """Tell whether the description answers an offer, finally or not."""
        return self is SdpType.ANSWER or self is SdpType.PRANSWER


class Side(enum.Enum):
    """Whose description it is."""

    LOCAL = "local"
    REMOTE = "remote"

    @property
    def other(self) -> "Side":
        """The opposite side."""
        return Side.REMOTE if self is Side.LOCAL else Side.LOCAL


_S = SignalingState
_L, _R = Side.LOCAL, Side.REMOTE

TRANSITIONS: dict[tuple[SignalingState, Side, SdpType], SignalingState] = {
    (_S.STABLE, _L, SdpType.OFFER): _S.HAVE_LOCAL_OFFER,
    (_S.STABLE, _R, SdpType.OFFER): _S.HAVE_REMOTE_OFFER,
    (_S.HAVE_LOCAL_OFFER, _L, SdpType.OFFER): _S.HAVE_LOCAL_OFFER,
    (_S.HAVE_LOCAL_OFFER, _L, SdpType.ROLLBACK): _S.STABLE,
    (_S.HAVE_LOCAL_OFFER, _R, SdpType.OFFER): _S.HAVE_REMOTE_OFFER,  # rolls back first
    (_S.HAVE_LOCAL_OFFER, _R, SdpType.ANSWER): _S.STABLE,
    (_S.HAVE_LOCAL_OFFER, _R, SdpType.PRANSWER): _S.HAVE_REMOTE_PRANSWER,
    (_S.HAVE_LOCAL_OFFER, _R, SdpType.ROLLBACK): _S.STABLE,
    (_S.HAVE_REMOTE_OFFER, _L, SdpType.ANSWER): _S.STABLE,
    (_S.HAVE_REMOTE_OFFER, _L, SdpType.PRANSWER): _S.HAVE_LOCAL_PRANSWER,
    (_S.HAVE_REMOTE_OFFER, _L, SdpType.ROLLBACK): _S.STABLE,
    (_S.HAVE_REMOTE_OFFER, _R, SdpType.OFFER): _S.HAVE_REMOTE_OFFER,
    (_S.HAVE_REMOTE_OFFER, _R, SdpType.ROLLBACK): _S.STABLE,
    (_S.HAVE_LOCAL_PRANSWER, _L, SdpType.ANSWER): _S.STABLE,
    (_S.HAVE_LOCAL_PRANSWER, _L, SdpType.PRANSWER): _S.HAVE_LOCAL_PRANSWER,
    (_S.HAVE_REMOTE_PRANSWER, _R, SdpType.ANSWER): _S.STABLE,
    (_S.HAVE_REMOTE_PRANSWER, _R, SdpType.PRANSWER): _S.HAVE_REMOTE_PRANSWER,
}


def next_state(state: SignalingState, side: Side, type_: SdpType) -> SignalingState:
    """Return the state a description leads to. Raises InvalidStateError."""
    try:
        return TRANSITIONS[state, side, type_]
    except KeyError:
        raise InvalidStateError(
            f"a {side.value} {type_.value} cannot be set in the signaling state {state.value}"
        ) from None


def implied_type(state: SignalingState) -> SdpType:
    """Return the type setLocalDescription() without a type stands for. Raises InvalidStateError."""
    if state is SignalingState.CLOSED:
        raise InvalidStateError("the connection is closed")
    if state in (SignalingState.HAVE_REMOTE_OFFER, SignalingState.HAVE_LOCAL_PRANSWER):
        return SdpType.ANSWER
    return SdpType.OFFER
