"""Trickled candidates (RFC 8838)."""

import pytest

from peer.ice import (
    CandidateGathered,
    GatheringCompleted,
    IceConfig,
    IceState,
    Limits,
)
from tests.sim.agent_host import AgentHost

from .lab import CONTROLLED, Lab, at, base_of
from .scripted_peer import Port


def _trickle(agent: AgentHost, port: Port, *, foundation: str = "p", ufrag: str = "peer") -> None:
    agent.agent.add_remote_candidate(
        "0", port.candidate(foundation=foundation), username_fragment=ufrag
    )
    agent.pump()


def _end(agent: AgentHost, ufrag: str | None = "peer") -> None:
    agent.agent.end_of_remote_candidates("0", username_fragment=ufrag)
    agent.pump()


@pytest.mark.parametrize("trickle", [False, True])
@pytest.mark.parametrize("delay", [0.0, 0.1, 1.0])
def test_call_connects(lab: Lab, trickle: bool, delay: float) -> None:
    """RFC 8838 §4: one signalling round trip, then the answerer's check has come already."""
    call = lab.call(trickle=trickle, delay=delay).start()
    connected = call.run()
    lab.run(10)
    assert connected == at(2 * delay + 0.02)
    for agent in (call.offerer, call.answerer):
        assert agent.state() is IceState.COMPLETED
        assert len(agent.nominated()) == 1
        assert agent.of_type(GatheringCompleted)


def test_empty_description_and_a_late_candidate(lab: Lab) -> None:
    """RFC 8838 §8: the empty checklist keeps running; checks start when there is a pair."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice, silent=True)
    lab.run_until(10)
    # W3C RTCIceTransportState: it waits for remote candidates and has not begun to check.
    assert alice.state() is IceState.NEW
    _trickle(alice, peer.port)
    lab.run_until(11)
    assert alice.log.checks()[0].time == 10.0
    assert alice.states() == [(10.0, IceState.CHECKING), (at(10.02), IceState.CONNECTED)]


def test_end_of_candidates_completes(lab: Lab) -> None:
    """RFC 8838 §13: connected until both sides have said that nothing more comes."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice)
    lab.run_until(5)
    assert alice.state() is IceState.CONNECTED
    _end(alice)
    lab.run_until(6)
    assert alice.states()[-1] == (at(5.0), IceState.COMPLETED)


def test_own_gathering_completes(lab: Lab) -> None:
    """RFC 8838 §13: likewise, when our own gathering ends last."""
    alice, peer = lab.agent(), lab.peer()
    peer.know(alice.open(end=False))
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    lab.run_until(5)
    assert alice.state() is IceState.CONNECTED
    alice.agent.end_of_bases("0")
    alice.pump()
    lab.run_until(6)
    assert alice.states()[-1] == (at(5.0), IceState.COMPLETED)


def test_candidate_after_the_end_is_checked(lab: Lab) -> None:
    """RFC 8838 §14 has it ignored; peers trickle that said they would not."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    late = peer.open(6000)
    peer.meet(alice, peer.port.candidate(), end=True)
    _trickle(alice, late, foundation="late")
    lab.run(0.1)
    assert [sent.remote for sent in alice.log.checks()] == [peer.port.address, late.address]


def test_the_first_candidate_after_the_end_connects(lab: Lab) -> None:
    """An empty description of a peer that does not trickle, and then it does."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice, silent=True, end=True)
    lab.run_until(3)
    _trickle(alice, peer.port)
    lab.run_until(4)
    assert alice.states()[1:2] == [(at(3.02), IceState.CONNECTED)]
    assert alice.state() is IceState.COMPLETED


@pytest.mark.parametrize("end", [False, True])
def test_a_candidate_revives_what_failed_for_want_of_a_pair(lab: Lab, end: bool) -> None:
    """RFC 8863 §4: patience is over, but here is the peer."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice, silent=True, end=end)
    lab.run_until(50)
    assert alice.state() is IceState.FAILED
    _trickle(alice, peer.port)
    lab.run_until(51)
    assert alice.states()[:3] == [
        (at(39.5), IceState.FAILED),
        (at(50.0), IceState.CHECKING),
        (at(50.02), IceState.CONNECTED),
    ]
    assert alice.state() is (IceState.COMPLETED if end else IceState.CONNECTED)


def test_a_candidate_that_is_no_help_fails_again(lab: Lab) -> None:
    """Once: a check takes as long as any other, and the list is given up with it."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = lambda request: request.port.refuse(request, 500)
    peer.meet(alice, silent=True, end=True)
    lab.run_until(50)
    _trickle(alice, peer.port)
    lab.run_until(51)
    assert alice.states() == [
        (at(39.5), IceState.FAILED),
        (at(50.0), IceState.CHECKING),
        (at(50.02), IceState.FAILED),
    ]


def test_candidate_twice_is_one(lab: Lab) -> None:
    """RFC 8838 §9: also with another priority."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    peer.meet(alice)
    lab.run(0.1)
    for preference in (65535, 1000):
        peer.port.preference = preference
        _trickle(alice, peer.port, foundation="another")
    lab.run(0.3)
    assert len(alice.log.checks()) == 1


def test_candidate_before_its_description_waits(lab: Lab) -> None:
    """RFC 8838 §9: it belongs to a generation that is not known yet."""
    alice, peer = lab.agent(), lab.peer()
    peer.know(alice.open())
    _trickle(alice, peer.port)
    _trickle(alice, peer.open(6000), ufrag="another")
    lab.run_until(1)
    assert alice.log.checks() == []
    alice.meet(peer.remote)
    lab.run_until(1.04)
    assert [(sent.time, sent.remote) for sent in alice.log.checks()] == [(1.0, peer.port.address)]


def test_waiting_candidates_are_bounded(lab: Lab) -> None:
    """RFC 8445 §19.5.1: also those whose description never came."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = peer.ignore
    peer.know(alice.open())
    for number in range(300):
        port = peer.open(6000 + number)
        _trickle(alice, port, foundation=str(number))
    alice.meet(peer.remote)
    lab.run(30)
    assert len(alice.log.checks()) == Limits().early_candidates


def test_candidates_are_handed_out_before_their_first_check(lab: Lab) -> None:
    """RFC 8838 §10: no pair has a local candidate that the peer was not told about."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    alice.add_stream()
    alice.meet(peer.remote, [peer.port.candidate()])
    lab.run_until(1)
    told: list[tuple[object, int]] = []
    alice.listeners.append(
        lambda event: (
            told.append((event, len(alice.log.sent)))
            if isinstance(event, CandidateGathered)
            else None
        )
    )
    alice.bind(alice.host.addresses[0])
    alice.pump()
    lab.run_until(2)
    assert [count for _, count in told] == [0]
    assert [sent.time for sent in alice.log.checks()] == [1.0]


def test_new_pair_of_a_succeeded_foundation_is_checked(lab: Lab) -> None:
    """RFC 8838 §12: what worked once is worth a try at once."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    lower = peer.open(6000)
    peer.meet(alice, peer.port.candidate())
    lab.run_until(1)
    peer.on_request = peer.ignore
    _trickle(alice, lower)
    lab.run_until(1.04)
    assert [(sent.time, sent.remote) for sent in alice.log.checks()][1:] == [(1.0, lower.address)]


def test_new_pair_at_the_top_of_its_foundation_is_checked(lab: Lab) -> None:
    """RFC 8838 §12: though another of the foundation is in progress."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    lower = peer.open(6000)
    peer.meet(alice, lower.candidate())
    lab.run_until(0.2)
    _trickle(alice, peer.port)
    lab.run_until(0.4)
    assert [(sent.time, sent.remote) for sent in alice.log.checks()][1:] == [
        (at(0.2), peer.port.address)
    ]


def test_new_pair_below_its_foundation_is_frozen(lab: Lab) -> None:
    """RFC 8838 §12: until the foundation is free, here when the check is refused."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    lower = peer.open(6000)
    peer.meet(alice, peer.port.candidate())
    lab.run_until(0.1)
    _trickle(alice, lower)
    lab.run_until(0.3)
    assert len(alice.log.checks()) == 1
    peer.port.refuse(peer.requests[0], 500)
    lab.run_until(0.4)
    assert [(sent.time, sent.remote) for sent in alice.log.checks()][1:] == [
        (at(0.31), lower.address)
    ]


def test_no_pair_is_formed_after_nomination(lab: Lab) -> None:
    """RFC 8838 §13: the session is concluded."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    late = peer.open(6000)
    peer.meet(alice)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(1)
    _trickle(alice, late, foundation="late")
    lab.run_until(3)
    assert [sent.remote for sent in alice.log.checks()] == [peer.port.address]


def test_late_candidate_over_the_limit_displaces_a_worse_one(lab: Lab) -> None:
    """RFC 8838 §10: the untouched pair of lowest priority goes, or else the new one."""
    alice = lab.agent(role=CONTROLLED, config=IceConfig(limits=Limits(pairs=4)))
    peer = lab.peer(controlling=True)
    peer.on_request = peer.ignore
    best, *ports, worst = [peer.open(6000 + n) for n in range(6)]
    peer.meet(alice, *(port.candidate(foundation=str(n)) for n, port in enumerate(ports)))
    _trickle(alice, worst, foundation="worst")
    _trickle(alice, best, foundation="best")
    lab.run(1)
    assert [sent.remote for sent in alice.log.checks()] == [
        port.address for port in (best, *ports[:3])
    ]


def test_failed_pairs_make_room(lab: Lab) -> None:
    """RFC 8838 §10: they are discarded first, even for a candidate of lower priority."""
    alice = lab.agent(role=CONTROLLED, config=IceConfig(limits=Limits(pairs=2)))
    peer = lab.peer(controlling=True)
    peer.on_request = lambda request: request.port.refuse(request, 500)
    ports = [peer.open(6000 + n) for n in range(6)]
    peer.meet(alice, silent=True)
    for number, port in enumerate(ports):
        _trickle(alice, port, foundation=str(number))
        lab.run(0.1)
    assert [sent.remote for sent in alice.log.checks()] == [port.address for port in ports]


def test_no_failure_while_we_gather(lab: Lab) -> None:
    """RFC 8838 §8: what we find may yet work."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = peer.ignore
    peer.know(alice.open(end=False))
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    lab.run_until(100)
    assert alice.state() is IceState.CHECKING
    alice.agent.end_of_bases("0")
    alice.pump()
    lab.run_until(101)
    assert alice.states()[-1] == (at(100.0), IceState.FAILED)


def test_telling_the_same_credentials_again_changes_nothing(lab: Lab) -> None:
    """RFC 8839 §4.4.1.1.1: only a change is a restart."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice)
    lab.run(1)
    events, asked = len(alice.events), len(peer.requests)
    alice.meet(peer.remote)
    lab.run(1)
    assert len(alice.events) == events
    assert len(peer.requests) == asked
    assert alice.state() is IceState.CONNECTED
