"""What the statistics of a scripted exchange add up to (W3C webrtc-stats)."""

from dataclasses import replace

from peer.ice import CandidateType, IceRole, IceState, PairState
from peer.ice.stats import CandidatePairStatistics
from tests.sim.agent_host import AgentHost

from .lab import CONTROLLED, DELAY, ROUND_TRIP, Lab, at, base_of


def _pair_to(agent: AgentHost, port: int) -> CandidatePairStatistics:
    """The pair with the remote candidate of this port."""
    stats = agent.agent.stats()
    ids = {c.id for c in stats.candidates if c.remote and c.port == port}
    (pair,) = [pair for pair in stats.pairs if pair.remote_candidate_id in ids]
    return pair


def test_counters_of_a_pair(lab: Lab) -> None:
    """Requests count once, retransmissions apart; data counts without STUN."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, end=True)
    lab.run_until(0.5)
    for _ in range(3):
        peer.port.check(base_of(alice), use_candidate=True)
        lab.run(0.1)
    for size in (10, 20, 30):
        alice.send(b"\x80" * size)
    for size in (5, 6):
        peer.port.send(b"\x80" * size, base_of(alice))
    lab.run_until(3)
    pair = _pair_to(alice, 5000)
    assert (pair.requests_sent, pair.responses_received) == (1, 1)
    assert (pair.requests_received, pair.responses_sent) == (3, 3)
    assert (pair.packets_sent, pair.bytes_sent) == (3, 60)
    assert (pair.packets_received, pair.bytes_received) == (2, 11)
    assert pair.current_round_trip_time == at(ROUND_TRIP)
    assert pair.total_round_trip_time == at(ROUND_TRIP)
    assert (pair.state, pair.nominated) == (PairState.SUCCEEDED, True)


def test_round_trip_time_is_averaged_over_the_responses(lab: Lab) -> None:
    """Of checks and consent checks."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, end=True)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(10)
    peer.on_request = lambda request: lab.sim.call_later(0.1, lambda: request.port.answer(request))
    lab.run_until(60)
    pair = _pair_to(alice, 5000)
    slow = len([sent for sent in alice.log.checks() if 10 - DELAY < sent.time < 59])
    fast = pair.responses_received - slow
    assert slow > 5
    assert pair.current_round_trip_time == at(ROUND_TRIP + 0.1)
    assert pair.total_round_trip_time == at(fast * ROUND_TRIP + slow * (ROUND_TRIP + 0.1))
    assert pair.consent_requests_sent == len(alice.log.checks()) - 1
    assert pair.requests_sent == 1


def test_retransmissions_are_counted_apart(lab: Lab) -> None:
    """Of a check that nobody answers."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = peer.ignore
    peer.meet(alice)
    lab.run_until(5)
    pair = _pair_to(alice, 5000)
    sent = [each for each in alice.log.sent if each.is_check]
    assert pair.requests_sent == len(alice.log.checks())
    assert pair.retransmissions_sent == len(sent) - len(alice.log.checks())
    assert pair.responses_received == 0
    assert pair.current_round_trip_time is None
    assert pair.state is PairState.IN_PROGRESS


def test_reason_of_a_failure_is_kept(lab: Lab) -> None:
    """A pair that was refused says so."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    other = peer.open(6000)
    peer.on_request = lambda request: (
        request.port.refuse(request, 500) if request.port is other else request.port.answer(request)
    )
    peer.meet(alice, peer.port.candidate(foundation="a"), other.candidate(foundation="b"))
    lab.run_until(1)
    pair = _pair_to(alice, 6000)
    assert pair.state is PairState.FAILED
    assert "500" in pair.reason


def test_discarded_data_is_counted(lab: Lab) -> None:
    """What could not be sent any more is no sent data."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, end=True)
    lab.run_until(1)
    alice.send(b"\x80" * 7)
    assert _pair_to(alice, 5000).packets_sent == 1
    peer.on_request = lambda request: request.port.refuse(request, 403)
    lab.run_until(10)
    assert not alice.send(b"\x80" * 9)
    assert _pair_to(alice, 5000).packets_sent == 1
    assert alice.agent.stats().drops["no-path"] == 1


def test_learned_addresses_are_not_revealed(lab: Lab) -> None:
    """An address that was not signalled is not shown."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, silent=True)
    peer.port.check(base_of(alice))
    lab.run_until(1)
    (remote,) = [c for c in alice.agent.stats().candidates if c.remote]
    assert remote.candidate_type is CandidateType.PEER_REFLEXIVE
    assert remote.address is None
    alice.agent.add_remote_candidate("0", peer.port.candidate())
    alice.pump()
    (remote,) = [c for c in alice.agent.stats().candidates if c.remote]
    assert remote.candidate_type is CandidateType.HOST
    assert remote.address == peer.host.addresses[0]


def test_transport(lab: Lab) -> None:
    """Role, state, and how often the pair in use changed."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    better, worse = peer.port, peer.open(6000)
    peer.on_request = lambda request: lab.sim.call_later(
        0.2 if request.port is better else 0.0, lambda: request.port.answer(request)
    )
    peer.meet(alice, better.candidate(foundation="a"), worse.candidate(foundation="b"), end=True)
    lab.run_until(0.15)
    (transport,) = alice.agent.stats().transports
    assert transport.selected_candidate_pair_changes == 1
    lab.run_until(1)
    (transport,) = alice.agent.stats().transports
    assert (transport.ice_role, transport.ice_state) == (IceRole.CONTROLLED, IceState.CONNECTED)
    assert transport.selected_candidate_pair_changes == 2
    assert transport.selected_candidate_pair_id == _pair_to(alice, 5000).id
    assert transport.ice_local_username_fragment == peer.agent_parameters.username_fragment


def test_address_behind_a_name_is_never_shown(lab: Lab) -> None:
    """A candidate whose address came from mDNS keeps it to itself."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice, replace(peer.port.candidate(), hidden=True), end=True)
    lab.run_until(1)
    assert alice.state() is IceState.COMPLETED
    (remote,) = [c for c in alice.agent.stats().candidates if c.remote]
    assert remote.address is None
    assert peer.host.addresses[0] not in repr(alice.agent.stats())
