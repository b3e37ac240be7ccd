"""Setting descriptions: what may be set, provisional answers, all or nothing (RFC 9429 §5)."""

import copy

import pytest

from peer.jsep import (
    CloseTransport,
    DOMException,
    InvalidModificationError,
    SdpType,
    SetReceiver,
    SetSender,
    SignalingState,
    StartSctp,
    StopTransceiver,
    create_answer,
    create_offer,
    set_direction,
    set_local_description,
)
from sdp import Direction
from tests.jsep.ends import End, exchange, make_end, make_ends
from tests.jsep.texts import without_sections


def test_only_the_last_offer_can_be_set() -> None:
    """W3C setLocalDescription: InvalidModificationError for anything else."""
    end, _ = make_ends()
    end.add("audio")
    end.state, first = create_offer(end.state, entropy=end.entropy)
    end.add("video")
    end.state, second = create_offer(end.state, entropy=end.entropy)
    before = end.state
    for text in (first, second.replace("sendrecv", "sendonly"), second + "a=x\r\n", "nonsense"):
        with pytest.raises(InvalidModificationError):
            end.set_local("offer", text)
        assert end.state is before
    end.set_local("offer", second)


def test_an_offer_cannot_be_set_again_after_the_exchange() -> None:
    one, other = make_ends()
    one.add("audio")
    offer, _ = exchange(one, other)
    with pytest.raises(InvalidModificationError):
        one.set_local("offer", offer)


def test_without_a_text_the_last_one_is_set() -> None:
    """W3C: if it is still valid."""
    end, _ = make_ends()
    end.add("audio")
    end.state, text = create_offer(end.state, entropy=end.entropy, ice_restart=True)
    end.set_local("offer")
    assert end.local.text == text


def test_without_a_text_an_outdated_one_is_made_anew() -> None:
    end, _ = make_ends()
    end.add("audio")
    end.state, text = create_offer(end.state, entropy=end.entropy)
    end.add("video")
    end.set_local("offer")
    assert end.local.text != text
    assert [section.media.kind for section in end.local.sections] == ["audio", "video"]


def test_without_type_and_text() -> None:
    """W3C: perfect negotiation relies on it."""
    one, other = make_ends()
    one.add("audio")
    one.take(set_local_description(one.state, entropy=one.entropy))
    other.set_remote("offer", one.local.text)
    other.take(set_local_description(other.state, entropy=other.entropy))
    assert other.local.type is SdpType.ANSWER
    one.set_remote("answer", other.local.text)
    assert one.state.signaling_state is SignalingState.STABLE


def test_an_offer_may_be_altered_when_configured() -> None:
    end = make_end(0, lenient_munging=True)
    end.add("audio")
    end.state, text = create_offer(end.state, entropy=end.entropy)
    end.set_local("offer", text.replace("sendrecv", "sendonly").replace(" 111 63", ""))
    media = end.local.sections[0].media
    assert media.direction is Direction.SENDONLY
    assert "opus" not in [codec.name for codec in media.codecs]


@pytest.mark.parametrize("change", ["", "video"])
def test_its_sections_stay_in_place(change: str) -> None:
    end = make_end(0, lenient_munging=True)
    end.add("audio")
    end.state, text = create_offer(end.state, entropy=end.entropy)
    before = end.state
    altered = text.replace("m=audio", f"m={change}") if change else text[: text.index("m=")]
    with pytest.raises(DOMException):
        end.set_local("offer", altered)
    assert end.state is before


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "a=ice-pwd of 22"),
        ("a=ice-pwd:short\r\n", "a=ice-pwd of 22"),
        (f"a=ice-pwd:{'$' * 22}\r\n", "ice-char"),
    ],
)
def test_its_sections_keep_ice_credentials(line: str, reason: str) -> None:
    """They are refused here, not when a transport is to be made of them."""
    end = make_end(0, lenient_munging=True)
    end.add("audio")
    end.add("video")
    end.state, text = create_offer(end.state, entropy=end.entropy)
    before = end.state
    head, found, tail = text.rpartition("a=ice-pwd:")
    altered = head + line + tail[tail.index("\r\n") + 2 :]
    assert found
    with pytest.raises(InvalidModificationError, match=reason):
        end.set_local("offer", altered)
    assert end.state is before


def test_a_restart_by_hand_changes_both_credentials() -> None:
    """RFC 8839 §5.4."""
    one, other = make_ends(lenient_munging=True)
    one.add("audio")
    exchange(one, other)
    one.state, text = create_offer(one.state, entropy=one.entropy)
    ufrag = one.local.sections[0].media.ice.ufrag
    with pytest.raises(InvalidModificationError, match="without the other"):
        one.set_local("offer", text.replace(f"a=ice-ufrag:{ufrag}", "a=ice-ufrag:another"))


def provisional() -> tuple[End, End]:
    one, other = make_ends()
    one.add("audio")
    one.add("video")
    one.add_data()
    other.add_track("audio", "s")
    other.set_remote("offer", one.offer())
    return one, other


def test_a_provisional_answer_starts_and_closes_nothing() -> None:
    """RFC 9429 §4.1.10.1."""
    one, other = provisional()
    plan = one.set_remote("pranswer", other.answer("pranswer"))
    kinds = {type(step) for step in plan}
    assert {SetReceiver, SetSender, StartSctp} <= kinds
    assert not kinds & {CloseTransport, StopTransceiver}
    assert one.transceiver(0).current_direction is Direction.SENDRECV
    plan = one.set_remote("answer", other.answer())
    assert {type(step) for step in plan} == {CloseTransport}


def test_a_later_answer_may_differ() -> None:
    """RFC 9429 §4.1.10.1: here in direction."""
    one, other = provisional()
    number = other.state.slots[0].transceiver
    assert number is not None
    other.state = set_direction(other.state, number, Direction.INACTIVE)
    one.set_remote("pranswer", other.answer("pranswer"))
    assert one.transceiver(0).current_direction is Direction.INACTIVE
    other.state = set_direction(other.state, number, Direction.SENDRECV)
    one.set_remote("answer", other.answer())
    assert one.transceiver(0).current_direction is Direction.SENDRECV
    assert other.transceiver(number).current_direction is Direction.SENDRECV


def test_what_a_provisional_answer_rejects_may_come_back() -> None:
    one, other = provisional()
    answer = other.answer("pranswer")
    one.set_remote("pranswer", without_sections(answer, "1"))
    assert one.transceiver(1).mid == "1"
    assert "1" not in one.state.wiring.sections
    one.set_remote("answer", other.answer())
    assert one.state.wiring.sections.keys() == {"0", "1", "2"}


def test_pranswers_may_be_repeated() -> None:
    one, other = provisional()
    for _ in range(3):
        one.set_remote("pranswer", other.answer("pranswer"))
    one.set_remote("answer", other.answer())
    assert one.state.groups == other.state.groups == (("0", "1", "2"),)


def test_states_are_never_changed() -> None:
    """Every operation leaves the state it was given as it was, deep down."""
    one, other = provisional()
    states = [copy.deepcopy(end.state) for end in (one, other)]
    kept = [one.state, other.state]
    one.set_remote("answer", other.answer())
    exchange(other, one, ice_restart=True)
    other.stop(0)
    exchange(one, other)
    assert kept == states


def test_a_refused_description_leaves_the_deep_state() -> None:
    one, other = provisional()
    answer = other.answer()
    before = copy.deepcopy(one.state)
    broken = answer.replace("a=sctp-port", "a=mid:0\r\na=sctp-port")
    with pytest.raises(DOMException):
        one.set_remote("answer", broken)
    assert one.state == before


def test_create_answer_needs_an_offer() -> None:
    end, _ = make_ends()
    with pytest.raises(DOMException):
        create_answer(end.state, entropy=end.entropy)
