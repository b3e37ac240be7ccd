"""Remote candidates that make no sense: they cost nothing and break nothing."""

from dataclasses import replace

import pytest

from peer.ice import CandidateType, IceState, TcpType, TransportAddress, TransportProtocol
from tests.sim.datagram_log import Kind

from .lab import CONTROLLED, CONTROLLING, Lab, base_of


@pytest.mark.parametrize(
    "address",
    [
        ("192.168.1.99", 0),
        ("0.0.0.0", 9),
        ("0.0.0.0", 5000),
        ("255.255.255.255", 5000),
        ("224.0.0.1", 5000),
        ("not an address", 5000),
        ("host.example", 5000),
        ("fe80::1%eth0", 5000),
        ("", 5000),
        ("192.168.1.99", 65536),
        ("192.168.1.99", -1),
    ],
)
def test_address_nobody_can_have_is_ignored(lab: Lab, address: tuple[str, int]) -> None:
    """RFC 8839 §5.1; nothing is sent to groups or to nowhere (RFC 8445 §19.5.1)."""
    alice, peer = lab.agent(), lab.peer()
    odd = replace(peer.port.candidate(), address=TransportAddress(*address))
    peer.meet(alice, odd)
    lab.run(2)
    assert alice.log.sent == []
    alice.agent.add_remote_candidate("0", peer.port.candidate())
    alice.pump()
    lab.run(1)
    assert alice.state() is IceState.CONNECTED


@pytest.mark.parametrize("priority", [-1, 1 << 32])
def test_priority_out_of_range_is_ignored(lab: Lab, priority: int) -> None:
    """RFC 8839 §5.1 has up to ten digits; a priority has 32 bits."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice, replace(peer.port.candidate(), priority=priority))
    lab.run(2)
    assert alice.log.sent == []


@pytest.mark.parametrize("priority", [0, 1 << 31, (1 << 32) - 1])
def test_odd_priorities_connect(lab: Lab, priority: int) -> None:
    """RFC 8445 §5.1.2.1 has 1 to 2^31 - 1; media servers write others."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice, replace(peer.port.candidate(), priority=priority))
    lab.run(2)
    assert alice.state() is IceState.CONNECTED


@pytest.mark.parametrize("component", [0, 2, 257])
def test_component_we_do_not_have_is_ignored(lab: Lab, component: int) -> None:
    """RFC 8445 §6.1.2.2: no pair without a local candidate of the component."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice, replace(peer.port.candidate(), component=component))
    lab.run(2)
    assert alice.log.sent == []


@pytest.mark.parametrize("role", [CONTROLLING, CONTROLLED])
def test_own_address_as_the_peer_s(lab: Lab, role: object) -> None:
    """Our own check comes to us, and is not ours to accept: the username is the peer's."""
    alice = lab.agent(role=CONTROLLING if role is CONTROLLING else CONTROLLED)
    peer = lab.peer(controlling=role is CONTROLLED)
    peer.know(alice.open())
    lab.run(0)
    mirrored = replace(peer.port.candidate(), address=base_of(alice))
    alice.meet(peer.remote, [mirrored], end=True)
    lab.run(100)
    assert alice.state() is IceState.FAILED
    assert alice.selections() == []
    assert {sent.remote for sent in alice.log.of_kind(Kind.REQUEST)} <= {base_of(alice)}


def test_tcp_candidate_without_tcp_bases_is_ignored(lab: Lab) -> None:
    """RFC 6544 §6.2: UDP and TCP do not pair."""
    alice, peer = lab.agent(), lab.peer()
    tcp = replace(peer.port.candidate(), transport=TransportProtocol.TCP, tcp_type=TcpType.PASSIVE)
    peer.meet(alice, tcp, peer.port.candidate(), end=True)
    lab.run(2)
    assert alice.state() is IceState.COMPLETED
    assert {sent.remote for sent in alice.log.checks()} == {peer.port.address}


@pytest.mark.parametrize("kind", list(CandidateType))
def test_every_type_is_checked(lab: Lab, kind: CandidateType) -> None:
    """RFC 8445 §6.1.2.2: a peer may signal peer-reflexive candidates, too (RFC 8839 §4.4)."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice, replace(peer.port.candidate(), type=kind, priority=12345), end=True)
    lab.run(4)
    assert alice.state() is IceState.COMPLETED


def test_other_spelling_of_an_address_is_the_same(lab: Lab) -> None:
    """RFC 5952: candidates are compared by value, not by text."""
    alice = lab.agent(host=lab.host("alice", "2001:db8::10"), role=CONTROLLED)
    peer = lab.peer(host=lab.host("peer", "2001:db8::20"), controlling=True)
    peer.on_request = peer.ignore
    spelling = TransportAddress("2001:0DB8:0:0:0:0:0:0020", peer.port.address.port)
    peer.meet(
        alice,
        peer.port.candidate(),
        replace(peer.port.candidate(foundation="other"), address=spelling),
    )
    lab.run(0.4)
    assert [sent.remote for sent in alice.log.checks()] == [peer.port.address]
