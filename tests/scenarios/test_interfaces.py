"""Interfaces that come and go (RFC 8445 §5.1.1.4)."""

from peer.ice import (
    BaseReleased,
    CandidateRemoved,
    CandidateType,
    FreePolicy,
    GatheringCompleted,
    IceConfig,
    IceState,
)
from tests.sim.datagram_log import Kind

from .lab import CONTROLLED, Lab, at, base_of, settings


def test_late_interface_is_paired_and_checked(lab: Lab) -> None:
    """RFC 8838 §10: with the remote candidates known by then."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = lambda request: (
        request.port.answer(request) if request.source.host == "192.168.1.50" else None
    )
    peer.know(alice.open(end=False))
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    lab.run_until(3)
    assert alice.state() is IceState.CHECKING
    alice.host.interfaces[0].add_address("192.168.1.50")
    alice.bind("192.168.1.50")
    alice.agent.end_of_bases("0")
    alice.pump()
    lab.run_until(4)
    assert alice.states()[-1] == (at(3.02), IceState.CONNECTED)
    assert alice.selected().base.host == "192.168.1.50"


def test_nothing_is_sent_from_a_gone_interface(lab: Lab) -> None:
    """RFC 8445 §5.1.1.4: also no retransmission of a check that was under way."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = peer.ignore
    peer.meet(alice)
    lab.run_until(0.7)
    alice.agent.remove_base(base_of(alice))
    alice.pump()
    sent = len(alice.log.sent)
    lab.run_until(100)
    assert len(alice.log.sent) == sent
    assert alice.sockets == {}
    assert len(alice.of_type(BaseReleased)) == 1


def test_gathering_ends_without_the_interface(lab: Lab) -> None:
    """What a server would have answered to it is not waited for."""
    server = lab.stun_server()
    server.faults.is_silent = True
    alice = lab.agent(host=lab.home("alice"))
    alice.open(stun=[server.address()])
    lab.run_until(1)
    assert alice.of_type(GatheringCompleted) == []
    alice.agent.remove_base(base_of(alice))
    alice.pump()
    lab.run_until(2)
    assert alice.times_of(GatheringCompleted) == [at(1.0)]


def test_all_candidates_of_the_interface_go(lab: Lab) -> None:
    """RFC 8445 §5.1.1.4: host, server-reflexive and relayed."""
    server = lab.turn_server()
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server)])
    lab.run_until(2)
    assert len(alice.candidates) == 3
    alice.agent.remove_base(base_of(alice))
    alice.pump()
    lab.run_until(60)
    removed = [event.candidate for event in alice.of_type(CandidateRemoved)]
    assert {c.type for c in removed} == {c.type for c in alice.candidates}
    assert len(removed) == 3
    assert len(alice.of_type(GatheringCompleted)) == 1


def test_relay_in_use_goes_with_its_interface(lab: Lab) -> None:
    """The socket to the server is gone, so the allocation is of no use."""
    server = lab.turn_server()
    alice = lab.agent(host=lab.home("alice"), role=CONTROLLED)
    peer = lab.peer(host=lab.public("peer"), controlling=True)
    peer.know(alice.open(turn=[settings(server)]))
    lab.run_until(1)
    relayed = alice.candidates[-1].address
    peer.on_request = lambda request: (
        request.port.answer(request) if request.source == relayed else None
    )
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    lab.run_until(2)
    peer.port.check(relayed, use_candidate=True)
    lab.run_until(10)
    assert alice.selected().local.type is CandidateType.RELAYED
    alice.agent.remove_base(next(iter(alice.sockets)))
    alice.pump()
    lab.run_until(11)
    assert not alice.send(b"\x80data")
    lab.run_until(60)
    assert alice.state() is IceState.FAILED


def test_interface_that_comes_back(lab: Lab) -> None:
    """The same address and port is a new base, and works."""
    config = IceConfig(free_policy=FreePolicy.KEEP)
    alice, peer = lab.agent(role=CONTROLLED, config=config), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    peer.know(alice.open(end=False))
    alice.meet(peer.remote, [peer.port.candidate()])
    lab.run_until(1)
    local = base_of(alice)
    alice.agent.remove_base(local)
    alice.pump()
    lab.run_until(2)
    peer.on_request = peer.accept
    alice.bind(local.host, port=local.port)
    alice.pump()
    lab.run_until(3)
    assert alice.selected().base == local
    assert alice.state() is IceState.CONNECTED
    assert [c.address for c in alice.candidates] == [local, local]


def test_gone_interface_does_not_stop_a_call(lab: Lab) -> None:
    """The other interface is found by the checks that follow a restart."""
    call = lab.call().start()
    call.run()
    lab.run_until(10)
    alice = call.offerer
    gone = base_of(alice)
    alice.host.interfaces[0].add_address("192.168.1.77")
    alice.agent.remove_base(gone)
    alice.bind("192.168.1.77")
    alice.pump()
    lab.run_until(11)
    call.restart(alice)
    lab.run_until(12)
    assert alice.selected().base.host == "192.168.1.77"
    for agent in (alice, call.answerer):
        assert agent.state() is IceState.COMPLETED
        assert agent.send(b"\x80data")


def test_peer_s_path_through_a_gone_interface_is_invalid(lab: Lab) -> None:
    """Nothing that arrives for the old socket is taken."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice)
    lab.run_until(1)
    local = base_of(alice)
    alice.agent.remove_base(local)
    alice.agent.receive_datagram(b"\x80data", local=local, source=peer.port.address, now=alice.now)
    alice.pump()
    assert alice.data() == []
    assert alice.log.of_kind(Kind.DATA) == []
