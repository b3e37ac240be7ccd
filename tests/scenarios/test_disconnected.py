"""Silence on the pair in use: telling of it, recovering, turning to another pair."""

import pytest

from peer.ice import FreePolicy, IceConfig, IceState, SelectedPairLost, Timings
from tests.sim.agent_host import AgentHost

from .lab import CONTROLLED, DELAY, ROUND_TRIP, Lab, at, base_of
from .scripted_peer import Port, Received, ScriptedPeer

SLOW = Timings(silence=None)
"""Silence is told by consent checks alone."""


def _connect(lab: Lab, config: IceConfig | None = None) -> tuple[AgentHost, ScriptedPeer]:
    """A controlled agent with a selected pair at 0.1 s."""
    alice, peer = lab.agent(role=CONTROLLED, config=config), lab.peer(controlling=True)
    peer.meet(alice, end=True)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(0.1)
    assert alice.state() is IceState.COMPLETED
    return alice, peer


def test_three_unanswered_checks_mean_disconnected(lab: Lab) -> None:
    """When the fourth is due; it is transient, the next response ends it."""
    alice, peer = _connect(lab, IceConfig(timings=SLOW))
    lab.run_until(20)
    answered = len(alice.log.checks())
    peer.on_request = peer.ignore
    lab.run_until(38)
    missed = [sent.time for sent in alice.log.checks()][answered:]
    assert alice.states()[-1] == (at(missed[3]), IceState.DISCONNECTED)
    peer.on_request = peer.accept
    after = len(alice.log.checks())
    lab.run_until(60)
    recovery = alice.log.checks()[after].time + 2 * DELAY
    assert alice.states()[-1] == (at(recovery), IceState.COMPLETED)
    assert alice.of_type(SelectedPairLost) == []


def test_two_lost_responses_are_nothing_to_tell(lab: Lab) -> None:
    """A single answer starts the count anew."""
    alice, peer = _connect(lab)

    def answer_every_third(request: Received) -> None:
        if len(peer.requests) % 3 == 0:
            request.port.answer(request)

    peer.on_request = answer_every_third
    lab.run_until(600)
    assert alice.state() is IceState.COMPLETED
    assert len(alice.states()) == len([s for s in alice.states() if s[0] < 0.1])


def test_data_still_flows_while_disconnected(lab: Lab) -> None:
    """RFC 7675 §5.1: consent has not expired yet."""
    alice, peer = _connect(lab)
    peer.on_request = peer.ignore
    assert lab.sim.run_until(lambda: alice.state() is IceState.DISCONNECTED, 30)
    assert alice.send(b"\x80data")


def test_silence_is_probed_when_so_configured(lab: Lab) -> None:
    """An extra check after silence, a fifth later by who asked last, then disconnected."""
    config = IceConfig(timings=Timings(liveness=2.0, liveness_timeout=2.5))
    alice, peer = _connect(lab, config)
    lab.run_until(100)
    assert alice.state() is IceState.COMPLETED
    peer.on_request = peer.ignore
    heard = alice.arrivals[-1].time
    lab.run_until(110)
    assert alice.states()[-1] == (at(heard + 2.4 + 2.5), IceState.DISCONNECTED)


def test_arriving_data_is_a_sign_of_life(lab: Lab) -> None:
    """No extra checks while media flows."""
    config = IceConfig(timings=Timings(liveness=2.0))
    alice, peer = _connect(lab, config)
    for _ in range(200):
        peer.port.send(b"\x80data", base_of(alice))
        lab.run(0.1)
    checks = len([sent for sent in alice.log.checks() if sent.time > 0.1])
    assert checks <= 5


def test_silent_pair_is_left_for_one_that_is_heard(lab: Lab) -> None:
    """The peer goes on checking from another address, which worked when we checked it."""
    config = IceConfig(free_policy=FreePolicy.KEEP)
    alice, peer = lab.agent(role=CONTROLLED, config=config), lab.peer(controlling=True)
    first, second = peer.port, peer.open(6000)
    peer.meet(alice, first.candidate(foundation="a"), second.candidate(foundation="b"), end=True)
    lab.run_until(0.5)
    first.check(base_of(alice), use_candidate=True)
    lab.run_until(100)
    peer.on_request = lambda request: (
        request.port.answer(request) if request.port is second else None
    )
    for _ in range(60):
        second.check(base_of(alice))
        lab.run(1)
    assert alice.selected().remote.address == second.address
    assert alice.state() in (IceState.CONNECTED, IceState.COMPLETED)
    assert alice.send(b"\x80data")
    assert IceState.FAILED not in [state for _, state in alice.states()]


def _connect_twice(
    lab: Lab, timings: Timings | None = None, *, until: float = 100
) -> tuple[AgentHost, ScriptedPeer, Port]:
    """A controlled agent with two valid pairs, the peer's first port selected."""
    config = IceConfig(free_policy=FreePolicy.KEEP, timings=timings or Timings())
    alice, peer = lab.agent(role=CONTROLLED, config=config), lab.peer(controlling=True)
    first, second = peer.port, peer.open(6000)
    peer.meet(alice, first.candidate(foundation="a"), second.candidate(foundation="b"), end=True)
    lab.run_until(0.5)
    first.check(base_of(alice), use_candidate=True)
    lab.run_until(until)
    assert alice.selected().remote.address == first.address
    return alice, peer, second


def test_silent_pair_is_left_for_one_that_answers(lab: Lab) -> None:
    """When consent checks tell of the silence, as soon as the other was heard since."""
    alice, peer, _ = _connect_twice(lab, SLOW)
    first = peer.port
    before = len(alice.states())
    peer.on_request = lambda request: (
        request.port.answer(request) if request.port is not first else None
    )
    assert lab.sim.run_until(lambda: alice.selected().remote.address != first.address, 30)
    lab.run(60)
    assert alice.selected().remote.address != first.address
    assert alice.states()[before:] == []
    assert alice.send(b"\x80data")


def test_silent_peer_is_given_up_when_consent_expires(lab: Lab) -> None:
    """However many pairs there were: all lost consent (W3C RTCIceTransportState "failed")."""
    alice, peer, _ = _connect_twice(lab)
    peer.on_request = peer.ignore
    heard = alice.arrivals[-1].time
    lab.run_until(200)
    (_, disconnected), (time, failed) = alice.states()[-2:]
    assert (disconnected, failed) == (IceState.DISCONNECTED, IceState.FAILED)
    assert time == at(heard + 30)
    assert alice.times_of(SelectedPairLost) == [at(heard + 30)]


def test_a_pair_heard_before_the_silence_is_no_way_out(lab: Lab) -> None:
    """That the other was heard later than the one in use says nothing once all are silent."""
    alice, peer, second = _connect_twice(lab, Timings(liveness=2.5), until=20)
    second.check(base_of(alice))
    lab.run(2 * ROUND_TRIP)
    before = len(alice.states())
    peer.on_request = peer.ignore
    lab.run_until(200)
    assert [state for _, state in alice.states()[before:]] == [
        IceState.DISCONNECTED,
        IceState.FAILED,
    ]
    assert alice.selections()[-1][0] < 20


def test_a_pair_that_was_valid_later_does_not_outlive_the_silence(lab: Lab) -> None:
    """Its consent is a little fresher than that of the pair in use, and was asked for in vain."""
    alice, peer, _ = _connect_twice(lab, Timings(liveness=2.5), until=1)
    answered = [sent.time + ROUND_TRIP for sent in alice.log.checks()]
    assert answered[0] < answered[1] < 0.5
    before, selections = len(alice.states()), len(alice.selections())
    peer.on_request = peer.ignore
    lab.run_until(200)
    silent, failed = alice.states()[before:]
    assert (silent[1], failed) == (IceState.DISCONNECTED, (at(answered[0] + 30), IceState.FAILED))
    assert len(alice.selections()) == selections


def test_peer_behind_a_new_binding_is_found_again(lab: Lab) -> None:
    """The NAT of the peer forgot it: its checks come from a new port, and ours go there."""
    alice, peer = _connect(lab)
    lab.run_until(30)
    old = peer.port
    rebound = peer.open(6000)
    peer.on_request = lambda request: (
        request.port.answer(request) if request.port is rebound else None
    )
    lab.run_until(31)
    rebound.check(base_of(alice))
    lab.run_until(80)
    assert old.address != rebound.address
    assert alice.selected().remote.address == rebound.address
    assert alice.state() in (IceState.CONNECTED, IceState.COMPLETED)
    assert IceState.FAILED not in [state for _, state in alice.states()]


@pytest.mark.parametrize("when", [20.0, 100.0])
def test_vanished_interface_moves_data_to_another(lab: Lab, when: float) -> None:
    """RFC 8445 §5.1.1.4: to the best pair that is left."""
    config = IceConfig(free_policy=FreePolicy.KEEP)
    host = lab.host("alice", "192.168.1.10", "192.168.1.11")
    alice = lab.agent(host=host, role=CONTROLLED, config=config)
    peer = lab.peer(controlling=True)
    peer.meet(alice, end=True)
    lab.run_until(1)
    gone, left = alice.sockets
    peer.port.check(gone, use_candidate=True)
    lab.run_until(when)
    assert alice.selected().base == gone
    alice.agent.remove_base(gone)
    alice.pump()
    lab.run_until(when + 0.03)
    assert alice.times_of(SelectedPairLost) == [at(when)]
    # The other pair was checked as a spare meanwhile, and has consent.
    assert alice.selections()[-1][0] == at(when)
    assert alice.selected().base == left
    assert alice.send(b"\x80data")
    assert IceState.FAILED not in [state for _, state in alice.states()]


def test_other_pair_turns_out_to_be_dead_too(lab: Lab) -> None:
    """RFC 7675 §5.1: consent cannot be regained, so there is nothing left."""
    config = IceConfig(free_policy=FreePolicy.KEEP)
    host = lab.host("alice", "192.168.1.10", "192.168.1.11")
    alice = lab.agent(host=host, role=CONTROLLED, config=config)
    peer = lab.peer(controlling=True)
    peer.meet(alice, end=True)
    lab.run_until(1)
    gone = next(iter(alice.sockets))
    peer.port.check(gone, use_candidate=True)
    # The other one was checked a moment ago, so that consent for it lasts for long.
    lab.run_until(84)
    peer.on_request = peer.ignore
    alice.agent.remove_base(gone)
    alice.pump()
    lab.run_until(200)
    assert not alice.send(b"\x80data")
    assert [state for _, state in alice.states()][-2:] == [IceState.DISCONNECTED, IceState.FAILED]


def test_last_interface_gone(lab: Lab) -> None:
    """Nothing is left to send on; it fails when no address has come in the time of consent."""
    alice, _ = _connect(lab)
    lab.run_until(20)
    alice.agent.remove_base(base_of(alice))
    alice.pump()
    lab.run_until(100)
    (_, lost), (failed_at, failed) = alice.states()[-2:]
    assert (lost, failed) == (IceState.DISCONNECTED, IceState.FAILED)
    # Calls of the application carry no time: it counts from the consent check before.
    assert 44.0 <= failed_at <= 50.0
    assert alice.times_of(SelectedPairLost) == [at(20.0)]
    assert not alice.send(b"\x80data")


def test_expired_path_needs_a_restart(lab: Lab) -> None:
    """RFC 7675 §5.1: consent is not regained with the same credentials."""
    alice, peer = _connect(lab)
    lab.run_until(10)
    peer.on_request = peer.ignore
    lab.run_until(50)
    assert alice.state() is IceState.FAILED
    peer.on_request = peer.accept
    for _ in range(5):
        peer.port.check(base_of(alice), use_candidate=True)
        lab.run(1)
    assert alice.state() is IceState.FAILED
    assert not alice.send(b"\x80data")
    assert len(peer.port.responses) == 6
