"""Peer-reflexive candidates, local and remote (RFC 8445 §7.2.5.3, §7.3.1.3)."""

import pytest

from peer.ice import CandidateType, IceState, TransportAddress
from peer.testing.internet import FULL_CONE, RESTRICTED_CONE, SYMMETRIC, NatBehavior
from tests.sim.call import Call

from .lab import CONTROLLED, CONTROLLING, DELAY, Lab, at, base_of
from .scripted_peer import PEER_REFLEXIVE_PRIORITY


def test_unknown_mapped_address_makes_a_local_candidate(lab: Lab) -> None:
    """RFC 8445 §7.2.5.3.1: base of the pair, the PRIORITY sent; it is not paired."""
    mapped = TransportAddress("203.0.113.5", 4000)
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    other = peer.open(6000)
    peer.on_request = lambda request: (
        request.port.answer(request, mapped=mapped) if request.port is peer.port else None
    )
    peer.meet(alice, peer.port.candidate(foundation="a"), other.candidate(foundation="b"))
    lab.run(1)
    selected = alice.selected()
    assert selected.local.type is CandidateType.PEER_REFLEXIVE
    assert selected.local.address == mapped
    assert selected.local.priority == PEER_REFLEXIVE_PRIORITY
    assert selected.base == selected.local.related_address == base_of(alice)
    assert alice.send(b"\x80data")
    assert alice.log.data()[0].local == base_of(alice)
    # Only the pairs of the host candidate are checked, each once.
    assert [sent.remote for sent in alice.log.checks()] == [peer.port.address, other.address]
    # What was learned from the peer is not signalled to it.
    assert len(alice.candidates) == 1


def test_mapped_address_of_another_base_makes_the_other_pair_valid(lab: Lab) -> None:
    """RFC 8445 §7.2.5.3.2: the pair of that base and the remote is in the checklist."""
    alice = lab.agent(host=lab.host("alice", "192.168.1.10", "192.168.1.11"), role=CONTROLLED)
    peer = lab.peer(controlling=True)
    peer.know(alice.open())
    first, second = alice.sockets
    peer.on_request = lambda request: (
        request.port.answer(request, mapped=second) if request.source == first else None
    )
    alice.meet(peer.remote, [peer.port.candidate()])
    lab.run(1)
    assert alice.selected().base == second
    assert alice.selected().local.address == second


def test_mapped_address_of_the_reflexive_candidate_is_known(lab: Lab) -> None:
    """RFC 8445 §7.2.5.3.2: the valid pair has the server-reflexive candidate, no new one."""
    alice = lab.agent(host=lab.home("alice"), role=CONTROLLED)
    peer = lab.peer(host=lab.public("peer"), controlling=True)
    peer.know(alice.open(stun=[lab.stun_server().address()]))
    lab.run(1)
    alice.meet(peer.remote, [peer.port.candidate()])
    lab.run(1)
    assert alice.selected().local is alice.candidates[1]
    assert alice.selected().local.type is CandidateType.SERVER_REFLEXIVE


def test_unknown_source_makes_a_remote_candidate(lab: Lab) -> None:
    """RFC 8445 §7.3.1.3: its priority is that of the PRIORITY attribute."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, silent=True)
    peer.port.check(base_of(alice), priority=123456)
    lab.run(1)
    remote = alice.selected().remote
    assert remote.type is CandidateType.PEER_REFLEXIVE
    assert remote.address == peer.port.address
    assert remote.priority == 123456
    assert remote.component == 1
    assert remote.foundation


def test_signalling_explains_the_candidate_later(lab: Lab) -> None:
    """RFC 8445 §7.3.1.3: one candidate, one pair, its state kept; type as signalled."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, silent=True)
    peer.port.check(base_of(alice), priority=123456)
    lab.run_until(0.5)
    alice.agent.add_remote_candidate("0", peer.port.candidate())
    alice.pump()
    lab.run_until(1)
    assert len(alice.log.checks()) == 1
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run(1)
    ((time, nominated),) = alice.nominated()
    assert time == at(1 + DELAY)
    assert nominated.remote == peer.port.candidate()
    assert len(alice.log.checks()) == 1


def test_explained_candidate_is_checked_by_its_signalled_priority(lab: Lab) -> None:
    """RFC 8838 §11: the priority is carried over and the list sorted again."""
    alice, peer = lab.agent(), lab.peer()
    low, high = peer.open(6000), peer.open(6001)
    peer.meet(alice, silent=True)
    low.check(base_of(alice), priority=5)
    lab.run_until(0.012)
    high.check(base_of(alice), priority=1)
    # Both pairs become valid; only the signalled priorities say which is better.
    for port in (low, high):
        alice.agent.add_remote_candidate("0", port.candidate())
    alice.pump()
    lab.run(1)
    assert [sent.remote for sent in alice.log.nominations()] == [low.address]


def test_number_of_learned_candidates_is_bounded(lab: Lab) -> None:
    """RFC 8445 §19.5.1: a peer with endless ports makes us send no more than the limit."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    peer.meet(alice, silent=True)
    for number in range(500):
        peer.open(6000 + number).check(base_of(alice))
    lab.run(60)
    assert len(alice.log.responses()) == 500
    assert len(alice.log.checks()) == alice.config.limits.peer_reflexive


@pytest.mark.parametrize("cone", [FULL_CONE, RESTRICTED_CONE])
@pytest.mark.parametrize("symmetric_offers", [False, True])
def test_symmetric_nat_is_traversed(lab: Lab, cone: NatBehavior, symmetric_offers: bool) -> None:
    """RFC 8445 §7.3.1.3: the address is learned by the peer, from the check itself."""
    server = lab.stun_server().address()
    hosts = [lab.home("alice", SYMMETRIC), lab.home("bob", cone)]
    alice, bob = (lab.agent(host=host) for host in hosts)
    pair = (alice, bob) if symmetric_offers else (bob, alice)
    call = Call(*pair, stun=[server]).start()
    call.run()
    lab.run(10)
    assert bob.selected().remote.type is CandidateType.PEER_REFLEXIVE
    assert alice.selected().local.type is CandidateType.PEER_REFLEXIVE
    assert {alice.agent.role, bob.agent.role} == {CONTROLLING, CONTROLLED}
    assert alice.state() is bob.state() is IceState.COMPLETED
