"""Restarting ICE (RFC 8445 §9)."""

import pytest

from peer.ice import GatheringCompleted, IceParameters, IceRole, IceState, RemoteParameters, stun
from tests.sim.agent_host import AgentHost

from .lab import CONTROLLED, CONTROLLING, Lab, at, base_of
from .scripted_peer import ScriptedPeer


def _connect(lab: Lab) -> tuple[AgentHost, ScriptedPeer]:
    """A controlled agent with a selected pair at 0.1 s."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, end=True)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(0.1)
    assert alice.state() is IceState.COMPLETED
    return alice, peer


def test_restart_changes_both_credentials(lab: Lab) -> None:
    """RFC 8445 §9, §5.3: at least 24 and 128 bits, afresh each time."""
    alice = lab.agent()
    seen: list[IceParameters] = [alice.open()]
    seen += [alice.restart() for _ in range(20)]
    assert len({parameters.username_fragment for parameters in seen}) == 21
    assert len({parameters.password for parameters in seen}) == 21
    for parameters in seen:
        assert len(parameters.username_fragment) >= 4
        assert len(parameters.password) >= 22


def test_candidates_are_announced_for_the_new_generation(lab: Lab) -> None:
    """RFC 8445 §9: gathered anew, from the same sockets."""
    alice = lab.agent(host=lab.home("alice"))
    alice.open(stun=[lab.stun_server().address()])
    lab.run_until(1)
    before = [candidate.address for candidate in alice.candidates]
    alice.restart()
    lab.run_until(2)
    assert [candidate.address for candidate in alice.candidates] == before * 2
    assert alice.times_of(GatheringCompleted) == [at(0.04), at(1.04)]


@pytest.mark.parametrize("by", ["offerer", "answerer"])
@pytest.mark.parametrize("trickle", [False, True])
def test_restart_of_a_call(lab: Lab, by: str, trickle: bool) -> None:
    """RFC 8445 §9: roles stay, data flows without a gap, both select a new pair."""
    call = lab.call(trickle=trickle, delay=0.1).start()
    call.run()
    lab.run_until(10)
    call.offerer.send_every(0.02, until=19.999)
    call.answerer.send_every(0.02, until=19.999)
    lab.run_until(15)
    call.restart(call.offerer if by == "offerer" else call.answerer)
    lab.run_until(21)
    assert (call.offerer.agent.role, call.answerer.agent.role) == (CONTROLLING, CONTROLLED)
    for agent, other in ((call.offerer, call.answerer), (call.answerer, call.offerer)):
        assert [data for _, data in other.data()] == [b"\x80%d" % n for n in range(500)]
        assert len(agent.nominated()) == 2
        assert IceState.FAILED not in [state for _, state in agent.states()]
        assert agent.state() is IceState.COMPLETED


def test_old_checks_are_answered_until_the_new_pair_is_selected(lab: Lab) -> None:
    """RFC 8445 §9: the old credentials live as long as the old pair carries data."""
    alice, peer = _connect(lab)
    lab.run_until(5)
    old = peer.agent_parameters
    fresh = alice.restart()
    peer.port.check(base_of(alice))
    lab.run_until(6)
    assert peer.port.responses[-1].read().message_class is stun.MessageClass.SUCCESS
    peer.parameters = IceParameters("reep", "another-scripted-password")
    peer.know(fresh)
    peer.meet(alice, end=True)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(7)
    assert len(alice.nominated()) == 2
    peer.know(old)
    peer.port.check(base_of(alice))
    lab.run_until(8)
    assert peer.port.responses[-1].get(stun.ERROR_CODE).code == 401


def test_old_pair_keeps_its_consent_during_the_restart(lab: Lab) -> None:
    """RFC 7675 §5.1: with the old credentials, for as long as it takes."""
    alice, peer = _connect(lab)
    lab.run_until(5)
    ours = peer.agent_parameters.username_fragment
    alice.restart()
    lab.run_until(100)
    checks = [sent for sent in alice.log.checks() if sent.time > 5]
    assert len(checks) > 15
    assert {sent.read().get(stun.USERNAME) for sent in checks} == {f"peer:{ours}"}
    assert alice.send(b"\x80data")


def test_failed_restart_leaves_the_old_pair_in_use(lab: Lab) -> None:
    """RFC 8445 §9: data goes on over it though the new session came to nothing."""
    alice, peer = _connect(lab)
    lab.run_until(5)
    alice.restart()
    alice.learn(RemoteParameters("reep", "another-scripted-password"))
    alice.agent.end_of_remote_candidates("0")
    alice.pump()
    lab.run_until(100)
    assert alice.send(b"\x80data")
    lab.run(1)
    assert peer.port.received[-1].data == b"\x80data"


def test_late_candidate_of_the_old_generation_is_dropped(lab: Lab) -> None:
    """RFC 8838 §9: the fragment tells where it belongs."""
    alice, peer = _connect(lab)
    late = peer.open(6000)
    lab.run_until(5)
    peer.know(alice.restart())
    peer.parameters = IceParameters("reep", "another-scripted-password")
    peer.meet(alice, peer.port.candidate())
    alice.agent.add_remote_candidate("0", late.candidate(), username_fragment="peer")
    alice.pump()
    lab.run_until(10)
    assert late.received == []


def test_restart_after_failure(lab: Lab) -> None:
    """RFC 8445 §9: the way back from failed."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice, silent=True, end=True)
    lab.run_until(50)
    assert alice.state() is IceState.FAILED
    peer.know(alice.restart())
    peer.parameters = IceParameters("reep", "another-scripted-password")
    peer.meet(alice, end=True)
    lab.run_until(51)
    assert [state for _, state in alice.states()][-3:] == [
        IceState.CHECKING,
        IceState.CONNECTED,
        IceState.COMPLETED,
    ]


def test_restart_before_the_answer(lab: Lab) -> None:
    """A second offer before the first was answered: only its credentials count."""
    alice, peer = lab.agent(), lab.peer()
    peer.know(alice.open())
    first = peer.agent_parameters
    lab.run_until(1)
    second = alice.restart()
    peer.port.check(base_of(alice))
    lab.run_until(2)
    assert peer.port.responses[-1].get(stun.ERROR_CODE).code == 401
    assert first.username_fragment != second.username_fragment
    peer.know(second)
    peer.meet(alice, end=True)
    lab.run_until(3)
    assert alice.state() is IceState.COMPLETED


def test_restart_during_a_restart(lab: Lab) -> None:
    """RFC 8445 §9: the pair that carries data is the old one until a new one is selected."""
    alice, peer = _connect(lab)
    lab.run_until(5)
    alice.restart()
    lab.run_until(6)
    peer.know(alice.restart())
    assert alice.send(b"\x80still on the first pair")
    peer.parameters = IceParameters("reep", "another-scripted-password")
    peer.meet(alice, end=True)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(8)
    assert alice.state() is IceState.COMPLETED
    assert len(alice.nominated()) == 2
    assert alice.send(b"\x80on the new one")


@pytest.mark.parametrize("role", list(IceRole))
def test_role_outlives_the_restart(lab: Lab, role: IceRole) -> None:
    """RFC 8445 §9: whoever offers it."""
    alice = lab.agent(role=role)
    peer = lab.peer(controlling=role is CONTROLLED)
    peer.meet(alice)
    lab.run_until(1)
    peer.know(alice.restart())
    peer.parameters = IceParameters("reep", "another-scripted-password")
    peer.meet(alice)
    lab.run_until(2)
    assert alice.agent.role is role
    attribute = stun.ICE_CONTROLLING if role is CONTROLLING else stun.ICE_CONTROLLED
    assert all(sent.has(attribute) for sent in alice.log.checks())


def _another_peer(lab: Lab, first: ScriptedPeer) -> ScriptedPeer:
    second = lab.peer("second", controlling=first.controlling)
    second.parameters = IceParameters("seco", "second-scripted-password")
    second.know(first.agent_parameters)
    return second


def test_another_endpoint_takes_the_place_of_the_peer(lab: Lab) -> None:
    """Our credentials stay and gathering is over: only the peer's half of the session is new."""
    alice, first = _connect(lab)
    second = _another_peer(lab, first)
    lab.run_until(5)
    second.meet(alice, end=True)
    second.port.check(base_of(alice), use_candidate=True)
    lab.run_until(6)
    assert alice.state() is IceState.COMPLETED
    assert len(alice.times_of(GatheringCompleted)) == 1
    assert alice.selected().remote.address == second.port.address
    ours = first.agent_parameters.username_fragment
    assert {sent.get(stun.USERNAME) for sent in second.port.requests} == {f"seco:{ours}"}
    assert alice.send(b"\x80data")
    lab.run(1)
    assert second.port.received[-1].data == b"\x80data"


def test_checks_of_the_peer_before_teach_nothing_about_the_one_after(lab: Lab) -> None:
    """While its pair carries data they are answered; then its credentials are over."""
    alice, first = _connect(lab)
    second = _another_peer(lab, first)
    second.on_request = second.ignore
    other = first.open(6000)
    lab.run_until(5)
    second.meet(alice, end=True)
    other.check(base_of(alice))
    lab.run_until(6)
    assert other.responses[-1].read().message_class is stun.MessageClass.SUCCESS
    assert not other.requests
    assert alice.send(b"\x80still on the first pair")
    second.on_request = second.accept
    second.port.check(base_of(alice), use_candidate=True)
    lab.run_until(8)
    assert alice.selected().remote.address == second.port.address
    other.check(base_of(alice))
    lab.run_until(9)
    assert other.responses[-1].get(stun.ERROR_CODE).code == 401
    second.port.check(base_of(alice))
    lab.run_until(10)
    assert second.port.responses[-1].read().message_class is stun.MessageClass.SUCCESS


def test_another_endpoint_before_the_first_was_reached(lab: Lab) -> None:
    """As when the final answer comes from another endpoint than the provisional one."""
    alice, first = lab.agent(), lab.peer()
    first.on_request = first.ignore
    first.meet(alice)
    second = _another_peer(lab, first)
    lab.run_until(1)
    asked = len(first.requests)
    second.meet(alice, end=True)
    lab.run_until(3)
    assert alice.state() is IceState.COMPLETED
    assert alice.selected().remote.address == second.port.address
    assert len(first.requests) == asked


def test_a_restart_that_is_cancelled_returns_to_the_peer_that_came_last(lab: Lab) -> None:
    alice, first = _connect(lab)
    second = _another_peer(lab, first)
    lab.run_until(5)
    second.on_request = second.ignore
    second.meet(alice, end=True)
    lab.run_until(6)
    alice.restart()
    assert alice.agent.cancel_restart("0", first.agent_parameters) is False
    second.on_request = second.accept
    second.meet(alice, end=True)
    second.port.check(base_of(alice), use_candidate=True)
    lab.run_until(8)
    assert alice.selected().remote.address == second.port.address
