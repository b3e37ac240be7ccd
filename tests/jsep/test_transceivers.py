"""What the application does between descriptions (W3C RTCPeerConnection, RTCRtpTransceiver)."""

from collections.abc import Callable

import pytest

from peer.jsep import (
    InvalidStateError,
    JsepTypeError,
    SignalingState,
    State,
    StopReceiver,
    StopSender,
    StopTransceiver,
    add_transceiver,
    close,
    create_offer,
    is_negotiation_needed,
    remove_track,
    request_data_channel,
    request_ice_restart,
    set_codec_preferences,
    set_direction,
    set_streams,
    stop_transceiver,
    use_for_track,
)
from sdp import Direction
from tests.jsep.ends import exchange, make_ends


@pytest.mark.parametrize("kind", ["application", "text", "", "Audio"])
def test_kinds(kind: str) -> None:
    end, _ = make_ends()
    with pytest.raises(JsepTypeError) as caught:
        add_transceiver(end.state, kind, entropy=end.entropy)
    assert isinstance(caught.value, TypeError)
    assert caught.value.name == "TypeError"


def test_a_new_transceiver() -> None:
    end, _ = make_ends()
    numbers = [end.add("audio"), end.add("video")]
    assert numbers == [0, 1]
    first, second = end.state.transceivers
    assert (first.mid, first.current_direction, first.direction) == (None, None, Direction.SENDRECV)
    assert len({first.ssrc, first.rtx_ssrc, second.ssrc, second.rtx_ssrc}) == 4
    assert first.track_id != second.track_id


@pytest.mark.parametrize(("given", "kept"), [("camera-1", True), ("my camera", False)])
def test_the_id_of_a_track_is_told_where_it_can_be_written(given: str, kept: bool) -> None:
    """RFC 8830 §2: it is a token there."""
    end, _ = make_ends()
    end.add("audio", track_id=given)
    end.offer()
    (msid,) = end.local.sections[0].media.msids
    assert (msid.track == given) is kept


def test_streams_are_named_once() -> None:
    end, _ = make_ends()
    number = end.add("audio", streams=("a", "b", "a"))
    assert end.transceiver(number).streams == ("a", "b")


def test_ids_are_not_used_again() -> None:
    end, _ = make_ends()
    end.stop(end.add("audio"))
    assert end.add("audio") == 1


def test_stopping_an_established_transceiver() -> None:
    """W3C stop: media ends at once, the section with the next exchange."""
    one, other = make_ends()
    number = one.add("audio")
    other.add_track("audio")
    exchange(one, other)
    assert one.stop(number) == (StopSender(number), StopReceiver(number))
    assert one.stop(number) == ()
    assert one.transceiver(number).stopping
    assert one.transceiver(number).mid == "0"
    assert one.transceiver(number).current_direction is Direction.SENDRECV
    exchange(one, other)
    assert StopTransceiver(number) in one.plans[-1]
    assert one.state.transceivers == other.state.transceivers == ()


def test_one_that_nobody_knows_stops_with_the_next_exchange() -> None:
    """W3C getTransceivers: it is there until a description is set that settles it."""
    one, other = make_ends()
    one.add("audio")
    number = one.add("video")
    assert one.stop(number) == ()
    assert is_negotiation_needed(one.state)
    offer, _ = exchange(one, other)
    assert "m=video" not in offer
    assert StopTransceiver(number) in one.plans[-1]
    assert one.state.transceiver(number) is None
    assert not is_negotiation_needed(one.state)


def test_one_that_stops_between_creating_and_setting_an_offer() -> None:
    one, other = make_ends()
    number = one.add("audio")
    one.state, offer = create_offer(one.state, entropy=one.entropy)
    one.stop(number)
    other.set_remote("offer", offer)
    one.set_local("offer", offer)
    one.set_remote("answer", other.answer())
    assert one.transceiver(number).stopping
    assert one.transceiver(number).mid == "0"
    assert one.state.wiring.senders == {}
    exchange(one, other)
    assert one.state.transceivers == other.state.transceivers == ()


CHANGES: list[Callable[[State], object]] = [
    lambda state: set_direction(state, 0, Direction.INACTIVE),
    lambda state: set_codec_preferences(state, 0, []),
    lambda state: use_for_track(state, 0, []),
    lambda state: remove_track(state, 0),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_stopping_transceiver_cannot_be_changed(change: Callable[[State], object]) -> None:
    one, other = make_ends()
    one.add("audio")
    exchange(one, other)
    one.stop(0)
    with pytest.raises(InvalidStateError):
        change(one.state)


def test_the_streams_of_a_sender_can_be_set_for_as_long_as_it_is_there_and_later() -> None:
    """W3C setStreams refuses a closed connection, and nothing else."""
    one, other = make_ends()
    one.add("audio")
    exchange(one, other)
    one.stop(0)
    one.state = set_streams(one.state, 0, ["a"])
    assert one.transceiver(0).streams == ("a",)
    exchange(one, other)
    assert set_streams(one.state, 0, ["b"]) == one.state


@pytest.mark.parametrize(
    "change",
    [
        *CHANGES,
        lambda state: set_streams(state, 0, []),
        request_data_channel,
        request_ice_restart,
        lambda state: add_transceiver(state, "audio", entropy=bytes),
        lambda state: stop_transceiver(state, 0),
    ],
)
def test_nothing_can_be_changed_once_closed(change: Callable[[State], object]) -> None:
    end, _ = make_ends()
    end.add("audio")
    end.state = close(end.state)
    with pytest.raises(InvalidStateError):
        change(end.state)


def test_what_was_negotiated_can_be_read_once_closed() -> None:
    one, other = make_ends()
    one.add("audio")
    one.add_data()
    other.add_track("audio")
    exchange(one, other)
    before, one.state = one.state, close(one.state)
    assert one.state.signaling_state is SignalingState.CLOSED
    assert (one.state.transceivers, one.state.wiring) == (before.transceivers, before.wiring)
    assert (one.state.local, one.state.remote) == (before.local, before.remote)
    assert close(one.state) == one.state
