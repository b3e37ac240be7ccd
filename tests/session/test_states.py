"""States of a connection as a whole (W3C §4.3.2, §4.3.3): every row of the tables."""

import itertools

import pytest

from peer.ice import IceState
from peer.session.states import connection_state, gathering_state, ice_connection_state

NEW, CHECKING, CONNECTED = IceState.NEW, IceState.CHECKING, IceState.CONNECTED
COMPLETED, DISCONNECTED = IceState.COMPLETED, IceState.DISCONNECTED
FAILED, CLOSED = IceState.FAILED, IceState.CLOSED


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), "new"),
        ((NEW, CLOSED), "new"),
        ((NEW, CONNECTED), "checking"),
        ((CHECKING, COMPLETED), "checking"),
        ((CONNECTED, COMPLETED, CLOSED), "connected"),
        ((COMPLETED, CLOSED), "completed"),
        ((DISCONNECTED, CHECKING, CONNECTED), "disconnected"),
        ((FAILED, DISCONNECTED, NEW), "failed"),
    ],
)
def test_the_ice_connection_state_is_that_of_the_first_rule_that_fits(
    states: tuple[IceState, ...], expected: str
) -> None:
    for order in itertools.permutations(states):
        assert ice_connection_state(order) == expected


@pytest.mark.parametrize(
    ("ice", "dtls", "expected"),
    [
        ((), (), "new"),
        ((NEW,), ("new", "closed"), "new"),
        ((NEW,), ("connecting",), "connecting"),
        ((CHECKING,), ("new",), "connecting"),
        ((CONNECTED,), ("new",), "connecting"),
        ((COMPLETED,), ("connecting", "connected"), "connecting"),
        ((CONNECTED, COMPLETED), ("connected", "closed"), "connected"),
        ((DISCONNECTED, CONNECTED), ("connected",), "disconnected"),
        ((FAILED,), ("connected",), "failed"),
        ((CONNECTED,), ("connected", "failed"), "failed"),
        ((DISCONNECTED,), ("failed",), "failed"),
    ],
)
def test_the_connection_state_counts_ice_and_dtls(
    ice: tuple[IceState, ...], dtls: tuple[str, ...], expected: str
) -> None:
    assert connection_state(ice_connection_state(ice), dtls) == expected


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), "new"),
        (("new",), "new"),
        (("new", "complete"), "new"),
        (("complete", "gathering"), "gathering"),
        (("complete", "complete"), "complete"),
    ],
)
def test_gathering_is_complete_when_it_is_everywhere(
    states: tuple[str, ...], expected: str
) -> None:
    assert gathering_state(states) == expected
