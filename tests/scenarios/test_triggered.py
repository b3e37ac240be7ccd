"""Triggered checks (RFC 8445 §6.1.4.1, §7.3.1.4)."""

from peer.ice import IceConfig, IceState, Timings, TransportAddress, stun

from .lab import CONTROLLED, Lab, at, base_of


def test_triggered_check_goes_before_waiting_ones(lab: Lab) -> None:
    """RFC 8445 §6.1.4.2: though its pair has the lowest priority."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    ports = [peer.open(6000 + n) for n in range(4)]
    peer.meet(alice, *(port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)))
    ports[3].check(base_of(alice))
    lab.run(0.2)
    assert [sent.remote for sent in alice.log.checks()] == [ports[n].address for n in (0, 3, 1, 2)]


def test_triggered_checks_are_first_in_first_out(lab: Lab) -> None:
    """RFC 8445 §6.1.4.1: in the order of the requests, and each is queued once."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    ports = [peer.open(6000 + n) for n in range(5)]
    peer.meet(alice, *(port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)))
    for number in (4, 2, 4, 3):
        ports[number].check(base_of(alice))
    lab.run(0.3)
    assert [(sent.time, sent.remote) for sent in alice.log.checks()] == [
        (at(0.05 * n), ports[which].address) for n, which in enumerate((0, 4, 2, 3, 1))
    ]


def test_frozen_pair_is_triggered(lab: Lab) -> None:
    """RFC 8445 §7.3.1.4: although its foundation is being checked."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    frozen = peer.open(6000)
    peer.meet(alice, peer.port.candidate(), frozen.candidate())
    lab.run(0.2)
    assert [sent.remote for sent in alice.log.checks()] == [peer.port.address]
    frozen.check(base_of(alice))
    lab.run(0.2)
    checks = [(sent.time, sent.remote) for sent in alice.log.checks()]
    assert checks[1:] == [(at(0.21), frozen.address)]


def test_check_in_progress_is_started_anew(lab: Lab) -> None:
    """RFC 8445 §7.3.1.4: the old transaction is not retransmitted any more."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    peer.meet(alice)
    peer.port.check(base_of(alice))
    lab.run(5)
    first, second = alice.log.checks()
    assert alice.log.transmissions(first.transaction_id) == [0.0]
    start = 0.05
    assert alice.log.transmissions(second.transaction_id) == [
        at(start), at(start + 0.5), at(start + 1.5), at(start + 3.5)
    ]  # fmt: skip


def test_late_success_of_the_cancelled_check_counts(lab: Lab) -> None:
    """RFC 8445 §7.3.1.4: the agent goes on listening, and then need not check again."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    peer.meet(alice)
    peer.port.check(base_of(alice))
    lab.run_until(0.03)
    peer.port.answer(peer.requests[0])
    lab.run_until(0.04)
    assert alice.state() is IceState.CONNECTED
    lab.run_until(2)
    assert len(alice.log.checks()) == 1


def test_succeeded_pair_is_not_checked_again(lab: Lab) -> None:
    """RFC 8445 §7.3.1.4."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice)
    lab.run(1)
    for _ in range(5):
        peer.port.check(base_of(alice))
        lab.run(0.1)
    assert len(peer.port.responses) == 5
    assert len(alice.log.checks()) == 1


def test_failed_pair_is_checked_again(lab: Lab) -> None:
    """RFC 8445 §7.3.1.4."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = lambda request: peer.port.refuse(request, 500)
    peer.meet(alice)
    lab.run_until(1)
    peer.on_request = peer.accept
    peer.port.check(base_of(alice))
    lab.run_until(2)
    assert [sent.time for sent in alice.log.checks()] == [0.0, at(1.01)]
    assert alice.states()[-1] == (at(1.03), IceState.CONNECTED)


def test_failed_checklist_runs_again(lab: Lab) -> None:
    """RFC 8445 §7.3.1.4: a peer that comes after we gave up is welcome."""
    config = IceConfig(timings=Timings(patience=0.0))
    alice, peer = lab.agent(role=CONTROLLED, config=config), lab.peer(controlling=True)
    peer.on_request = lambda request: peer.port.refuse(request, 500)
    peer.meet(alice, end=True)
    lab.run_until(1)
    assert alice.state() is IceState.FAILED
    peer.on_request = peer.accept
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(2)
    assert alice.states()[1:] == [
        (at(0.02), IceState.FAILED),
        (at(1.01), IceState.CHECKING),
        (at(1.03), IceState.COMPLETED),
    ]


def test_unknown_source_is_checked_in_its_turn(lab: Lab) -> None:
    """RFC 8445 §7.3.1.4: the pair is put on the checklist and its check comes next."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    unknown = peer.open(6000)
    ports = [peer.open(6001 + n) for n in range(3)]
    peer.meet(alice, *(port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)))
    unknown.check(base_of(alice))
    lab.run(0.2)
    remotes = [sent.remote for sent in alice.log.checks()]
    assert remotes == [port.address for port in (ports[0], unknown, ports[1], ports[2])]


def test_triggered_check_uses_the_fragment_it_was_sent(lab: Lab) -> None:
    """RFC 8445 §7.3.1.4: the part of USERNAME behind the colon, which differs when forked."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, silent=True)
    ours = peer.agent_parameters.username_fragment
    peer.port.check(base_of(alice), username=f"{ours}:fork")
    lab.run(1)
    (check,) = alice.log.checks()
    assert check.read().get(stun.USERNAME) == f"fork:{ours}"


def test_username_of_several_colons(lab: Lab) -> None:
    """RFC 8445 §7.3: what counts for us ends at the first colon."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, silent=True)
    ours = peer.agent_parameters.username_fragment
    peer.port.check(base_of(alice), username=f"{ours}:peer:and:more")
    lab.run(1)
    kinds = [each.read().message_class for each in peer.port.responses]
    assert kinds == [stun.MessageClass.SUCCESS]


def test_triggered_check_leaves_from_where_the_request_arrived(lab: Lab) -> None:
    """RFC 8445 §7.3.1.4: the local candidate is the one the request came to."""
    alice = lab.agent(host=lab.host("alice", "192.168.1.10", "192.168.1.11"), role=CONTROLLED)
    peer = lab.peer(controlling=True)
    peer.meet(alice, silent=True)
    for local in alice.sockets:
        peer.port.check(local)
    lab.run(1)
    assert {(sent.local, sent.remote) for sent in alice.log.checks()} == {
        (local, peer.port.address) for local in alice.sockets
    }
    assert TransportAddress("192.168.1.11", 49153) in alice.sockets
