"""Consent freshness (RFC 7675)."""

from collections import Counter
from itertools import pairwise

import pytest

from peer.ice import (
    EventLoopStalled,
    IceConfig,
    IceState,
    PathInvalidated,
    PathValidated,
    SelectedPairLost,
    Timings,
    stun,
)
from peer.ice.transaction import Purpose
from tests.sim.agent_host import AgentHost
from tests.sim.datagram_log import Kind, Sent

from .lab import CONTROLLED, DELAY, Lab, at, base_of
from .scripted_peer import Received, ScriptedPeer


def _connect(lab: Lab) -> tuple[AgentHost, ScriptedPeer]:
    """A controlled agent with a selected pair at 0.1 s."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, end=True)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(0.1)
    assert alice.state() is IceState.COMPLETED
    return alice, peer


def _consent_checks(alice: AgentHost) -> list[Sent]:
    return [sent for sent in alice.log.checks() if sent.time > 0.1]


def test_consent_is_asked_for_about_every_five_seconds(lab: Lab) -> None:
    """RFC 7675 §5.1: each interval is spread by 0.8 to 1.2, over its whole range."""
    alice, _ = _connect(lab)
    lab.run_until(5000)
    times = [sent.time for sent in _consent_checks(alice)]
    intervals = [later - earlier for earlier, later in pairwise(times)]
    assert len(intervals) > 900
    assert 4.0 <= min(intervals) < 4.1
    assert 5.9 < max(intervals) <= 6.0
    assert sum(intervals) / len(intervals) == pytest.approx(5.0, abs=0.1)


def test_consent_checks_are_ordinary_checks_sent_once(lab: Lab) -> None:
    """RFC 7675 §5.1: with new transaction ids, without retransmission."""
    alice, peer = _connect(lab)
    peer.on_request = peer.ignore
    lab.run_until(29)
    checks = _consent_checks(alice)
    assert len({sent.transaction_id for sent in checks}) == len(checks) > 4
    assert len(alice.log.of_kind(Kind.REQUEST)) == len(alice.log.checks())
    for sent in checks:
        message = sent.read()
        assert stun.verify_integrity(message, peer.parameters.password.encode())
        assert set(message.values) == {
            stun.USERNAME.type,
            stun.PRIORITY.type,
            stun.ICE_CONTROLLED.type,
        }


def test_consent_expires_thirty_seconds_after_the_last_response(lab: Lab) -> None:
    """RFC 7675 §5.1: not a packet of data after that, and none of a request."""
    alice, peer = _connect(lab)
    lab.run_until(100)
    last = max(each.time for each in alice.arrivals if each.data[:2] == b"\x01\x01")
    peer.on_request = peer.ignore
    alice.send_every(0.02, until=200)
    lab.run_until(200)
    assert max(sent.time for sent in alice.log.data()) < last + 30 <= 130
    assert alice.times_of(SelectedPairLost) == [at(last + 30)]
    states = [state for _, state in alice.states()][-2:]
    assert states == [IceState.DISCONNECTED, IceState.FAILED]
    assert alice.states()[-1][0] == at(last + 30)
    assert not [sent for sent in alice.log.sent if sent.time > last + 30]


def test_late_response_renews_consent(lab: Lab) -> None:
    """RFC 7675 §5.1: a response to any outstanding check counts, not just to the latest."""
    alice, peer = _connect(lab)

    def answer_late(request: Received) -> None:
        lab.sim.call_later(14.0, lambda: request.port.answer(request))

    peer.on_request = answer_late
    lab.run_until(300)
    assert alice.of_type(SelectedPairLost) == []
    assert alice.send(b"\x80data")


def test_response_after_expiry_does_not_revive(lab: Lab) -> None:
    """RFC 7675 §5.1: the same credentials are never used on that path again."""
    alice, peer = _connect(lab)
    lab.run_until(10)
    peer.on_request = peer.ignore
    lab.run_until(45)
    assert alice.state() is IceState.FAILED
    for request in peer.requests[-5:]:
        request.port.answer(request)
    lab.run_until(46)
    assert alice.state() is IceState.FAILED
    assert not alice.send(b"\x80data")


def test_data_is_no_consent(lab: Lab) -> None:
    """RFC 7675 §5.1: only responses to checks are; requests and data from the peer are not."""
    alice, peer = _connect(lab)
    peer.on_request = peer.ignore
    for _ in range(400):
        peer.port.send(b"\x80data", base_of(alice))
        peer.port.check(base_of(alice))
        lab.run(0.1)
    assert len(alice.of_type(SelectedPairLost)) == 1


@pytest.mark.parametrize("key", [None, "", "a-forged-password-of-an-attacker"])
def test_revocation(lab: Lab, key: str | None) -> None:
    """RFC 7675 §5.2: an authenticated 403 stops everything at once, a forged one nothing."""
    alice, peer = _connect(lab)
    lab.run_until(10)
    count = len(peer.requests)
    refused: list[float] = []

    def refuse(request: Received) -> None:
        refused.append(lab.sim.now)
        request.port.refuse(request, 403, key=key)

    peer.on_request = refuse
    lab.run_until(20)
    assert len(peer.requests) > count
    if key is None:
        assert alice.times_of(SelectedPairLost) == [at(refused[0] + DELAY)]
        assert alice.state() is IceState.FAILED
        assert not alice.send(b"\x80data")
    else:
        assert alice.of_type(SelectedPairLost) == []
        assert alice.send(b"\x80data")


def test_consent_response_from_elsewhere_proves_nothing(lab: Lab) -> None:
    """RFC 8445 §7.2.5.2.1: whoever repeats a response from another address is not let in."""
    alice, peer = _connect(lab)
    elsewhere = peer.open(6000)
    peer.on_request = lambda request: elsewhere.answer(request)
    lab.run_until(20)
    elsewhere.send(b"\x80intruder", base_of(alice))
    lab.run_until(40)
    assert alice.data() == []
    assert len(alice.of_type(SelectedPairLost)) == 1


def test_data_from_a_lost_path_is_dropped(lab: Lab) -> None:
    """After consent is lost, the application is told to take nothing more from there."""
    alice, peer = _connect(lab)
    peer.on_request = lambda request: request.port.refuse(request, 403)
    lab.run_until(10)
    assert len(alice.of_type(PathInvalidated)) == 1
    peer.port.send(b"\x80late", base_of(alice))
    lab.run_until(11)
    assert alice.data() == []


def test_stalled_event_loop_loses_no_consent(lab: Lab) -> None:
    """The responses wait in the socket; 40 s of our own deafness are not the network's."""
    alice, _ = _connect(lab)
    lab.run_until(20)
    alice.stall(40.0)
    lab.run_until(100)
    assert alice.of_type(SelectedPairLost) == []
    (stalled,) = alice.of_type(EventLoopStalled)
    assert 30 < stalled.duration <= 40
    assert alice.state() is IceState.COMPLETED


def test_stall_is_no_excuse_for_a_dead_peer(lab: Lab) -> None:
    """The extension is as long as the stall; consent expires all the same."""
    alice, peer = _connect(lab)
    lab.run_until(20)
    peer.on_request = peer.ignore
    alice.stall(40.0)
    lab.run_until(120)
    assert len(alice.of_type(SelectedPairLost)) == 1
    (lost,) = alice.times_of(SelectedPairLost)
    assert 60 < lost <= 90


def test_consent_checks_stop_with_the_agent(lab: Lab) -> None:
    """Closing is silent."""
    alice, _ = _connect(lab)
    alice.close()
    lab.run_until(100)
    assert [sent for sent in alice.log.sent if sent.time > 0.1] == []


def test_both_sides_of_a_call_keep_consent(lab: Lab) -> None:
    """RFC 7675 §4: an hour of silence, and the pair still works."""
    call = lab.call().start()
    call.run()
    lab.run_until(3600)
    for agent, other in ((call.offerer, call.answerer), (call.answerer, call.offerer)):
        assert agent.state() is IceState.COMPLETED
        agent.send(b"\x80still here")
        lab.run(1)
        assert other.data()[-1][1] == b"\x80still here"


def test_an_idle_call_asks_for_consent_and_hardly_more(lab: Lab) -> None:
    """RFC 7675 §5.1: twelve checks in a minute; sides that take turns need no others for silence,
    and a spare that works is checked with one of them."""
    config = IceConfig(timings=Timings(liveness=2.5))
    call = lab.call(offerer=config, answerer=config)
    for agent in (call.offerer, call.answerer):
        agent.host.add_interface(lab.sim.network(f"{agent.host.name} 2", "192.168.7.0/24"))
    call.start()
    call.run()
    lab.run_until(60)
    lab.run_until(660)
    for agent in (call.offerer, call.answerer):
        sent = [each.transaction_id for each in agent.log.checks() if each.time > 60]
        counts = Counter(agent.purposes[each] for each in sent)
        assert counts[Purpose.PROBE] == 0
        assert 110 <= counts[Purpose.CONSENT] + counts[Purpose.LIVENESS] <= 135
        assert 30 <= counts[Purpose.CHECK] <= 45


def test_consent_off(lab: Lab) -> None:
    """Without RFC 7675 no checks leave after the conclusion, and nothing expires."""
    alice = lab.agent(role=CONTROLLED, config=IceConfig(consent=False))
    peer = lab.peer(controlling=True)
    peer.meet(alice)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(0.1)
    peer.on_request = peer.ignore
    lab.run_until(1000)
    assert _consent_checks(alice) == []
    assert alice.send(b"\x80data")


def test_late_response_revives_nothing(lab: Lab) -> None:
    """RFC 7675 §5.1: with consent its outstanding transactions are gone."""
    alice, peer = lab.agent(), lab.peer()
    held: list[Received] = []

    def revoke_the_second(request: Received) -> None:
        if lab.sim.now < 2:
            request.port.answer(request)
        elif not held:
            held.append(request)
        else:
            request.port.refuse(request, 403)

    peer.on_request = revoke_the_second
    peer.meet(alice, end=True)
    lab.run_until(20)
    assert len(alice.of_type(PathInvalidated)) == 1
    before = len(alice.of_type(PathValidated))
    peer.port.answer(held[0])
    lab.run(5)
    assert len(alice.of_type(PathValidated)) == before
    assert not alice.send(b"\x80data")
