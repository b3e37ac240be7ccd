"""Rollback, asked for and implied (RFC 9429 §5.7, W3C)."""

import pytest

from peer.jsep import (
    CancelIceRestart,
    CloseTransport,
    CreateTransport,
    Gather,
    InvalidModificationError,
    InvalidStateError,
    RestartIce,
    SignalingState,
    StopTransceiver,
    create_answer,
    create_offer,
    is_negotiation_needed,
    request_ice_restart,
    use_for_track,
)
from tests.jsep.ends import exchange, host_candidate, make_ends

STABLE = SignalingState.STABLE
CANDIDATE = "candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host"


def test_a_local_offer_is_taken_back() -> None:
    end, _ = make_ends()
    number = end.add("audio")
    end.add_data()
    end.offer()
    created = [step.transport for step in end.plans[-1] if isinstance(step, CreateTransport)]
    plan = end.set_local("rollback")
    assert [step.transport for step in plan if isinstance(step, CloseTransport)] == created
    assert end.state.signaling_state is STABLE
    assert end.state.pending_local is None
    assert end.transceiver(number).mid is None
    assert end.transceiver(number).mline_index is None
    assert end.state.slots == ()
    assert not end.state.wiring.transports
    assert end.state.wiring.controlling is None


def test_either_side_may_roll_back() -> None:
    """RFC 9429 §5.7: both calls mean the same."""
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer())
    one.set_remote("rollback")
    other.set_local("rollback")
    assert one.state.signaling_state is STABLE
    assert other.state.signaling_state is STABLE
    assert other.state.transceivers == ()


def test_mids_are_not_used_again() -> None:
    """RFC 9429 §5.2.1: unique over the session; browsers go on counting as well."""
    end, _ = make_ends()
    number = end.add("audio")
    end.offer()
    assert end.transceiver(number).mid == "0"
    end.set_local("rollback")
    end.offer()
    assert end.transceiver(number).mid == "1"


def test_the_session_version_goes_on() -> None:
    """RFC 9429 §5.2.2: it is increased even when an offer was rolled back."""
    end, _ = make_ends()
    end.add("audio")
    end.offer()
    first = end.local.record.origin
    end.set_local("rollback")
    end.offer()
    second = end.local.record.origin
    assert second.session_version > first.session_version
    assert second.session_id == first.session_id


def test_an_offer_created_before_can_be_set_still() -> None:
    """W3C [[LastCreatedOffer]]: only a finished exchange clears it."""
    one, other = make_ends()
    number = one.add_track("audio", "stream")
    one.state, offer = create_offer(one.state, entropy=one.entropy)
    other.add("video")
    other.add("audio")
    one.set_remote("offer", other.offer())
    assert one.transceiver(number).mline_index == 1
    one.set_remote("rollback")
    one.set_local("offer", offer)
    assert (one.transceiver(number).mid, one.transceiver(number).mline_index) == ("0", 0)
    one.set_local("rollback")
    one.set_local("offer", offer)
    other.set_remote("offer", offer)
    one.set_remote("answer", other.answer())
    with pytest.raises(InvalidModificationError):
        one.set_local("offer", offer)


def test_an_answer_created_before_can_be_set_when_the_offer_comes_again() -> None:
    """W3C [[LastCreatedAnswer]]: neither a rollback nor createOffer clears it."""
    one, other = make_ends()
    one.add("audio")
    offer = one.offer()
    other.set_remote("offer", offer)
    other.state, answer = create_answer(other.state, entropy=other.entropy)
    other.set_remote("rollback")
    other.state, _ = create_offer(other.state, entropy=other.entropy)
    with pytest.raises(InvalidStateError):
        other.set_local("answer", answer)
    other.set_remote("offer", offer)
    other.add_candidate(CANDIDATE, sdp_mid="0")
    other.set_local("answer", answer)
    one.set_remote("answer", answer)
    assert other.state.signaling_state is SignalingState.STABLE


def test_an_answer_created_before_is_none_to_another_offer() -> None:
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer())
    other.state, answer = create_answer(other.state, entropy=other.entropy)
    one.add("video")
    other.set_remote("offer", one.offer())
    before = other.state
    with pytest.raises(InvalidModificationError):
        other.set_local("answer", answer)
    assert other.state is before
    # Without a text it is not taken either.
    other.set_local("answer")
    assert len(other.local.sections) == 2


def test_a_restart_that_was_rolled_back_can_be_set_again() -> None:
    one, other = make_ends()
    one.add("audio")
    exchange(one, other)
    offer = one.offer(ice_restart=True)
    one.set_local("rollback")
    one.set_local("offer", offer)
    assert [type(step) for step in one.plans[-1]] == [RestartIce, Gather]
    other.set_remote("offer", offer)
    one.set_remote("answer", other.answer())
    assert one.state.signaling_state is STABLE


def test_transceivers_of_the_offer_go() -> None:
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer())
    created = other.state.transceivers[0].id
    plan = other.set_remote("rollback")
    assert StopTransceiver(created) in plan
    assert other.state.transceivers == ()


def test_transceivers_of_the_offer_stay_once_add_track_used_them() -> None:
    """W3C: the application would lose its track otherwise."""
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer())
    created = other.state.transceivers[0].id
    other.state = use_for_track(other.state, created, ("stream",))
    plan = other.set_remote("rollback")
    assert StopTransceiver(created) not in plan
    assert other.transceiver(created).mid is None
    assert other.transceiver(created).remote_streams == ()
    other.set_remote("offer", one.local.text)
    assert other.transceiver(created).mid == "0"


def test_wishes_of_the_application_survive() -> None:
    """What was added and asked for meanwhile is not part of the offer."""
    one, other = make_ends()
    one.add("audio")
    exchange(one, other)
    one.offer()
    late = one.add("video")
    one.add_data()
    one.set_local("rollback")
    assert one.transceiver(late).kind == "video"
    assert one.state.data_channel
    exchange(one, other)
    assert one.transceiver(late).mid is not None
    assert one.state.wiring.data is not None


def test_a_restart_is_cancelled() -> None:
    """The credentials of the last stable state return, and the restart is still wanted."""
    one, other = make_ends()
    one.add("audio")
    exchange(one, other)
    before = one.state.wiring
    one.state = request_ice_restart(one.state)
    one.offer()
    assert any(isinstance(step, RestartIce) for step in one.plans[-1])
    plan = one.set_local("rollback")
    assert plan == (CancelIceRestart(0, before.transports[0].local),)
    assert one.state.wiring == before
    assert is_negotiation_needed(one.state)


def test_candidates_for_the_present_generation_stay() -> None:
    one, other = make_ends()
    one.add("audio")
    exchange(one, other)
    candidate = host_candidate(4000)
    one.offer()
    one.add_candidate(str(candidate), sdp_mid="0")
    one.set_local("rollback")
    assert one.state.wiring.transports[0].remote_candidates == (candidate,)


def test_glare_ends_with_the_remote_offer() -> None:
    """W3C setRemoteDescription: our own offer is rolled back in the same operation."""
    one, other = make_ends()
    mine = one.add_track("audio", "mine")
    other.add_track("audio", "theirs")
    one.offer()
    plan = one.set_remote("offer", other.offer())
    assert one.state.signaling_state is SignalingState.HAVE_REMOTE_OFFER
    assert one.state.pending_local is None
    assert one.transceiver(mine).mid == "0"
    assert any(isinstance(step, CloseTransport) for step in plan)
    other.set_remote("answer", one.answer())
    assert one.transceiver(mine).current_direction is not None
    assert other.state.signaling_state is STABLE
    assert one.state.wiring.controlling is False


def test_glare_changes_nothing_when_the_offer_is_bad() -> None:
    one, other = make_ends()
    one.add("audio")
    other.add("audio")
    one.offer()
    text = other.offer().replace("a=rtcp-mux\r\n", "")
    before = one.state
    with pytest.raises(Exception, match="rtcp-mux"):
        one.set_remote("offer", text)
    assert one.state is before


def test_a_second_remote_offer_replaces_the_first() -> None:
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer())
    one.add("video")
    other.set_remote("offer", one.offer())
    assert [slot.kind for slot in other.state.slots] == ["audio", "video"]
    assert len(other.state.transceivers) == 2
    one.set_remote("answer", other.answer())
    assert one.state.wiring.sections.keys() == {"0", "1"}
