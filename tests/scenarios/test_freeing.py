"""Freeing candidates after the conclusion (RFC 8445 §8.3)."""

import pytest

from peer.ice import BaseReleased, IceConfig, stun
from peer.ice.stun import NetworkInfo
from tests.sim.agent_host import AgentHost
from tests.sim.call import Call
from tests.sim.datagram_log import Kind

from .lab import CONTROLLED, FREE, Lab, at
from .scripted_peer import ScriptedPeer


def _conclude(
    lab: Lab,
    config: IceConfig | None = None,
    *extra: tuple[stun.Attribute[NetworkInfo], NetworkInfo],
) -> tuple[AgentHost, ScriptedPeer]:
    """A controlled agent with three sockets, whose first pair is nominated at 0.5 s."""
    host = lab.host("alice", "192.168.1.10", "192.168.1.11", "192.168.1.12")
    alice = lab.agent(host=host, role=CONTROLLED, config=config)
    peer = lab.peer(controlling=True)
    peer.meet(alice, end=True)
    lab.run_until(0.49)
    peer.port.check(next(iter(alice.sockets)), *extra, use_candidate=True)
    lab.run_until(0.51)
    assert len(alice.nominated()) == 1
    return alice, peer


def test_unused_sockets_are_freed_after_three_seconds(lab: Lab) -> None:
    """RFC 8445 §8.3.1: not before, because the peer may still be at work."""
    alice, _ = _conclude(lab, FREE)
    selected = alice.selected().base
    lab.run_until(3.49)
    assert len(alice.sockets) == 3
    lab.run_until(10)
    assert alice.times_of(BaseReleased) == [at(3.5), at(3.5)]
    assert list(alice.sockets) == [selected]


def test_checks_to_unused_sockets_are_answered_until_then(lab: Lab) -> None:
    """RFC 8445 §8.3.1."""
    alice, peer = _conclude(lab, FREE)
    other = next(reversed(alice.sockets))
    before = len(peer.port.responses)
    lab.run_until(3.4)
    peer.port.check(other)
    lab.run_until(3.45)
    assert len(peer.port.responses) == before + 1
    lab.run_until(4)
    peer.port.check(other)
    lab.run_until(5)
    assert len(peer.port.responses) == before + 1


def test_everything_is_kept_unless_told_otherwise(lab: Lab) -> None:
    """RFC 8445 §8.3.1 is a SHOULD; who may have to switch later keeps the sockets."""
    alice, peer = _conclude(lab)
    lab.run_until(60)
    assert len(alice.sockets) == 3
    before = len(peer.port.responses)
    for socket in alice.sockets:
        peer.port.check(socket)
    lab.run_until(61)
    assert len(peer.port.responses) == before + 3


def test_peer_that_may_move_keeps_our_sockets_open(lab: Lab) -> None:
    """libwebrtc nominates again whenever it likes."""
    alice, _ = _conclude(lab, FREE, (stun.GOOG_NETWORK_INFO, NetworkInfo(1, 10)))
    lab.run_until(60)
    assert len(alice.sockets) == 3


@pytest.mark.parametrize("patience", [0, 1])
def test_mapping_is_not_refreshed_after_the_conclusion(lab: Lab, patience: int) -> None:
    """RFC 8445 §8.3.1: keepalives to the STUN server end with the session's conclusion."""
    alice = lab.agent(host=lab.home("alice"), role=CONTROLLED)
    peer = lab.peer(host=lab.public("peer"), controlling=True)
    peer.know(alice.open(stun=[lab.stun_server().address()]))
    lab.run_until(16.0 * patience + 1)
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    lab.run(1)
    peer.port.check(alice.candidates[1].address, use_candidate=True)
    lab.run(1)
    assert len(alice.nominated()) == 1
    before = len(alice.log.server_requests())
    assert before == 1 + patience
    lab.run_until(120)
    assert len(alice.log.server_requests()) == before


def test_time_of_freeing_counts_from_the_last_component(lab: Lab) -> None:
    """RFC 8445 §8.1.2: completed means all components."""
    host = lab.host("alice", "192.168.1.10", "192.168.1.11")
    call_host = lab.host("bob")
    alice = lab.agent(host=host, config=FREE)
    bob = lab.agent(host=call_host, role=CONTROLLED)
    call = Call(alice, bob, components=(1, 2)).start()
    call.run()
    lab.run_until(20)
    completed = max(time for time, _ in alice.nominated())
    assert alice.times_of(BaseReleased) == [at(completed + 3.0)] * 2
    assert len(alice.sockets) == 2


def test_close_leaves_nothing_to_do(lab: Lab) -> None:
    """A closed agent sends nothing, whatever arrives."""
    alice, peer = _conclude(lab)
    alice.close()
    sent = len(alice.log.sent)
    for socket in alice.sockets:
        peer.port.check(socket)
        peer.port.send(b"\x80data", socket)
    lab.run_until(60)
    assert len(alice.log.sent) == sent
    assert alice.log.of_kind(Kind.DATA) == []
    assert alice.agent.get_timer() is None
