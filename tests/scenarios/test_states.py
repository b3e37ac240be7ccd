"""States of a component, as the W3C's RTCIceTransportState tells them."""

import pytest

from peer.ice import IceState, InvalidParameterError, InvalidStateError

from .lab import CONTROLLED, Lab, at, base_of


def test_life_of_a_component(lab: Lab) -> None:
    """new, checking, connected, completed, disconnected, failed, and closed in the end."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.know(alice.open())
    lab.run_until(1)
    assert alice.state() is IceState.NEW
    peer.meet(alice)
    lab.run_until(2)
    assert alice.state() is IceState.CONNECTED
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(3)
    assert alice.state() is IceState.CONNECTED
    alice.agent.end_of_remote_candidates("0")
    alice.pump()
    lab.run_until(10)
    peer.on_request = peer.ignore
    lab.run_until(60)
    assert [state for _, state in alice.states()] == [
        IceState.CHECKING,
        IceState.CONNECTED,
        IceState.COMPLETED,
        IceState.DISCONNECTED,
        IceState.FAILED,
    ]
    assert [time for time, _ in alice.states()][:3] == [1.0, at(1.02), at(3.0)]
    alice.close()
    assert alice.state() is IceState.CLOSED


def test_closing_tells_nothing_more(lab: Lab) -> None:
    """The application closed it, so it knows; misuse afterwards is its own fault."""
    call = lab.call().start()
    call.run()
    lab.run_until(5)
    alice = call.offerer
    count = len(alice.events)
    alice.close()
    alice.close()
    lab.run_until(60)
    assert len(alice.events) == count
    for misuse in (
        lambda: alice.agent.add_stream("1"),
        lambda: alice.agent.restart("0"),
        lambda: alice.agent.send("0", 1, b"\x80"),
    ):
        with pytest.raises(InvalidStateError):
            misuse()


def test_unknown_stream_is_misuse(lab: Lab) -> None:
    """Raised at once, with nothing changed."""
    alice = lab.agent()
    for misuse in (
        lambda: alice.agent.restart("0"),
        lambda: alice.agent.send("0", 1, b"\x80"),
        lambda: alice.agent.end_of_bases("0"),
    ):
        with pytest.raises(InvalidParameterError):
            misuse()


def test_peer_that_leaves_without_a_word(lab: Lab) -> None:
    """disconnected within a quarter of a minute or so, failed when consent expires."""
    call = lab.call().start()
    call.run()
    lab.run_until(10)
    call.offerer.close()
    lab.run_until(60)
    states = call.answerer.states()[-2:]
    assert [state for _, state in states] == [IceState.DISCONNECTED, IceState.FAILED]
    assert 10 + 12 < states[0][0] < 10 + 24
    assert 10 + 24 < states[1][0] <= 10 + 30.02


def test_outage_shorter_than_consent_is_survived(lab: Lab) -> None:
    """The link is cut for 18 s; both go on as if nothing had been."""
    call = lab.call().start()
    call.run()
    lab.run_until(10)
    link = call.offerer.host.interfaces[0].link
    link.cut()
    lab.run_until(28)
    link.restore()
    lab.run_until(60)
    for agent in (call.offerer, call.answerer):
        assert agent.state() is IceState.COMPLETED
        assert IceState.FAILED not in [state for _, state in agent.states()]
        assert agent.send(b"\x80data")
