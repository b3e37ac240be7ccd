"""Checks and data through a relay (RFC 8445 §7.2.1, RFC 8656 §9..§12)."""

from dataclasses import replace

import pytest

from peer.ice import CandidateType, DataReceived, IceConfig, IceState, stun
from peer.ice.stun import Method
from peer.ice.turn import TurnTransport
from peer.testing.internet import SYMMETRIC, TurnServer
from tests.sim.agent_host import AgentHost
from tests.sim.call import Call
from tests.sim.datagram_log import Kind

from .lab import CONTROLLED, CONTROLLING, FREE, Lab, at, settings
from .scripted_peer import ScriptedPeer


def _allocate(
    lab: Lab,
    *,
    transport: TurnTransport = TurnTransport.UDP,
    controlled: bool = True,
    config: IceConfig | None = None,
) -> tuple[AgentHost, ScriptedPeer, TurnServer]:
    """An agent behind a NAT with a relay, and a peer on the internet; nothing signalled yet."""
    server = lab.turn_server()
    role = CONTROLLED if controlled else CONTROLLING
    alice = lab.agent(host=lab.home("alice"), role=role, config=config)
    peer = lab.peer(host=lab.public("peer"), controlling=controlled)
    peer.know(alice.open(turn=[settings(server, transport)]))
    lab.run_until(1)
    return alice, peer, server


def _call(lab: Lab, transport: TurnTransport = TurnTransport.UDP) -> tuple[Call, TurnServer]:
    """A call between two symmetric NATs, which only a relay can connect."""
    server = lab.turn_server()
    alice = lab.agent(host=lab.home("alice", SYMMETRIC), role=CONTROLLING)
    bob = lab.agent(host=lab.home("bob", SYMMETRIC), role=CONTROLLED)
    call = Call(alice, bob, turn=[settings(server, transport)]).start()
    return call, server


def _only_relay(alice: AgentHost, peer: ScriptedPeer) -> None:
    """Let the peer answer what comes through the relay only."""
    relayed = alice.candidates[-1]
    assert relayed.type is CandidateType.RELAYED
    peer.on_request = lambda request: (
        request.port.answer(request) if request.source == relayed.address else None
    )


def test_permission_comes_before_the_check(lab: Lab) -> None:
    """RFC 8445 §7.2.1, RFC 8656 §9: the server drops what is not permitted."""
    alice, peer, server = _allocate(lab)
    _only_relay(alice, peer)
    alice.meet(peer.remote, [peer.port.candidate()])
    lab.run_until(2)
    permission = next(
        sent
        for sent in alice.log.sent
        if sent.message and sent.read().method == Method.CREATE_PERMISSION
    )
    first = next(sent for sent in alice.log.sent if sent.kind is Kind.INDICATION)
    assert permission.read().get(stun.XOR_PEER_ADDRESS).host == peer.port.address.host  # type: ignore[union-attr]
    assert first.time >= permission.time + 0.04
    assert first.read().get(stun.XOR_PEER_ADDRESS) == peer.port.address
    assert alice.selected().local.type is CandidateType.RELAYED
    assert server.count(Method.CREATE_PERMISSION) == 1


def test_permissions_of_several_peers_share_a_request(lab: Lab) -> None:
    """RFC 8656 §10.1: ten addresses in one CreatePermission."""
    alice, peer, server = _allocate(lab)
    peers = [lab.peer(f"peer{n}", host=lab.public(f"peer{n}")) for n in range(8)]
    alice.meet(
        peer.remote,
        [each.port.candidate(foundation=f"f{n}") for n, each in enumerate(peers)],
    )
    lab.run_until(5)
    assert server.count(Method.CREATE_PERMISSION) == 1
    assert len(server.allocations[0].permissions) == 8


def test_what_follows_an_answer_of_a_relay_waits_for_no_slot(lab: Lab) -> None:
    """RFC 8656: one request is on its way at a time, paced by the answers; checks go on beside."""
    alice, peer, server = _allocate(lab)
    second = lab.peer("second", host=lab.public("second"))
    alice.meet(peer.remote, [peer.port.candidate()])
    lab.run_until(1.01)
    alice.agent.add_remote_candidate("0", second.port.candidate(foundation="second"))
    alice.pump()
    lab.run_until(1.049)
    asked = [sent for sent in alice.log.requests() if sent.remote == server.address()]
    assert [(sent.time, sent.read().method) for sent in asked] == [
        (at(0.0), Method.ALLOCATE),
        (at(0.04), Method.ALLOCATE),
        (at(1.0), Method.CREATE_PERMISSION),
        (at(1.04), Method.CREATE_PERMISSION),
    ]
    assert alice.log.checks()[0].time == at(1.0)


def test_forbidden_peer_fails_its_pairs_only(lab: Lab) -> None:
    """RFC 8656 §10.1: 403 is about the peer, not about the allocation."""
    alice, peer, server = _allocate(lab)
    good = lab.peer("good", host=lab.public("good"), controlling=True)
    good.know(peer.agent_parameters)
    server.relay.forbidden_peers.add(peer.host.addresses[0])
    _only_relay(alice, good)
    peer.on_request = peer.ignore
    alice.meet(
        peer.remote,
        [peer.port.candidate(foundation="a"), good.port.candidate(foundation="b")],
    )
    lab.run_until(10)
    assert alice.state() is IceState.CONNECTED
    assert alice.selected().remote.address == good.port.address
    assert peer.requests  # checked directly all the same
    assert len(server.allocations) == 1


def test_response_through_the_relay_tells_the_peer_s_address(lab: Lab) -> None:
    """RFC 8445 §7.3.1.2: XOR-MAPPED-ADDRESS is where the server got it from."""
    alice, peer, _ = _allocate(lab)
    relayed = alice.candidates[-1].address
    alice.meet(peer.remote, [peer.port.candidate()])
    lab.run_until(2)
    peer.port.check(relayed)
    lab.run_until(3)
    response = next(each for each in peer.port.responses if each.source == relayed)
    assert response.get(stun.XOR_MAPPED_ADDRESS) == peer.port.address


def test_nobody_reaches_us_through_the_relay_unpermitted(lab: Lab) -> None:
    """RFC 8656 §9: a stranger's address has no permission."""
    alice, peer, _ = _allocate(lab)
    stranger = lab.peer("stranger", host=lab.public("stranger"), controlling=True)
    stranger.know(peer.agent_parameters)
    alice.meet(peer.remote, [peer.port.candidate()])
    lab.run_until(2)
    stranger.port.check(alice.candidates[-1].address)
    lab.run_until(3)
    assert stranger.port.responses == []


@pytest.mark.parametrize("transport", [TurnTransport.UDP, TurnTransport.TCP])
def test_two_symmetric_nats_meet_at_the_relay(lab: Lab, transport: TurnTransport) -> None:
    """RFC 8445 §2: and data flows in both directions, through a channel once selected."""
    call, server = _call(lab, transport)
    call.run()
    lab.run(10)
    alice, bob = call.offerer, call.answerer
    for agent, other in ((alice, bob), (bob, alice)):
        assert agent.send(b"\x80hello")
        lab.run(1)
        assert [e.data for e in other.of_type(DataReceived)] == [b"\x80hello"]
        kinds = {agent.selected().local.type, agent.selected().remote.type}
        assert CandidateType.RELAYED in kinds
        assert agent.state() is IceState.COMPLETED
    assert server.count(Method.CHANNEL_BIND) >= 1


def test_relayed_pair_waits_for_a_direct_one(lab: Lab) -> None:
    """RFC 8445 §8.1.1: the relay works first, the host pair a little later, and is nominated."""
    alice, peer, _ = _allocate(lab, controlled=False)
    relayed = alice.candidates[-1].address
    peer.on_request = lambda request: (
        request.port.answer(request) if request.source == relayed or lab.sim.now > 1.4 else None
    )
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    lab.run_until(10)
    first, *_, last = alice.selections()
    assert first[1].local.type is CandidateType.RELAYED
    assert not first[1].nominated
    assert last[1].local.type is CandidateType.SERVER_REFLEXIVE
    assert last[1].nominated
    assert len(alice.log.nominations()) == 1


def test_relayed_pair_is_nominated_when_nothing_better_comes(lab: Lab) -> None:
    """RFC 8445 §8.1.1: two seconds after it became valid, by default."""
    alice, peer, _ = _allocate(lab, controlled=False)
    _only_relay(alice, peer)
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    lab.run_until(20)
    valid = alice.selections()[0][0]
    (nominated, pair) = alice.nominated()[0]
    assert pair.local.type is CandidateType.RELAYED
    assert valid + 2.0 <= nominated < valid + 9.0


def test_unused_allocation_is_deleted_after_the_conclusion(lab: Lab) -> None:
    """RFC 8445 §8.3.1: three seconds later, with a Refresh of lifetime 0."""
    alice, peer, server = _allocate(lab, config=FREE)
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    lab.run_until(2)
    peer.port.check(alice.candidates[1].address, use_candidate=True)
    lab.run_until(2.5)
    ((completed, _),) = alice.nominated()
    lab.run_until(completed + 2.9)
    assert len(server.allocations) == 1
    lab.run_until(completed + 4)
    assert server.allocations == []


@pytest.mark.slow
def test_used_allocation_lives_for_an_hour(lab: Lab) -> None:
    """RFC 8656 §8, §9, §12: allocation, permission and channel are refreshed in time."""
    call, server = _call(lab)
    call.run()
    lab.run(10)
    alice, bob = call.offerer, call.answerer
    for minute in range(60):
        lab.run(60)
        for agent in (alice, bob):
            assert agent.send(b"\x80%d" % minute), (minute, agent)
    lab.run(1)
    for agent in (alice, bob):
        assert [data for _, data in agent.data()] == [b"\x80%d" % n for n in range(60)]
    assert {exchange.code for exchange in server.exchanges[20:]} <= {0, 438}


def test_lost_allocation_in_use(lab: Lab) -> None:
    """RFC 8656 §5: the pair is dead; with no other relay the state tells so within the consent
    time."""
    call, server = _call(lab)
    call.run()
    lab.run(10)
    server.forget_allocations()
    server.faults.fail(Method.ALLOCATE, 403)
    lab.run(120)
    for agent in (call.offerer, call.answerer):
        assert agent.state() is IceState.FAILED
        assert not agent.send(b"\x80data")


def test_data_before_the_channel_goes_in_indications(lab: Lab) -> None:
    """RFC 8656 §12: nothing waits for the binding."""
    alice, peer, _ = _allocate(lab)
    _only_relay(alice, peer)
    alice.meet(peer.remote, [peer.port.candidate()])
    lab.run_until(1.5)
    assert alice.send(b"\x80early")
    lab.run_until(1.6)
    assert b"\x80early" in [each.data for each in peer.port.received]
    peer.port.check(alice.candidates[-1].address, use_candidate=True)
    lab.run_until(3)
    assert alice.selected().nominated
    before = len(alice.log.data())
    assert alice.send(b"\x80late")
    lab.run_until(4)
    channel = alice.log.data()[before:]
    assert [sent.data[0] & 0xF0 for sent in channel] == [0x40]
    assert b"\x80late" in [each.data for each in peer.port.received]


def test_data_through_the_relay_from_a_stranger_is_dropped(lab: Lab) -> None:
    """RFC 8445 §19.3: a permission is not a check."""
    alice, peer, _ = _allocate(lab)
    other_port = peer.open(6000)
    alice.meet(peer.remote, [peer.port.candidate()])
    lab.run_until(2)
    other_port.send(b"\x80stranger", alice.candidates[-1].address)
    lab.run_until(3)
    assert alice.of_type(DataReceived) == []


def test_name_of_a_host_is_no_business_of_the_relay(lab: Lab) -> None:
    """A candidate that came as an mDNS name is not paired with relayed candidates."""
    alice, peer, server = _allocate(lab)
    peer.on_request = peer.ignore
    alice.meet(peer.remote, [replace(peer.port.candidate(), hidden=True)])
    lab.run_until(10)
    assert len(alice.log.checks()) == 1
    assert server.count(Method.CREATE_PERMISSION) == 0
    assert server.allocations[0].permissions == {}


def test_restart_keeps_the_relay(lab: Lab) -> None:
    """RFC 8445 §9: data goes on over the relay until the new session has selected a pair."""
    call, _ = _call(lab)
    call.run()
    lab.run(10)
    alice, bob = call.offerer, call.answerer
    alice.send_every(0.1, until=lab.sim.now + 19.95)
    lab.run(5)
    call.restart(alice)
    lab.run(20)
    assert [data for _, data in bob.data()] == [b"\x80%d" % n for n in range(200)]
    assert alice.state() is bob.state() is IceState.COMPLETED
