"""When negotiation is needed (W3C "check if negotiation is needed")."""

from collections.abc import Callable

import pytest

from peer.jsep import (
    is_negotiation_needed,
    remove_track,
    request_ice_restart,
    set_codec_preferences,
    set_direction,
    set_streams,
)
from sdp import Direction
from tests.jsep.ends import End, exchange, make_ends
from tests.jsep.texts import without_sections


def settled() -> tuple[End, End]:
    """Two ends with audio and data, and nothing left to say."""
    one, other = make_ends()
    one.add("audio", streams=("s",))
    one.add_data()
    other.add_track("audio", "t")
    exchange(one, other)
    assert not is_negotiation_needed(one.state)
    assert not is_negotiation_needed(other.state)
    return one, other


def direct(direction: Direction) -> Callable[[End], None]:
    def change(end: End) -> None:
        end.state = set_direction(end.state, 0, direction)

    return change


def restart(end: End) -> None:
    end.state = request_ice_restart(end.state)


def streams(end: End) -> None:
    end.state = set_streams(end.state, 0, ["u"])


def prefer(end: End) -> None:
    end.state = set_codec_preferences(end.state, 0, end.state.configuration.audio_codecs[:1])


def stop_receiving_only(end: End) -> None:
    end.state = remove_track(end.state, 0)


@pytest.mark.parametrize(
    ("change", "needed"),
    [
        (lambda end: end.add("video"), True),
        (lambda end: end.stop(0), True),
        (lambda end: end.add_data(), False),
        (direct(Direction.INACTIVE), True),
        (direct(Direction.SENDRECV), False),
        (restart, True),
        (streams, True),
        (stop_receiving_only, True),
        (prefer, False),
    ],
)
@pytest.mark.parametrize("side", [0, 1])
def test_changes(change: Callable[[End], None], needed: bool, side: int) -> None:
    ends = settled()
    change(ends[side])
    assert is_negotiation_needed(ends[side].state) is needed
    exchange(ends[side], ends[1 - side])
    assert not is_negotiation_needed(ends[side].state)


def test_a_new_connection_needs_none() -> None:
    one, _ = make_ends()
    assert not is_negotiation_needed(one.state)


def test_the_first_data_channel_needs_one() -> None:
    one, _ = make_ends()
    one.add_data()
    assert is_negotiation_needed(one.state)


def test_a_transceiver_the_offer_did_not_use_needs_one() -> None:
    one, other = make_ends()
    one.add("audio", Direction.SENDONLY)
    other.add_track("audio")
    exchange(one, other)
    assert is_negotiation_needed(other.state)


def test_a_direction_the_peer_did_not_grant_needs_none() -> None:
    """The answer says what was agreed: wishing for more does not bring it."""
    one, other = make_ends()
    one.add("audio", Direction.SENDRECV)
    exchange(one, other)
    assert one.transceiver(0).current_direction is Direction.SENDONLY
    assert not is_negotiation_needed(one.state)


def test_a_channel_without_section_does_not_ask_for_ever() -> None:
    """When the peer rejects data, its channels are closed."""
    one, other = make_ends()
    one.add_data()
    other.set_remote("offer", one.offer())
    one.set_remote("answer", without_sections(other.answer(), "0"))
    assert not is_negotiation_needed(one.state)


def test_a_restart_is_wanted_until_all_credentials_are_new() -> None:
    """W3C restartIce: an exchange of the peer without restart does not do."""
    one, other = settled()
    one.state = request_ice_restart(one.state)
    exchange(other, one)
    assert is_negotiation_needed(one.state)
    exchange(one, other)
    assert not is_negotiation_needed(one.state)


def test_a_restart_by_the_peer_will_do() -> None:
    one, other = settled()
    one.state = request_ice_restart(one.state)
    exchange(other, one, ice_restart=True)
    assert not is_negotiation_needed(one.state)


def test_a_restart_before_anything_is_nothing() -> None:
    one, _ = make_ends()
    one.state = request_ice_restart(one.state)
    assert not is_negotiation_needed(one.state)
