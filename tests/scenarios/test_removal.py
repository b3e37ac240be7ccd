"""Streams, components and bases that are taken out in the middle of something."""

from peer.ice import CandidateType, IceState, SelectedPairLost, TransportAddress
from peer.ice.stun import Method
from peer.testing.internet import TurnServer
from tests.sim.agent_host import AgentHost

from .lab import CONTROLLED, FREE, Lab, base_of, settings
from .scripted_peer import ScriptedPeer


def _two_components(lab: Lab) -> tuple[AgentHost, ScriptedPeer]:
    """A controlling agent with two components, of which the peer serves the first."""
    alice, peer = lab.agent(), lab.peer()
    peer.know(alice.open(components=(1, 2)))
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    lab.run_until(1)
    return alice, peer


def test_last_pending_component_completes_the_stream_when_removed(lab: Lab) -> None:
    """RFC 8445 §8.1.2: completed is who has a nominated pair for each component there is."""
    alice, _ = _two_components(lab)
    assert alice.state() is IceState.CONNECTED
    alice.agent.remove_component("0", 2)
    alice.pump()
    lab.run_until(2)
    assert alice.state() is IceState.COMPLETED
    lab.run_until(60)
    assert alice.state() is IceState.COMPLETED


def test_removing_a_connected_component_fails_nothing(lab: Lab) -> None:
    """RFC 5761 §5.1.1: RTP goes on as it was."""
    call = lab.call(components=(1, 2)).start()
    call.run()
    lab.run(5)
    alice = call.offerer
    assert alice.state() is IceState.COMPLETED
    before = len(alice.events)
    alice.agent.remove_component("0", 2)
    alice.pump()
    lab.run(1)
    assert alice.state() is IceState.COMPLETED
    lost = [event for _, event in alice.events[before:] if isinstance(event, SelectedPairLost)]
    assert [event.component for event in lost] in ([], [2])


def test_no_check_leaves_a_base_that_is_gone(lab: Lab) -> None:
    """Neither pairs formed a moment before nor those of candidates that come later."""
    alice, peer = lab.agent(host=lab.host("alice", "192.168.1.10", "192.168.1.11")), lab.peer()
    peer.know(alice.open())
    alice.learn(peer.remote)
    alice.agent.add_remote_candidate("0", peer.port.candidate())
    gone = next(iter(alice.sockets))
    alice.agent.remove_base(gone)
    alice.pump()
    lab.run_until(0.5)
    alice.agent.add_remote_candidate("0", peer.open(6000).candidate())
    alice.pump()
    lab.run_until(2)
    assert {sent.local for sent in alice.log.checks()} == {base_of(alice)}


def _relayed(lab: Lab) -> tuple[AgentHost, ScriptedPeer, TurnServer]:
    server = lab.turn_server()
    alice = lab.agent(host=lab.public("alice"), role=CONTROLLED, config=FREE)
    peer = lab.peer(host=lab.public("peer"), controlling=True)
    peer.know(alice.open(turn=[settings(server)]))
    lab.run_until(1)
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    lab.run_until(1.5)
    return alice, peer, server


def test_freed_relay_comes_back_with_a_restart(lab: Lab) -> None:
    """RFC 8445 §9: a restart gathers anew, and the relay may be what it is for."""
    alice, peer, server = _relayed(lab)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(10)
    assert server.allocations == []
    before = len(alice.candidates)
    alice.restart()
    lab.run_until(12)
    kinds = [candidate.type for candidate in alice.candidates[before:]]
    assert kinds == [CandidateType.HOST, CandidateType.RELAYED]
    assert len(server.allocations) == 1


def test_restart_while_the_relay_is_being_freed(lab: Lab) -> None:
    """The address that is being given back is not offered; a new one is asked for after it."""
    alice, peer, server = _relayed(lab)
    old = alice.candidates[-1].address
    peer.port.check(base_of(alice), use_candidate=True)
    freed = 1.5 + 0.02 + 3.0
    lab.run_until(freed + 0.001)
    before = len(alice.candidates)
    alice.restart()
    lab.run_until(10)
    new: list[TransportAddress] = [
        candidate.address
        for candidate in alice.candidates[before:]
        if candidate.type is CandidateType.RELAYED
    ]
    assert len(new) == 1
    assert old not in new
    assert len(server.allocations) == 1


def test_server_that_loses_every_allocation_is_left_alone_for_a_minute(lab: Lab) -> None:
    """RFC 8656 §7.4 says so of refusals: otherwise it would go on at the rate of the checks."""
    _, _, server = _relayed(lab)
    server.faults.fail(Method.CREATE_PERMISSION, 437)
    server.forget_allocations()
    before = server.count(Method.ALLOCATE)
    lab.run_until(55)
    assert server.count(Method.ALLOCATE) - before <= 2


def test_nothing_is_gathered_once_candidates_are_freed(lab: Lab) -> None:
    """RFC 8445 §8.3.1: a server that was short of resources is not asked again after that."""
    server = lab.turn_server()
    server.faults.fail(Method.ALLOCATE, 486, 1)
    alice = lab.agent(host=lab.public("alice"), role=CONTROLLED, config=FREE)
    peer = lab.peer(host=lab.public("peer"), controlling=True)
    peer.know(alice.open(turn=[settings(server)]))
    lab.run_until(1)
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(200)
    assert alice.selected().nominated
    assert server.count(Method.ALLOCATE) == 0
    assert server.allocations == []
