"""Which transceiver a section of a remote offer gets (RFC 9429 §5.10)."""

import pytest

from peer.jsep import AddRemoteTrack, CreateTransceiver, StopTransceiver, set_direction
from sdp import Direction
from tests.jsep.ends import exchange, make_ends
from tests.jsep.texts import without_sections

RECEIVING = [Direction.SENDRECV, Direction.RECVONLY]
OTHERS = [Direction.SENDONLY, Direction.INACTIVE]


@pytest.mark.parametrize("direction", RECEIVING)
def test_a_transceiver_of_add_track_is_taken(direction: Direction) -> None:
    one, other = make_ends()
    one.add("audio", direction)
    waiting = other.add_track("audio")
    plan = other.set_remote("offer", one.offer())
    assert not any(isinstance(step, CreateTransceiver) for step in plan)
    assert other.transceiver(waiting).mid == "0"
    assert other.transceiver(waiting).mline_index == 0


@pytest.mark.parametrize("direction", OTHERS)
def test_a_section_that_does_not_receive_gets_a_new_one(direction: Direction) -> None:
    one, other = make_ends()
    one.add("audio", direction)
    waiting = other.add_track("audio")
    plan = other.set_remote("offer", one.offer())
    assert [step.transceiver for step in plan if isinstance(step, CreateTransceiver)] == [
        waiting + 1
    ]
    assert other.transceiver(waiting).mid is None
    assert other.transceiver(waiting + 1).direction is Direction.RECVONLY


def test_a_transceiver_of_add_transceiver_is_not_taken() -> None:
    one, other = make_ends()
    one.add("audio")
    other.add("audio")
    other.set_remote("offer", one.offer())
    assert [transceiver.mid for transceiver in other.state.transceivers] == [None, "0"]


def test_the_first_added_of_the_kind_goes_first() -> None:
    one, other = make_ends()
    for kind in ("video", "audio", "video"):
        one.add(kind)
    audio, first, second = (other.add_track(kind) for kind in ("audio", "video", "video"))
    other.set_remote("offer", one.offer())
    assert [other.transceiver(number).mid for number in (audio, first, second)] == ["1", "0", "2"]


def test_a_stopping_transceiver_is_not_taken() -> None:
    one, other = make_ends()
    other.add_track("audio")
    exchange(other, one)
    other.stop(0)
    one.add("video")
    one.add("audio")
    other.set_remote("offer", one.offer())
    assert [transceiver.mid for transceiver in other.state.transceivers] == ["0", "1", "2"]


def test_sections_that_are_rejected_from_the_start_get_none() -> None:
    one, other = make_ends()
    one.add("audio")
    one.add("video")
    plan = other.set_remote("offer", without_sections(one.offer(), "0"))
    created = [step for step in plan if isinstance(step, CreateTransceiver)]
    assert [step.kind for step in created] == ["video"]


def test_a_section_rejected_later_stops_its_transceiver() -> None:
    """W3C: whether the offer or the answer says so."""
    one, other = make_ends()
    one.add("audio")
    one.add("video")
    exchange(one, other)
    plan = other.set_remote("offer", without_sections(one.offer(), "1"))
    assert StopTransceiver(1) in plan
    assert [transceiver.mid for transceiver in other.state.transceivers] == ["0"]
    plan = one.set_remote("answer", other.answer())
    assert StopTransceiver(1) in plan


def test_a_recycled_line_leaves_its_transceiver() -> None:
    one, other = make_ends()
    one.add("audio")
    exchange(one, other)
    one.stop(0)
    exchange(one, other)
    one.add("video")
    exchange(one, other)
    assert [(t.kind, t.mid) for t in other.state.transceivers] == [("video", "1")]
    assert [slot.kind for slot in other.state.slots] == ["video"]


def test_unknown_media_is_rejected_alone() -> None:
    """RFC 9429 §5.3.1: not the whole offer."""
    one, other = make_ends()
    one.add("audio")
    text = one.offer() + "m=text 9 RTP/AVP 98\r\nc=IN IP4 0.0.0.0\r\na=mid:t\r\n"
    other.set_remote("offer", text)
    other.answer()
    first, second = other.local.record.media
    assert (first.port, second.port) == (9, 0)
    assert (second.kind, second.protocol, second.formats) == ("text", "RTP/AVP", ("98",))
    assert len(other.state.transceivers) == 1


def test_only_one_data_section_is_taken() -> None:
    one, other = make_ends()
    one.add_data()
    offer = one.offer()
    second = offer[offer.index("m=application") :].replace("a=mid:0", "a=mid:1")
    other.set_remote("offer", offer + second)
    assert [slot.is_data for slot in other.state.slots] == [True, False]
    other.answer()
    assert [media.port for media in other.local.record.media] == [9, 0]
    assert [slot.is_data for slot in other.state.slots] == [True, False]


def test_tracks_are_reported_when_the_peer_begins_to_send() -> None:
    """W3C "process remote tracks"."""
    one, other = make_ends()
    number = one.add("audio", Direction.RECVONLY, streams=["s"])
    plan = other.set_remote("offer", one.offer())
    assert not any(isinstance(step, AddRemoteTrack) for step in plan)
    one.set_remote("answer", other.answer())
    one.state = set_direction(one.state, number, Direction.SENDRECV)
    plan = other.set_remote("offer", one.offer())
    assert [step for step in plan if isinstance(step, AddRemoteTrack)] == [
        AddRemoteTrack(0, ("s",))
    ]


def test_a_stopped_section_with_a_port_is_rejected() -> None:
    """Firefox, once it has gathered for an ICE restart, writes the port of the group into it."""
    one, other = make_ends()
    for end in (one, other):
        end.add_track("audio", "stream")
        end.add_track("video", "stream")
    exchange(one, other)
    one.stop(1)
    text = one.offer(ice_restart=True)
    assert "m=video 0 " in text
    other.set_remote("offer", text.replace("m=video 0 ", "m=video 9 "))
    answer = other.answer()
    assert [section.rejected for section in other.local.sections] == [False, True]
    assert "m=video 0 " in answer
    assert [one.mid for one in other.state.transceivers] == ["0"]
