"""Gathering relayed candidates (RFC 8445 §5.1.1.2, RFC 8656 §7)."""

from unittest.mock import patch

import pytest

from peer.ice import (
    BaseRequested,
    CandidateGathered,
    CandidateRemoved,
    CandidateType,
    GatheringCompleted,
    GatheringFailed,
    GatherPolicy,
    IceConfig,
    stun,
)
from peer.ice.stun import Method
from peer.ice.turn import TurnTransport
from peer.testing.internet import BLOCK_UDP, PORT_RESTRICTED_CONE

from .lab import CONTROLLED, FREE, Lab, at, base_of, settings

HOST, REFLEXIVE, RELAYED = (
    CandidateType.HOST,
    CandidateType.SERVER_REFLEXIVE,
    CandidateType.RELAYED,
)


def test_one_allocation_gives_two_candidates(lab: Lab) -> None:
    """RFC 8445 §5.1.1.2: the mapped address and the relayed one, which is its own base."""
    server = lab.turn_server()
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server)])
    lab.run(5)
    host, reflexive, relayed = alice.candidates
    assert [c.type for c in (host, reflexive, relayed)] == [HOST, REFLEXIVE, RELAYED]
    assert [c.priority for c in (host, reflexive, relayed)] == [2130706431, 1694498815, 16777215]
    assert reflexive.related_address == base_of(alice)
    assert relayed.address == server.allocations[0].relayed_addresses[0]
    assert relayed.related_address == reflexive.address
    assert len({host.foundation, reflexive.foundation, relayed.foundation}) == 3
    # The request with credentials follows the answer to the one without.
    assert [sent.time for sent in alice.log.requests()] == [0.0, at(0.04)]
    assert alice.times_of(GatheringCompleted) == [at(0.08)]


def test_each_server_has_its_own_preference(lab: Lab) -> None:
    """RFC 8445 §5.1.2.1: priorities are unique."""
    servers = [lab.turn_server("one"), lab.turn_server("two")]
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server) for server in servers])
    lab.run(5)
    relayed = [c for c in alice.candidates if c.type is RELAYED]
    assert len(relayed) == 2
    assert len({c.priority for c in relayed}) == 2
    assert len({c.foundation for c in relayed}) == 2


@pytest.mark.parametrize("code", [486, 508])
def test_server_without_resources_still_tells_the_mapping(lab: Lab, code: int) -> None:
    """RFC 8445 §5.1.1.2: a Binding request to the same server follows."""
    server = lab.turn_server()
    server.faults.fail(Method.ALLOCATE, code)
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server)])
    lab.run(20)
    assert [c.type for c in alice.candidates] == [HOST, REFLEXIVE]
    assert server.count(Method.BINDING) >= 1
    (failure,) = alice.of_type(GatheringFailed)
    assert (failure.code, failure.url) == (code, "turn:turn?transport=udp")
    # RFC 8656 §7.4: it is not asked again within a minute.
    assert server.count(Method.ALLOCATE, code) == 1


@pytest.mark.parametrize("code", [400, 403, 441, 442])
def test_final_refusal_is_reported_once(lab: Lab, code: int) -> None:
    """RFC 8656 §7.4: no retry."""
    server = lab.turn_server()
    server.faults.fail(Method.ALLOCATE, code)
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server)])
    lab.run(300)
    assert [failure.code for failure in alice.of_type(GatheringFailed)] == [code]
    assert server.count(Method.ALLOCATE, code) == 1
    assert RELAYED not in {c.type for c in alice.candidates}
    assert len(alice.of_type(GatheringCompleted)) == 1


def test_wrong_password_is_tried_once(lab: Lab) -> None:
    """RFC 8489 §9.2.5: the same credentials are not repeated after a second 401."""
    server = lab.turn_server()
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server, credential="wrong")])
    lab.run(60)
    assert [failure.code for failure in alice.of_type(GatheringFailed)] == [401]
    assert server.count(Method.ALLOCATE, 401) == 2


def test_stale_nonce_is_taken_up(lab: Lab) -> None:
    """RFC 8489 §9.2.5: 438 comes with a new nonce, and the request is repeated with it."""
    server = lab.turn_server()
    server.faults.fail(Method.ALLOCATE, 438, times=2)
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server)])
    lab.run(5)
    assert RELAYED in {c.type for c in alice.candidates}
    assert alice.of_type(GatheringFailed) == []


def test_silent_server_is_given_up_alone(lab: Lab) -> None:
    """One unreachable server delays neither the other one nor the host candidates."""
    dead, alive = lab.turn_server("dead"), lab.turn_server("alive")
    dead.faults.is_silent = True
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(dead), settings(alive)])
    lab.run(1)
    assert {c.type for c in alice.candidates} == {HOST, REFLEXIVE, RELAYED}
    assert alice.of_type(GatheringCompleted) == []
    lab.run(60)
    (failure,) = alice.of_type(GatheringFailed)
    assert (failure.code, failure.url) == (701, "turn:dead?transport=udp")
    assert len(alice.of_type(GatheringCompleted)) == 1


def test_server_that_moved(lab: Lab) -> None:
    """RFC 8489 §10: an authenticated 300 names another server, which is asked instead."""
    old, new = lab.turn_server("old"), lab.turn_server("new")
    old.alternate_server = new.address()
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(old)])
    lab.run(5)
    assert (len(old.allocations), len(new.allocations)) == (0, 1)
    assert alice.candidates[-1].address.host == new.address().host


def test_relay_over_tcp_where_udp_is_blocked(lab: Lab) -> None:
    """RFC 8656 §3.1: the client's side is TCP, the peer's side UDP."""
    network = lab.sim.network("office", "10.0.0.0/24")
    lab.sim.router("office router", inside=network, firewall=BLOCK_UDP, nat=PORT_RESTRICTED_CONE)
    server = lab.turn_server()
    alice = lab.agent(host=lab.host("alice", network=network))
    alice.open(turn=[settings(server), settings(server, TurnTransport.TCP)])
    lab.run(20)
    host, relayed = alice.candidates
    assert host.type is HOST
    assert (relayed.type, relayed.relay_protocol) == (RELAYED, "tcp")
    assert server.allocations[0].relayed_addresses == [relayed.address]


def test_relay_policy_hides_all_other_addresses(lab: Lab) -> None:
    """RFC 8828 §5.2: only relayed candidates, and no answer on any other address."""
    server = lab.turn_server()
    alice = lab.agent(
        host=lab.public("alice"),
        role=CONTROLLED,
        config=IceConfig(gather_policy=GatherPolicy.RELAY),
    )
    peer = lab.peer(host=lab.public("peer"), controlling=True)
    peer.know(alice.open(turn=[settings(server)], stun=[lab.stun_server().address()]))
    lab.run(5)
    (relayed,) = alice.candidates
    assert relayed.type is RELAYED
    assert relayed.related_address is not None
    assert relayed.related_address.host != alice.host.addresses[0]
    alice.meet(peer.remote, [peer.port.candidate()])
    lab.run(1)
    peer.port.check(base_of(alice))
    lab.run(1)
    assert peer.port.responses == []
    sources = {each.source for each in peer.requests}
    assert sources == {relayed.address}


def test_gathering_waits_for_another_port_when_the_server_refuses_one(lab: Lab) -> None:
    """RFC 8656 §7.4: after a 437 the relayed candidate comes from a new socket and is signalled."""
    server = lab.turn_server()
    server.faults.fail(Method.ALLOCATE, 437, times=1)
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server)])
    lab.run(5)
    assert [event.code for event in alice.of_type(GatheringFailed)] == [437]
    assert len(alice.of_type(BaseRequested)) == 1
    assert [c.type for c in alice.candidates] == [HOST, HOST, REFLEXIVE, RELAYED]
    assert alice.candidates[-1].address == server.allocations[0].relayed_addresses[0]
    (done,) = alice.times_of(GatheringCompleted)
    assert done == max(alice.times_of(CandidateGathered))


def test_a_new_port_that_cannot_be_had_ends_the_wait(lab: Lab) -> None:
    server = lab.turn_server()
    server.faults.fail(Method.ALLOCATE, 437)
    alice = lab.agent(host=lab.home("alice"))

    def refuse(request: BaseRequested) -> None:
        alice.agent.base_unavailable(request.stream, request.component, request.host)

    with patch.object(alice, "rebind", refuse):
        alice.open(turn=[settings(server)])
        lab.run(20)
    assert alice.times_of(GatheringCompleted) == [at(0.08)]
    assert alice.times_of(GatheringFailed) == [at(0.08)]


def test_a_new_port_that_never_comes_is_waited_for_within_bounds(lab: Lab) -> None:
    server = lab.turn_server()
    server.faults.fail(Method.ALLOCATE, 437)
    alice = lab.agent(host=lab.home("alice"))
    with patch.object(alice, "rebind"):
        alice.open(turn=[settings(server)])
        lab.run(20)
    (refused,) = alice.times_of(GatheringFailed)
    assert alice.times_of(GatheringCompleted) == [at(refused + 9.5)]


def test_server_that_refuses_every_port_is_asked_three_times(lab: Lab) -> None:
    server = lab.turn_server()
    server.faults.fail(Method.ALLOCATE, 437)
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server)])
    lab.run(60)
    assert [event.code for event in alice.of_type(GatheringFailed)] == [437] * 3
    assert len(alice.of_type(GatheringCompleted)) == 1
    assert RELAYED not in [c.type for c in alice.candidates]


def test_forgotten_allocation_is_made_again(lab: Lab) -> None:
    """RFC 8656 §5: 437 means that it is gone; the candidate is withdrawn and replaced."""
    server = lab.turn_server()
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server)], end=False)
    lab.run(5)
    lost = alice.candidates[-1]
    server.forget_allocations()
    lab.run(700)
    assert [event.candidate for event in alice.of_type(CandidateRemoved)] == [lost]
    (allocation,) = server.allocations
    assert alice.candidates[-1].address == allocation.relayed_addresses[0]


def test_no_allocation_that_cannot_be_signalled_is_kept(lab: Lab) -> None:
    """RFC 8838 §10: after the end of gathering its candidate would be of no use until a restart."""
    server = lab.turn_server()
    alice = lab.agent(host=lab.home("alice"), config=FREE)
    alice.open(turn=[settings(server)])
    lab.run(5)
    server.forget_allocations()
    lab.run(1400)
    assert server.allocations == []
    alice.restart()
    lab.run(5)
    (allocation,) = server.allocations
    assert alice.candidates[-1].address == allocation.relayed_addresses[0]


def test_an_allocation_that_comes_after_the_end_of_gathering_is_given_back(lab: Lab) -> None:
    """The server refused at first, for want of capacity, and would be asked again later."""
    server = lab.turn_server()
    server.faults.fail(Method.ALLOCATE, 508, times=1)
    alice = lab.agent(host=lab.home("alice"), config=FREE)
    alice.open(turn=[settings(server)])
    lab.run(300)
    assert len(alice.of_type(GatheringCompleted)) == 1
    assert server.allocations == []
    alice.restart()
    lab.run(5)
    assert len(server.allocations) == 1
    assert alice.candidates[-1].type is RELAYED


def test_an_allocation_that_comes_late_is_kept_and_told(lab: Lab) -> None:
    """As a spare; the peer may not listen any more, and learns it from a check then."""
    server = lab.turn_server()
    server.faults.fail(Method.ALLOCATE, 508, times=1)
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server)])
    lab.run(300)
    assert len(alice.of_type(GatheringCompleted)) == 1
    (allocation,) = server.allocations
    assert alice.candidates[-1].address == allocation.relayed_addresses[0]


def test_allocation_is_refreshed_while_we_wait(lab: Lab) -> None:
    """RFC 8656 §8: an hour before the answer, and the relay is still there."""
    server = lab.turn_server()
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server)])
    lab.run(5)
    (allocation,) = server.allocations
    refreshes: list[float] = []
    while lab.sim.now < 3600:
        lab.run(60)
        assert server.allocations == [allocation]
    refreshes = [sent.time for sent in alice.log.requests() if sent.read().method == Method.REFRESH]
    assert 6 <= len(refreshes) <= 8
    assert 530 <= refreshes[0] <= 545


def test_closing_deletes_the_allocation(lab: Lab) -> None:
    """RFC 8656 §8: a Refresh with lifetime 0, without waiting for the answer."""
    server = lab.turn_server()
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server)])
    lab.run(5)
    assert len(server.allocations) == 1
    alice.close()
    lab.run(1)
    assert server.allocations == []
    farewell = alice.log.sent[-1].read()
    assert farewell.get(stun.LIFETIME) == 0


def test_new_credentials_are_used_from_the_next_request_on(lab: Lab) -> None:
    """Credentials that expire are replaced while the allocation lives."""
    server = lab.turn_server()
    alice = lab.agent(host=lab.home("alice"))
    alice.open(turn=[settings(server)])
    lab.run(5)
    server.auth.users = {"user": "changed"}
    alice.agent.update_turn_credentials("turn:turn?transport=udp", "user", "changed")
    alice.pump()
    lab.run(1200)
    assert len(server.allocations) == 1
