"""Directions: the sixteen offers and answers, and changes later (RFC 3264 §6.1, RFC 9429 §4.2)."""

from dataclasses import replace

import pytest

from peer.jsep import InvalidAccessError, remove_track, set_direction, use_for_track
from sdp import Direction
from tests.jsep.ends import End, exchange, make_ends
from tests.jsep.texts import altered

SENDRECV, SENDONLY, RECVONLY, INACTIVE = (
    Direction.SENDRECV,
    Direction.SENDONLY,
    Direction.RECVONLY,
    Direction.INACTIVE,
)

# Rows: what is offered. Columns: what the answerer wants. Entries: what it answers.
WANTED = (SENDRECV, SENDONLY, RECVONLY, INACTIVE)
TABLE = {
    SENDRECV: (SENDRECV, SENDONLY, RECVONLY, INACTIVE),
    SENDONLY: (RECVONLY, INACTIVE, RECVONLY, INACTIVE),
    RECVONLY: (SENDONLY, SENDONLY, INACTIVE, INACTIVE),
    INACTIVE: (INACTIVE, INACTIVE, INACTIVE, INACTIVE),
}
CELLS = [
    (offered, wanted, answered)
    for offered, row in TABLE.items()
    for wanted, answered in zip(WANTED, row, strict=True)
]


def answered_with(offered: Direction, wanted: Direction) -> tuple[End, End, int]:
    """Have `offered` answered by an end that wants `wanted`; return both ends."""
    offerer, answerer = make_ends()
    offerer.add("audio", offered)
    answerer.set_remote("offer", offerer.offer())
    number = answerer.state.transceivers[0].id
    answerer.state = set_direction(answerer.state, number, wanted)
    offerer.set_remote("answer", answerer.answer())
    return offerer, answerer, number


@pytest.mark.parametrize(("offered", "wanted", "answered"), CELLS)
def test_answers(offered: Direction, wanted: Direction, answered: Direction) -> None:
    offerer, answerer, number = answered_with(offered, wanted)
    assert answerer.local.sections[0].media.direction is answered
    assert answerer.transceiver(number).current_direction is answered
    assert answerer.transceiver(number).direction is wanted
    assert offerer.transceiver(0).current_direction is answered.reverse()
    assert offerer.transceiver(0).direction is offered


@pytest.mark.parametrize(("offered", "wanted", "answered"), CELLS)
def test_who_sends_and_who_receives(
    offered: Direction, wanted: Direction, answered: Direction
) -> None:
    offerer, answerer, number = answered_with(offered, wanted)
    assert (number in answerer.state.wiring.senders) is answered.sends
    assert (number in answerer.state.wiring.receivers) is answered.receives
    assert (0 in offerer.state.wiring.senders) is answered.receives
    assert (0 in offerer.state.wiring.receivers) is answered.sends


@pytest.mark.parametrize("offered", WANTED)
@pytest.mark.parametrize("answered", WANTED)
def test_an_answer_the_offer_does_not_allow_is_refused(
    offered: Direction, answered: Direction
) -> None:
    """RFC 3264 §6.1: browsers refuse it too."""
    offerer, answerer = make_ends()
    offerer.add("audio", offered)
    answerer.set_remote("offer", offerer.offer())
    text = altered(answerer.answer(), lambda media: replace(media, direction=answered))
    legal = not (answered.sends and not offered.receives) and not (
        answered.receives and not offered.sends
    )
    if legal:
        offerer.set_remote("answer", text)
        return
    before = offerer.state
    with pytest.raises(InvalidAccessError):
        offerer.set_remote("answer", text)
    assert offerer.state is before


def test_no_direction_means_sendrecv() -> None:
    """RFC 8866 §6.7."""
    offerer, answerer = make_ends()
    offerer.add("audio")
    number = answerer.add_track("audio")
    answerer.set_remote("offer", offerer.offer().replace("a=sendrecv\r\n", ""))
    answerer.answer()
    assert answerer.transceiver(number).current_direction is SENDRECV


def test_hold_and_resume_keep_sender_and_receiver() -> None:
    """RFC 3264 §5.1: on hold RTP stops and RTCP goes on, so nothing is torn down."""
    one, other = make_ends()
    number = one.add("audio")
    other.add_track("audio")
    exchange(one, other)
    for direction in (INACTIVE, SENDONLY, SENDRECV):
        one.state = set_direction(one.state, number, direction)
        exchange(one, other)
        assert one.state.wiring.senders[number].active is direction.sends
        assert one.state.wiring.receivers[number].active is direction.receives


def test_add_track_and_remove_track() -> None:
    """W3C addTrack and removeTrack: they change one half of the direction."""
    end, _ = make_ends()
    number = end.add("audio", RECVONLY)
    end.state = use_for_track(end.state, number, ("stream",))
    assert end.transceiver(number).direction is SENDRECV
    assert end.transceiver(number).streams == ("stream",)
    end.state = remove_track(end.state, number)
    assert end.transceiver(number).direction is RECVONLY
    end.state = set_direction(end.state, number, SENDONLY)
    end.state = remove_track(end.state, number)
    assert end.transceiver(number).direction is INACTIVE
