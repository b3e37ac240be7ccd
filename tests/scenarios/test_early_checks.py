"""Checks and data that overtake the signalling (RFC 8445 §7.3)."""

import pytest

from peer.ice import DataReceived, IceParameters, IceState

from .lab import CONTROLLED, Lab, at, base_of


def test_answerer_is_ready_before_the_answer_arrives(lab: Lab) -> None:
    """RFC 8445 §7.3: the offerer answers checks it knows nothing of, so data may flow to it."""
    call = lab.call(delay=0.1, answer_delay=1.0).start()
    lab.run_until(0.13)
    alice, bob = call.offerer, call.answerer
    assert bob.states()[-1] == (at(0.12), IceState.CONNECTED)
    assert alice.state() is IceState.NEW
    assert bob.send(b"\x80early")
    lab.run_until(1.19)
    assert [event.data for event in alice.of_type(DataReceived)] == [b"\x80early"]
    assert alice.log.checks() == []
    assert call.run() == at(1.22)
    assert alice.log.checks()[0].time == at(1.2)
    lab.run(5)
    assert alice.state() is bob.state() is IceState.COMPLETED
    assert len(alice.nominated()) == len(bob.nominated()) == 1


def test_early_check_of_a_restart(lab: Lab) -> None:
    """RFC 8445 §9: the new credentials are good from the moment they were made."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, end=True)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(5)
    peer.know(alice.restart())
    peer.parameters = IceParameters("reep", "another-scripted-password")
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(5.5)
    assert len(peer.port.responses) == 2
    assert len(alice.nominated()) == 1
    peer.meet(alice, end=True)
    lab.run_until(6)
    assert alice.nominated()[-1][0] == at(5.52)
    assert len(alice.nominated()) == 2


def test_early_check_is_remembered_once(lab: Lab) -> None:
    """RFC 8445 §7.3: retransmissions and repetitions make one triggered check."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.know(alice.open())
    lab.run(0)
    for _ in range(20):
        peer.port.check(base_of(alice))
        lab.run(0.1)
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    lab.run(1)
    assert len(peer.port.responses) == 20
    assert len(alice.log.checks()) == 1


@pytest.mark.parametrize("nominates_first", [False, True])
def test_early_nomination_is_remembered(lab: Lab, nominates_first: bool) -> None:
    """RFC 8445 §7.3.1.5: whichever of the early checks carried it."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.know(alice.open())
    lab.run(0)
    for nominates in (nominates_first, not nominates_first):
        peer.port.check(base_of(alice), use_candidate=nominates)
        lab.run(0.1)
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    lab.run(1)
    assert len(alice.nominated()) == 1


def test_early_check_of_the_same_role(lab: Lab) -> None:
    """RFC 8445 §7.3.1.1: a conflict is settled at once, description or not."""
    alice, peer = lab.agent(), lab.peer(controlling=True, tie_breaker=(1 << 64) - 1)
    peer.know(alice.open())
    lab.run(0)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(0.5)
    assert alice.agent.role is CONTROLLED
    alice.meet(peer.remote)
    lab.run_until(1)
    assert [time for time, _ in alice.nominated()] == [at(0.52)]
