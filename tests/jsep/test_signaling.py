"""The signaling state machine: every state against every description (RFC 9429 §3.2, W3C)."""

from collections.abc import Callable

import pytest

from peer.jsep import (
    InvalidStateError,
    SdpType,
    Side,
    SignalingState,
    close,
    create_answer,
    create_offer,
)
from peer.jsep.signaling import TRANSITIONS, implied_type, next_state
from tests.jsep.ends import End, make_ends

L, R = Side.LOCAL, Side.REMOTE
OFFER, ANSWER, PRANSWER, ROLLBACK = (
    SdpType.OFFER,
    SdpType.ANSWER,
    SdpType.PRANSWER,
    SdpType.ROLLBACK,
)
COLUMNS = [(side, type_) for side in Side for type_ in (OFFER, ANSWER, PRANSWER, ROLLBACK)]

# One row per state, in the order of COLUMNS; None refuses with InvalidStateError.
STABLE = "stable"
LOCAL_OFFER = "have-local-offer"
REMOTE_OFFER = "have-remote-offer"
LOCAL_PRANSWER = "have-local-pranswer"
REMOTE_PRANSWER = "have-remote-pranswer"
TABLE: dict[str, tuple[str | None, ...]] = {
    STABLE: (LOCAL_OFFER, None, None, None, REMOTE_OFFER, None, None, None),
    LOCAL_OFFER: (
        LOCAL_OFFER,
        None,
        None,
        STABLE,
        REMOTE_OFFER,
        STABLE,
        REMOTE_PRANSWER,
        STABLE,
    ),
    REMOTE_OFFER: (None, STABLE, LOCAL_PRANSWER, STABLE, REMOTE_OFFER, None, None, STABLE),
    LOCAL_PRANSWER: (None, STABLE, LOCAL_PRANSWER, None, None, None, None, None),
    REMOTE_PRANSWER: (None, None, None, None, None, STABLE, REMOTE_PRANSWER, None),
    "closed": (None,) * 8,
}
CELLS = [
    pytest.param(state, side, type_, target, id=f"{state}-{side.value}-{type_.value}")
    for state, row in TABLE.items()
    for (side, type_), target in zip(COLUMNS, row, strict=True)
]


def in_state(state: str) -> tuple[End, End]:
    """An engine in the state asked for, and its peer; both have one audio transceiver."""
    end, peer = make_ends()
    end.add("audio")
    peer.add("audio")
    if state == LOCAL_OFFER:
        end.offer()
    elif state == REMOTE_OFFER:
        end.set_remote("offer", peer.offer())
    elif state == LOCAL_PRANSWER:
        end.set_remote("offer", peer.offer())
        end.answer("pranswer")
    elif state == REMOTE_PRANSWER:
        peer.set_remote("offer", end.offer())
        end.set_remote("pranswer", peer.answer("pranswer"))
    elif state == "closed":
        end.state = close(end.state)
    assert end.state.signaling_state.value == state
    return end, peer


def a_text(end: End, peer: End, side: Side, type_: SdpType) -> str:
    """A text that would be right for the cell, were the state right."""
    if type_ is ROLLBACK:
        return ""
    if side is L:
        creates: Callable[..., tuple[object, str]] = (
            create_offer if type_ is OFFER else create_answer
        )
        try:
            end.state, text = creates(end.state, entropy=end.entropy)  # type: ignore[assignment]
        except InvalidStateError:
            return "v=0"
        return text
    other, fresh = make_ends()
    other.add("audio")
    if type_ is OFFER:
        return other.offer()
    if end.state.pending_local is not None:
        fresh.set_remote("offer", end.state.pending_local.text)
        return fresh.answer()
    return "v=0"


@pytest.mark.parametrize(("state", "side", "type_", "target"), CELLS)
def test_every_cell(state: str, side: Side, type_: SdpType, target: str | None) -> None:
    end, peer = in_state(state)
    text = a_text(end, peer, side, type_)
    before = end.state
    set_description = end.set_local if side is L else end.set_remote
    if target is None:
        with pytest.raises(InvalidStateError):
            set_description(type_.value, text)
        assert end.state == before
    else:
        set_description(type_.value, text)
        assert end.state.signaling_state.value == target


def test_the_table_has_no_other_cells() -> None:
    accepted = {
        (SignalingState(state), side, type_): SignalingState(target)
        for state, row in TABLE.items()
        for (side, type_), target in zip(COLUMNS, row, strict=True)
        if target is not None
    }
    assert accepted == TRANSITIONS


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("type_", SdpType)
def test_a_closed_connection_takes_nothing(side: Side, type_: SdpType) -> None:
    with pytest.raises(InvalidStateError):
        next_state(SignalingState.CLOSED, side, type_)


@pytest.mark.parametrize(
    ("state", "type_"),
    [
        (STABLE, OFFER),
        (LOCAL_OFFER, OFFER),
        (REMOTE_PRANSWER, OFFER),
        (REMOTE_OFFER, ANSWER),
        (LOCAL_PRANSWER, ANSWER),
    ],
)
def test_the_type_that_no_type_stands_for(state: str, type_: SdpType) -> None:
    """W3C setLocalDescription: what an absent type means follows from the state."""
    assert implied_type(SignalingState(state)) is type_


def test_no_type_means_nothing_once_closed() -> None:
    with pytest.raises(InvalidStateError):
        implied_type(SignalingState.CLOSED)


@pytest.mark.parametrize("state", [REMOTE_OFFER, LOCAL_PRANSWER, REMOTE_PRANSWER, "closed"])
def test_create_offer_is_refused(state: str) -> None:
    """W3C createOffer: only in stable and have-local-offer."""
    end, _ = in_state(state)
    with pytest.raises(InvalidStateError):
        create_offer(end.state, entropy=end.entropy)


@pytest.mark.parametrize("state", [STABLE, LOCAL_OFFER, REMOTE_PRANSWER, "closed"])
def test_create_answer_is_refused(state: str) -> None:
    """W3C createAnswer: only in have-remote-offer and have-local-pranswer."""
    end, _ = in_state(state)
    with pytest.raises(InvalidStateError):
        create_answer(end.state, entropy=end.entropy)


def test_pending_and_current_descriptions() -> None:
    """RFC 9429 §4.1.13-16: an answer makes both descriptions current."""
    end, peer = in_state(LOCAL_OFFER)
    offer = end.local
    assert end.state.pending_local is offer
    assert end.state.current_local is None
    peer.set_remote("offer", offer.text)
    assert peer.state.pending_remote is not None
    answer = peer.answer("pranswer")
    end.set_remote("pranswer", answer)
    assert end.state.pending_local is offer
    assert end.state.pending_remote is not None
    assert end.state.pending_remote.type is PRANSWER
    end.set_remote("answer", answer)
    after = end.state
    assert (after.pending_local, after.pending_remote) == (None, None)
    assert after.current_local is offer
    assert after.current_remote is not None
    assert after.current_remote.type is ANSWER
