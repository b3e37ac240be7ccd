"""Remote tracks and streams (W3C "process remote tracks", RFC 8830)."""

from peer.jsep import (
    AddRemoteTrack,
    Plan,
    RemoveRemoteTrack,
    SetRemoteStreams,
    Step,
    StopTransceiver,
    set_direction,
    set_streams,
)
from sdp import Direction
from tests.jsep.ends import End, exchange, make_ends

TRACKS = (AddRemoteTrack, RemoveRemoteTrack, SetRemoteStreams)


def tracks(plan: Plan) -> list[Step]:
    return [step for step in plan if isinstance(step, TRACKS)]


def sending() -> tuple[End, End]:
    one, other = make_ends()
    one.add("audio", streams=("a", "b"))
    other.set_remote("offer", one.offer())
    return one, other


def test_streams_of_a_track() -> None:
    """RFC 8830 §2: one line for each."""
    _, other = sending()
    assert tracks(other.plans[-1]) == [AddRemoteTrack(0, ("a", "b"))]


def test_streams_change_when_the_peer_says_so() -> None:
    one, other = sending()
    one.set_remote("answer", other.answer())
    one.state = set_streams(one.state, 0, ["b"])
    assert tracks(other.set_remote("offer", one.offer())) == [SetRemoteStreams(0, ("b",))]
    one.set_remote("answer", other.answer())
    one.state = set_streams(one.state, 0, ["b", "c"])
    # W3C: with a further stream the track is reported once more.
    assert tracks(other.set_remote("offer", one.offer())) == [AddRemoteTrack(0, ("b", "c"))]


def test_a_track_comes_and_goes_with_the_direction() -> None:
    one, other = sending()
    one.set_remote("answer", other.answer())
    one.state = set_direction(one.state, 0, Direction.INACTIVE)
    assert tracks(other.set_remote("offer", one.offer())) == [RemoveRemoteTrack(0)]
    one.set_remote("answer", other.answer())
    one.state = set_direction(one.state, 0, Direction.SENDONLY)
    assert tracks(other.set_remote("offer", one.offer())) == [AddRemoteTrack(0, ("a", "b"))]


def test_a_track_of_an_answer() -> None:
    one, other = make_ends()
    one.add("audio")
    other.add_track("audio", "s")
    exchange(one, other)
    assert tracks(one.plans[-1]) == [AddRemoteTrack(0, ("s",))]


def test_a_track_without_msid_is_in_the_default_stream() -> None:
    """RFC 9429 §5.8.2: one for all of them."""
    one, other = make_ends()
    one.add("audio", streams=("s",))
    one.add("video", streams=("s",))
    offer = "".join(
        line for line in one.offer().splitlines(keepends=True) if not line.startswith("a=msid")
    )
    first, second = tracks(other.set_remote("offer", offer))
    assert isinstance(first, AddRemoteTrack)
    assert isinstance(second, AddRemoteTrack)
    assert first.streams == second.streams == (other.state.default_stream,)


def test_a_dash_means_no_stream() -> None:
    """RFC 8830 §2."""
    one, other = make_ends()
    one.add("audio")
    offer = one.offer()
    assert "a=msid:- " in offer
    assert tracks(other.set_remote("offer", offer)) == [AddRemoteTrack(0, ())]


def test_the_track_of_a_stopping_transceiver_goes_with_the_answer() -> None:
    """W3C "set a session description": stopping does not count before, only the direction does."""
    one, other = sending()
    one.set_remote("answer", other.answer())
    assert tracks(other.stop(0)) == []
    one.state = set_streams(one.state, 0, ["a", "b", "c"])
    assert tracks(other.set_remote("offer", one.offer())) == [AddRemoteTrack(0, ("a", "b", "c"))]
    other.answer()
    assert tracks(other.plans[-1]) == [RemoveRemoteTrack(0)]


def test_an_answer_that_does_not_receive_takes_the_track_back() -> None:
    one, other = sending()
    other.state = set_direction(other.state, 0, Direction.INACTIVE)
    answer = other.answer()
    assert tracks(other.plans[-1]) == [RemoveRemoteTrack(0)]
    one.set_remote("answer", answer)
    other.state = set_direction(other.state, 0, Direction.RECVONLY)
    other.set_remote("offer", one.offer())
    assert tracks(other.plans[-1]) == [AddRemoteTrack(0, ("a", "b"))]


def test_the_track_of_a_rejected_section_goes() -> None:
    one, other = sending()
    one.set_remote("answer", other.answer())
    one.stop(0)
    plan = other.set_remote("offer", one.offer())
    assert tracks(plan) == [RemoveRemoteTrack(0)]
    assert plan.index(RemoveRemoteTrack(0)) < plan.index(StopTransceiver(0))


def test_a_rollback_takes_tracks_back_and_returns_streams() -> None:
    """W3C: remote tracks are processed with what was current before."""
    one, other = sending()
    assert tracks(other.set_remote("rollback")) == [RemoveRemoteTrack(0)]
    assert StopTransceiver(0) in other.plans[-1]
    other.set_remote("offer", one.local.text)
    one.set_remote("answer", other.answer())
    one.state = set_streams(one.state, 0, ["c"])
    other.set_remote("offer", one.offer())
    assert tracks(other.set_remote("rollback")) == [AddRemoteTrack(1, ("a", "b"))]


def test_what_was_negotiated_stays_in_msid_lines() -> None:
    """RFC 9429 §5.2.2: whatever the direction becomes."""
    one, other = sending()
    one.set_remote("answer", other.answer())
    before = [str(msid) for msid in one.local.sections[0].media.msids]
    one.state = set_direction(one.state, 0, Direction.RECVONLY)
    exchange(one, other)
    exchange(other, one)
    assert [str(msid) for msid in one.local.sections[0].media.msids] == before
