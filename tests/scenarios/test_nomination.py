"""Nominating and concluding (RFC 8445 §8.1)."""

import pytest

from peer.ice import CandidateType, IceConfig, IceState, Nomination, SelectedPairLost, stun
from tests.sim.datagram_log import Kind

from .lab import CONTROLLED, ROUND_TRIP, Lab, at, base_of
from .scripted_peer import Received


def test_exactly_one_pair_is_nominated(lab: Lab) -> None:
    """RFC 8445 §8.1.1: though all five work, in the one check with USE-CANDIDATE."""
    alice, peer = lab.agent(), lab.peer()
    ports = [peer.port, *(peer.open(6000 + n) for n in range(4))]
    peer.meet(
        alice, *(port.candidate(foundation=str(port.address.port)) for port in ports), end=True
    )
    lab.run(60)
    (nomination,) = alice.log.nominations()
    assert (nomination.time, nomination.remote) == (at(0.05), peer.port.address)
    assert [time for time, _ in alice.nominated()] == [at(0.07)]


def test_best_possible_pair_is_nominated_at_once(lab: Lab) -> None:
    """RFC 8445 §8.1.1: in the next slot after its check succeeded."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice, end=True)
    lab.run(1)
    check, nomination = alice.log.checks()
    assert not check.has(stun.USE_CANDIDATE)
    assert nomination.has(stun.USE_CANDIDATE)
    assert (nomination.local, nomination.remote) == (check.local, check.remote)
    assert nomination.time == at(0.05)
    assert alice.states() == [
        (0.0, IceState.CHECKING),
        (at(0.02), IceState.CONNECTED),
        (at(0.07), IceState.COMPLETED),
    ]


def test_nomination_waits_for_a_better_pair(lab: Lab) -> None:
    """The better one has its turn in the queue and two round trips to answer in."""
    alice, peer = lab.agent(), lab.peer()
    other = peer.open(6000)
    peer.on_request = lambda request: (
        request.port.answer(request) if request.port is other else None
    )
    peer.meet(alice, peer.port.candidate(foundation="a"), other.candidate(foundation="b"))
    lab.run(1)
    valid = 0.05 + ROUND_TRIP
    (nomination,) = alice.log.nominations()
    assert nomination.time == at(valid + 0.05 + 2 * ROUND_TRIP)
    assert nomination.remote == other.address
    # Data did not wait.
    assert alice.selections()[0][0] == at(valid)


def test_better_pair_that_comes_in_time_is_nominated(lab: Lab) -> None:
    """RFC 8445 §8.1.1: the first valid pair is not the one that is used."""
    alice, peer = lab.agent(), lab.peer()
    other = peer.open(6000)

    def answer(request: Received) -> None:
        delay = 0.1 if request.port is peer.port else 0.0
        lab.sim.call_later(delay, lambda: request.port.answer(request))

    peer.on_request = answer
    peer.meet(alice, peer.port.candidate(foundation="a"), other.candidate(foundation="b"))
    lab.run(1)
    assert [(time, pair.remote.address) for time, pair in alice.selections()] == [
        (at(0.07), other.address),
        (at(0.12), peer.port.address),
        (at(0.24), peer.port.address),
    ]
    assert [sent.remote for sent in alice.log.nominations()] == [peer.port.address]


@pytest.mark.parametrize("heard", [True, False])
def test_silence_where_the_peer_was_heard_is_loss(lab: Lab, heard: bool) -> None:
    """The filters there are open; elsewhere they may be what drops our checks (RFC 4787 §5)."""
    alice, peer = lab.agent(), lab.peer()
    other = peer.open(6000)
    peer.on_request = lambda request: (
        request.port.answer(request) if request.port is other else None
    )
    reflexive = other.candidate(kind=CandidateType.SERVER_REFLEXIVE, foundation="b")
    peer.meet(alice, peer.port.candidate(foundation="a"), reflexive, end=True)
    if heard:
        peer.port.check(base_of(alice))
    lab.run(10)
    (nomination,) = alice.log.nominations()
    since = alice.selections()[0][0]
    wait = Nomination().relayed if heard else Nomination().direct
    assert nomination.time == pytest.approx(since + wait)


def test_wait_is_configurable(lab: Lab) -> None:
    """RFC 8445 §8.1.1 leaves the criterion to the agent."""
    alice = lab.agent(config=IceConfig(nomination=Nomination(direct=0.0)))
    peer = lab.peer()
    other = peer.open(6000)
    peer.on_request = lambda request: (
        request.port.answer(request) if request.port is other else None
    )
    peer.meet(alice, peer.port.candidate(foundation="a"), other.candidate(foundation="b"))
    lab.run(1)
    assert [sent.time for sent in alice.log.nominations()] == [at(0.1)]


def test_refused_nomination_fails_the_checklist(lab: Lab) -> None:
    """RFC 8445 §7.2.5.3.4: the pair leaves the valid list, and nothing may be sent on it.

    The checklist fails when the PAC timer has expired, not before (RFC 8863 §4).
    """
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = lambda request: (
        request.port.refuse(request, 400)
        if request.get(stun.USE_CANDIDATE)
        else request.port.answer(request)
    )
    peer.meet(alice, end=True)
    lab.run(1)
    assert alice.times_of(SelectedPairLost) == [at(0.07)]
    assert not alice.send(b"\x80data")
    lab.run_until(60)
    assert alice.states()[1:] == [
        (at(0.02), IceState.CONNECTED),
        (at(0.07), IceState.CHECKING),
        (at(39.5), IceState.FAILED),
    ]


def test_unanswered_nomination_fails_the_checklist(lab: Lab) -> None:
    """RFC 8445 §7.2.5.3.4: consent checks are answered, nominations never."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = lambda request: (
        None if request.get(stun.USE_CANDIDATE) else request.port.answer(request)
    )
    peer.meet(alice, end=True)
    lab.run(60)
    # However often it is repeated meanwhile, it has the time of one transaction.
    assert alice.states()[1:] == [(at(0.02), IceState.CONNECTED), (at(39.55), IceState.FAILED)]
    assert {sent.remote for sent in alice.log.nominations()} == {peer.port.address}


def test_another_valid_pair_is_nominated_when_the_first_nomination_fails(lab: Lab) -> None:
    """The peer refuses the nomination of its better candidate; the other one works as well."""
    alice, peer = lab.agent(), lab.peer()
    better, worse = peer.port, peer.open(6000)

    def answer(request: Received) -> None:
        if request.port is better and request.get(stun.USE_CANDIDATE):
            request.port.refuse(request, 400)
        elif request.port is worse:
            # A long round trip, so that it pays to wait for the better pair.
            lab.sim.call_later(0.3, lambda: request.port.answer(request))
        elif lab.sim.now > 0.4:
            request.port.answer(request)

    peer.on_request = answer
    peer.meet(alice, better.candidate(foundation="1"), worse.candidate(foundation="2"), end=True)
    lab.run(3)
    assert [sent.remote for sent in alice.log.nominations()] == [better.address, worse.address]
    assert [event.remote.address for _, event in alice.nominated()] == [worse.address]
    assert alice.state() is IceState.COMPLETED


def test_completed_checklist_sends_no_new_checks(lab: Lab) -> None:
    """RFC 8445 §8.1.2: the waiting are taken off, those in progress are not retransmitted."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    ports = [peer.open(6000 + n) for n in range(10)]
    peer.on_request = lambda request: (
        request.port.answer(request) if request.port is ports[0] else None
    )
    peer.meet(alice, *(port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)))
    lab.run_until(0.12)
    ports[0].check(base_of(alice), use_candidate=True)
    lab.run_until(3.0)
    assert [time for time, _ in alice.nominated()] == [at(0.13)]
    late = [sent for sent in alice.log.since(0.13) if sent.kind is Kind.REQUEST]
    assert late == []
    # Requests are answered as before, on this pair and on others.
    for port in ports[:2]:
        port.check(base_of(alice))
    lab.run_until(3.1)
    assert [len(port.responses) for port in ports[:3]] == [2, 1, 0]


def test_nomination_in_the_first_check_of_all(lab: Lab) -> None:
    """RFC 8445 §7.3.1.5: remembered until the triggered check succeeds, one round trip later."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, silent=True)
    lab.run_until(0.5)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(1.0)
    assert [time for time, _ in alice.nominated()] == [at(0.51 + ROUND_TRIP)]


def test_nomination_of_a_succeeded_pair_takes_effect_at_once(lab: Lab) -> None:
    """RFC 8445 §7.3.1.5."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice)
    lab.run_until(0.5)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(1.0)
    assert [time for time, _ in alice.nominated()] == [at(0.51)]
    assert len(alice.log.checks()) == 1


def test_nomination_of_a_pair_that_does_not_work_is_not_followed(lab: Lab) -> None:
    """RFC 8445 §7.3.1.5: the triggered check has to succeed first.

    RFC 8445 §7.2.5.3.4 would have the whole checklist fail with it. A peer that nominates every
    pair it checks would take the session down with the first pair that does not work.
    """
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    dead = peer.open(6000)
    peer.on_request = lambda request: (
        request.port.answer(request) if request.port is peer.port else None
    )
    peer.meet(alice, peer.port.candidate())
    lab.run_until(0.1)
    dead.check(base_of(alice), use_candidate=True)
    lab.run_until(30)
    assert alice.nominated() == []
    assert alice.selected().remote.address == peer.port.address


@pytest.mark.parametrize("streams", [("a",), ("a", "b"), ("a", "b", "c")])
def test_every_component_of_every_stream_is_nominated_once(
    lab: Lab, streams: tuple[str, ...]
) -> None:
    """RFC 8445 §8.1.2: the checklist is completed when all of its components are."""
    call = lab.call(streams=streams, components=(1, 2)).start()
    call.run()
    lab.run(10)
    for agent in (call.offerer, call.answerer):
        for stream in streams:
            assert {pair.component for _, pair in agent.nominated(stream)} == {1, 2}
            assert len(agent.nominated(stream)) == 2
    assert len(call.offerer.log.nominations()) == 2 * len(streams)
    assert call.answerer.log.nominations() == []


def test_data_goes_on_the_selected_pair_only(lab: Lab) -> None:
    """RFC 8445 §12.1: from the base of the local candidate to the remote candidate."""
    call = lab.call().start()
    call.run()
    lab.run(1)
    alice, bob = call.offerer, call.answerer
    for number in range(10):
        alice.send(b"\x80%d" % number)
        lab.run(0.1)
    assert [data for _, data in bob.data()] == [b"\x80%d" % number for number in range(10)]
    assert {(sent.local, sent.remote) for sent in alice.log.data()} == {
        (base_of(alice), base_of(bob))
    }
