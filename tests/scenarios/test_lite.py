"""Lite agents (RFC 8445 §2.5, §5.2, §7.3.2, §8.2)."""

from dataclasses import replace
from itertools import product

import pytest

from peer.ice import (
    CandidateType,
    IceConfig,
    IceRole,
    IceState,
    RemoteParameters,
    RoleChanged,
    starts_controlling,
    stun,
)
from tests.sim.datagram_log import Kind

from .lab import CONTROLLED, CONTROLLING, Lab, at, base_of

LITE = IceConfig(lite=True)


def test_lite_agent_gathers_host_candidates_in_silence(lab: Lab) -> None:
    """RFC 8445 §5.2: type preference 126, local preference 65535; servers are not asked."""
    alice = lab.agent(config=LITE, host=lab.public("alice"))
    alice.open(stun=[lab.stun_server().address()])
    lab.run(60)
    (candidate,) = alice.candidates
    assert (candidate.type, candidate.priority) == (CandidateType.HOST, 2130706431)
    assert alice.log.sent == []


def test_lite_agent_answers_and_never_checks(lab: Lab) -> None:
    """RFC 8445 §7: no Binding request ever leaves; a nomination selects the pair at once."""
    alice, peer = lab.agent(config=LITE, role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, end=True)
    peer.port.check(base_of(alice))
    lab.run_until(1)
    assert len(peer.port.responses) == 1
    assert not alice.send(b"\x80too early")
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(60)
    assert alice.log.of_kind(Kind.REQUEST) == []
    assert [time for time, _ in alice.nominated()] == [at(1.01)]
    assert alice.selected().remote.address == peer.port.address
    assert alice.state() is IceState.COMPLETED
    assert alice.send(b"\x80now")


def test_lite_agent_follows_a_new_nomination(lab: Lab) -> None:
    """RFC 8445 §8.1.1: the highest priority among the nominated."""
    alice, peer = lab.agent(config=LITE, role=CONTROLLED), lab.peer(controlling=True)
    better = peer.port
    good = peer.open(6000)
    peer.meet(alice)
    good.check(base_of(alice), use_candidate=True)
    lab.run(0.1)
    better.check(base_of(alice), use_candidate=True)
    lab.run(0.1)
    good.check(base_of(alice), use_candidate=True)
    lab.run(0.1)
    assert [pair.remote.address for _, pair in alice.nominated()] == [good.address, better.address]


def test_lite_agent_keeps_its_pair_alive(lab: Lab) -> None:
    """RFC 8445 §11: 15 s after the pair was selected, not earlier."""
    alice, peer = lab.agent(config=LITE, role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run(40)
    indications = alice.log.of_kind(Kind.INDICATION)
    assert [sent.time for sent in indications] == [at(15.01), at(30.01)]


def test_two_lite_agents_and_a_late_candidate(lab: Lab) -> None:
    """RFC 8445 §8.2, RFC 8838 §11: the pair is used when it can be formed."""
    alice, peer = lab.agent(config=LITE), lab.peer()
    peer.know(alice.open())
    credentials = peer.parameters
    alice.meet(RemoteParameters(credentials.username_fragment, credentials.password, lite=True))
    lab.run_until(5)
    alice.agent.add_remote_candidate("0", peer.port.candidate())
    alice.pump()
    lab.run_until(6)
    assert [time for time, _ in alice.nominated()] == [5.0]


@pytest.mark.parametrize("lite_offers", [False, True])
def test_full_and_lite(lab: Lab, lite_offers: bool) -> None:
    """RFC 8445 §6.1.1: the full side controls, whoever offered."""
    lite, full = LITE, IceConfig()
    call = lab.call(
        offerer=lite if lite_offers else full, answerer=full if lite_offers else lite
    ).start()
    call.run()
    lab.run(60)
    ours, theirs = call.offerer, call.answerer
    if lite_offers:
        ours, theirs = theirs, ours
    assert (ours.agent.role, theirs.agent.role) == (CONTROLLING, CONTROLLED)
    assert ours.state() is theirs.state() is IceState.COMPLETED
    assert theirs.log.of_kind(Kind.REQUEST) == []
    # The lite side has no consent to gain, but it answers the other's consent checks.
    assert len(ours.log.checks()) > 10


@pytest.mark.parametrize("trickle", [False, True])
def test_two_lite_agents_complete_without_a_packet(lab: Lab, trickle: bool) -> None:
    """RFC 8445 §8.2: one pair there is, and it is used."""
    call = lab.call(offerer=LITE, answerer=LITE, trickle=trickle, delay=0.1).start()
    assert call.run() == at(0.2)
    lab.run(1)
    for agent in (call.offerer, call.answerer):
        assert agent.log.sent == []
        assert agent.state() is IceState.COMPLETED
    call.offerer.send(b"\x80hello")
    lab.run(1)
    assert [data for _, data in call.answerer.data()] == [b"\x80hello"]


@pytest.mark.parametrize(
    ("initiator", "lite", "remote_lite"), list(product([False, True], repeat=3))
)
def test_roles(initiator: bool, lite: bool, remote_lite: bool) -> None:
    """RFC 8445 §6.1.1: full controls lite; between equals the initiator does."""
    expected = initiator if lite == remote_lite else remote_lite
    role = starts_controlling(initiator=initiator, lite=lite, remote_lite=remote_lite)
    assert role is (IceRole.CONTROLLING if expected else IceRole.CONTROLLED)


def test_full_agent_takes_control_of_a_lite_peer(lab: Lab) -> None:
    """RFC 8445 §6.1.1: also when it answered."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer()
    peer.know(alice.open())
    credentials = peer.parameters
    remote = RemoteParameters(credentials.username_fragment, credentials.password, lite=True)
    alice.meet(remote, [peer.port.candidate()], end=True)
    lab.run(1)
    assert alice.agent.role is CONTROLLING
    assert len(alice.log.nominations()) == 1


def test_lite_agent_sends_nothing_before_all_components_are_nominated(lab: Lab) -> None:
    """RFC 8445 §12.1.1."""
    alice, peer = lab.agent(config=LITE, role=CONTROLLED), lab.peer(controlling=True)
    peer.know(alice.open(components=(1, 2)))
    candidate = peer.port.candidate()
    alice.meet(peer.remote, [candidate, replace(candidate, component=2)], end=True)
    first, second = alice.sockets
    peer.port.check(first, use_candidate=True)
    lab.run(1)
    assert not alice.send(b"\x80too early")
    peer.port.check(second, use_candidate=True)
    lab.run(1)
    assert alice.send(b"\x80now")
    assert alice.send(b"\x80now", component=2)


@pytest.mark.parametrize("tie_breaker", [0, (1 << 64) - 1])
def test_lite_agent_never_takes_control_of_a_full_one(lab: Lab, tie_breaker: int) -> None:
    """RFC 8445 §6.1.1: whatever the tie-breakers, it is the other one that has to switch."""
    alice, peer = lab.agent(config=LITE, role=CONTROLLED), lab.peer(controlling=False)
    peer.meet(alice, end=True)
    peer.port.check(base_of(alice), tie_breaker=tie_breaker)
    lab.run(1)
    (response,) = peer.port.responses
    assert response.get(stun.ERROR_CODE).code == 487
    assert alice.agent.role is CONTROLLED


def test_role_taken_because_the_peer_is_lite_is_told(lab: Lab) -> None:
    """RFC 8445 §6.1.1: as any change of the role, with the priorities it brings."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer()
    peer.know(alice.open())
    alice.meet(replace(peer.remote, lite=True), [peer.port.candidate()], end=True)
    lab.run(1)
    assert [event.role for event in alice.of_type(RoleChanged)] == [CONTROLLING]
