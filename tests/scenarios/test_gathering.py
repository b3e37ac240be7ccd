"""Gathering host and server-reflexive candidates (RFC 8445 §5.1)."""

from ipaddress import ip_address

import pytest

from peer.ice import (
    CandidateGathered,
    CandidateRemoved,
    CandidateType,
    GatheringCompleted,
    GatheringFailed,
    TransportAddress,
    stun,
)
from peer.ice.address import is_ipv6
from peer.testing.internet import Inbox
from tests.sim.datagram_log import Kind

from .lab import CONTROLLED, DELAY, Lab, at, base_of


def test_one_host_candidate_for_each_address(lab: Lab) -> None:
    """RFC 8445 §5.1.1.1: each address has its own port, and is its own base."""
    addresses = ["192.168.1.10", "192.168.1.11", "192.168.1.12", "2001:db8::1", "2001:db8::2"]
    alice = lab.agent(host=lab.host("alice", *addresses))
    alice.open()
    lab.run(0)
    assert sorted(c.address.host for c in alice.candidates) == addresses
    assert {c.type for c in alice.candidates} == {CandidateType.HOST}
    assert {c.component for c in alice.candidates} == {1}
    assert {c.address for c in alice.candidates} == set(alice.sockets)
    assert alice.times_of(GatheringCompleted) == [0.0]


def test_several_addresses_have_unique_priorities(lab: Lab) -> None:
    """RFC 8445 §5.1.2.1; RFC 8421 §4: with 2 IPv4 and 6 IPv6 addresses 4 IPv6 come first."""
    addresses = ["192.168.1.10", "192.168.1.11", *(f"2001:db8::{n}" for n in range(1, 7))]
    alice = lab.agent(host=lab.host("alice", *addresses))
    alice.open()
    lab.run(0)
    ranked = sorted(alice.candidates, key=lambda c: -c.priority)
    assert [c.priority for c in ranked] == [2130706431 - 256 * n for n in range(8)]
    assert [is_ipv6(c.address.host) for c in ranked] == [1, 1, 1, 1, 0, 1, 0, 1]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "::1.2.3.4", "fec0::1", "::ffff:192.0.2.1", "0.0.0.0", "224.0.0.1"],
)
def test_unusable_address_gives_no_candidate(lab: Lab, address: str) -> None:
    """RFC 8445 §5.1.1.1: loopback, IPv4-compatible, site-local, IPv4-mapped."""
    alice = lab.agent()
    alice.add_stream()
    assert not alice.agent.add_base("0", 1, (str(ip_address(address)), 5000))
    alice.pump()
    lab.run(1)
    assert alice.candidates == []


@pytest.mark.parametrize("components", [(1,), (1, 2)])
def test_candidates_for_each_component(lab: Lab, components: tuple[int, ...]) -> None:
    """RFC 8445 §5.1.1.1: RTP is component 1, RTCP, when not multiplexed, component 2."""
    alice = lab.agent()
    alice.open(components=components)
    lab.run(0)
    assert [(c.component, c.priority) for c in alice.candidates] == [
        (number, 2130706432 - number) for number in components
    ]


def test_check_is_answered_as_soon_as_candidates_are_out(lab: Lab) -> None:
    """RFC 8445 §5.3."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.know(alice.open())
    lab.run(0)
    peer.port.check(base_of(alice))
    lab.run(2 * DELAY)
    assert [each.time for each in peer.port.responses] == [at(2 * DELAY)]


def test_silent_server_delays_nobody(lab: Lab) -> None:
    """RFC 8445 §5.1.1.2: the other server's candidate comes after one round trip."""
    silent, working = lab.stun_server("silent"), lab.stun_server("working")
    silent.faults.is_silent = True
    alice = lab.agent(host=lab.home("alice"))
    alice.open(stun=[silent.address(), working.address()])
    lab.run(60)
    (reflexive,) = [c for c in alice.candidates if c.type is CandidateType.SERVER_REFLEXIVE]
    assert alice.times_of(CandidateGathered) == [0.0, at(0.05 + 0.04)]
    assert reflexive.related_address == base_of(alice)
    assert reflexive.priority == 1694498815
    # The silent one is reported as unreachable, and only then gathering ends.
    (failure,) = alice.of_type(GatheringFailed)
    assert (failure.code, failure.url) == (701, f"stun:{silent.address()}")
    assert alice.times_of(GatheringFailed) == alice.times_of(GatheringCompleted) == [at(9.5)]


def test_requests_to_servers_are_paced(lab: Lab) -> None:
    """RFC 8445 §5.1.1.2: ten bases and two servers take twenty times Ta."""
    servers = [lab.stun_server("one").address(), lab.stun_server("two").address()]
    alice = lab.agent(host=lab.home("alice"))
    home = alice.host.addresses[0]
    alice.open(addresses=[home] * 10, stun=servers)
    lab.run(10)
    times = [sent.time for sent in alice.log.requests()]
    assert times == [at(0.05 * number) for number in range(20)]


def test_gathering_timeout_grows_with_the_number_of_requests(lab: Lab) -> None:
    """RFC 8445 §14.3: RTO = Ta times the candidates being gathered, here 30."""
    servers = [lab.stun_server(name) for name in "abc"]
    for server in servers:
        server.faults.is_silent = True
    alice = lab.agent(host=lab.home("alice"))
    home = alice.host.addresses[0]
    alice.open(addresses=[home] * 10, stun=[server.address() for server in servers])
    lab.run(30)
    requests = alice.log.requests()
    assert len(requests) == 30
    for number, request in enumerate(requests):
        start = 0.05 * number
        times = alice.log.transmissions(request.transaction_id)
        assert times == [at(start), at(start + 1.5), at(start + 4.5)]


def test_host_without_nat_has_one_candidate(lab: Lab) -> None:
    """RFC 8445 §5.1.3: same address and same base is redundant."""
    alice = lab.agent(host=lab.public("alice"))
    alice.open(stun=[lab.stun_server().address()])
    lab.run(5)
    assert [c.type for c in alice.candidates] == [CandidateType.HOST]
    assert len(alice.of_type(GatheringCompleted)) == 1


def test_old_server_with_mapped_address_only(lab: Lab) -> None:
    """RFC 8445 §5.1.1.2: the backwards compatible Binding of RFC 8489 §11; no redirection."""
    server = Inbox(lab.public("old"))
    mapped = TransportAddress("60.1.2.3", 4444)
    elsewhere = TransportAddress("60.9.9.9", 3478)

    def respond(data: bytes, source: TransportAddress) -> None:
        tid = stun.parse(data).transaction_id
        attributes = [(stun.MAPPED_ADDRESS, mapped), (stun.ALTERNATE_SERVER, elsewhere)]
        answer = stun.build(stun.Method.BINDING, stun.MessageClass.SUCCESS, tid, attributes)
        server.socket.send(answer, source)

    server.socket.on_datagram = respond
    alice = lab.agent(host=lab.home("alice"))
    alice.open(stun=[server.address])
    lab.run(1)
    assert [c.address for c in alice.candidates] == [base_of(alice), mapped]
    assert {sent.remote for sent in alice.log.sent} == {server.address}


def test_mapping_is_kept_until_the_answer_comes(lab: Lab) -> None:
    """RFC 8445 §5.1.1.4: every 15 s, so the candidate still works after a minute."""
    server = lab.stun_server()
    alice = lab.agent(host=lab.home("alice"), role=CONTROLLED)
    peer = lab.peer(host=lab.public("peer"), controlling=True)
    peer.know(alice.open(stun=[server.address()]))
    lab.run_until(60.5)
    assert [sent.time for sent in alice.log.requests()] == [at(15.0 * n) for n in range(5)]
    reflexive = alice.candidates[1].address
    alice.meet(peer.remote, [peer.port.candidate()])
    peer.port.check(reflexive)
    lab.run(1)
    assert [each.source for each in peer.port.responses] == [reflexive]


def test_foundations_tell_type_base_and_server_apart(lab: Lab) -> None:
    """RFC 8445 §5.1.1.3: the port and the component make no difference."""
    servers = [lab.stun_server("one"), lab.stun_server("two")]
    alice = lab.agent(host=lab.home("alice"))
    alice.open("audio", (1, 2), stun=[server.address() for server in servers])
    alice.open("video", (1, 2))
    lab.run(5)
    host = [c.foundation for c in alice.candidates if c.type is CandidateType.HOST]
    reflexive = [c for c in alice.candidates if c.type is CandidateType.SERVER_REFLEXIVE]
    assert len(host) == 4
    assert len(set(host)) == 1
    # Endpoint-independent mapping: the second server sees the same address, which is redundant.
    assert len(reflexive) == 4
    assert {c.foundation for c in reflexive}.isdisjoint(host)
    assert len({c.foundation for c in reflexive}) == 1


def test_vanished_interface_takes_its_candidate_along(lab: Lab) -> None:
    """RFC 8445 §5.1.1.4: the candidate is withdrawn; a new address is trickled."""
    alice = lab.agent(host=lab.host("alice", "192.168.1.10", "192.168.1.11"))
    alice.open(end=False)
    lab.run(1)
    gone = next(iter(alice.sockets))
    alice.agent.remove_base(gone)
    alice.pump()
    lab.run(1)
    assert [event.candidate.address for event in alice.of_type(CandidateRemoved)] == [gone]
    alice.host.interfaces[0].add_address("192.168.1.20")
    alice.bind("192.168.1.20")
    alice.pump()
    lab.run(1)
    assert alice.candidates[-1].address.host == "192.168.1.20"
    assert len({c.priority for c in alice.candidates}) == len(alice.candidates)


def test_gathering_asks_nothing_after_it_ended(lab: Lab) -> None:
    """Without a server there is nothing to send before a peer is known."""
    alice = lab.agent()
    alice.open()
    lab.run(100)
    assert alice.log.of_kind(*Kind) == []
    assert alice.agent.get_timer() is None
