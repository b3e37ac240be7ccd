"""Connectivity checks as a client: order, pace, content, retransmission (RFC 8445 §6.1.4, §7.2)."""

from dataclasses import replace

import pytest

from peer.ice import IceConfig, IceState, Limits, RemoteParameters, Timings, TransportAddress, stun
from tests.sim.datagram_log import Kind

from .lab import CONTROLLED, CONTROLLING, Lab, at, base_of
from .scripted_peer import PEER_REFLEXIVE_PRIORITY

IMPATIENT = IceConfig(timings=Timings(patience=0.0))
"""Failed checks show at once, as a failed checklist."""


def test_checks_go_out_by_priority_one_per_ta(lab: Lab) -> None:
    """RFC 8445 §6.1.4.2: the first at once, then one per 50 ms, best first."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = peer.ignore
    ports = [peer.port, *(peer.open(5001 + n) for n in range(4))]
    candidates = [port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)]
    peer.meet(alice, *reversed(candidates))
    lab.run(0.4)
    checks = [(sent.time, sent.remote) for sent in alice.log.checks()]
    assert checks == [(at(0.05 * n), port.address) for n, port in enumerate(ports)]


def test_check_carries_what_the_rfc_says(lab: Lab) -> None:
    """RFC 8445 §7.1, §7.2.2: short-term credentials, PRIORITY, role; no nomination yet."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice)
    lab.run(0)
    (check,) = alice.log.checks()
    message = check.read()
    ours, theirs = peer.agent_parameters, peer.parameters
    username = f"{theirs.username_fragment}:{ours.username_fragment}"
    assert message.get(stun.USERNAME) == username
    assert message.get(stun.PRIORITY) == PEER_REFLEXIVE_PRIORITY == 1862270975
    assert message.has_fingerprint
    assert stun.verify_integrity(message, theirs.password.encode())
    assert set(message.values) == {
        stun.USERNAME.type,
        stun.PRIORITY.type,
        stun.ICE_CONTROLLING.type,
    }


def test_controlled_agent_says_so_and_never_nominates(lab: Lab) -> None:
    """RFC 8445 §7.1.2, §7.1.3."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice)
    lab.run(60)
    checks = alice.log.checks()
    assert len(checks) > 1
    assert all(sent.has(stun.ICE_CONTROLLED) for sent in checks)
    assert not any(sent.has(stun.ICE_CONTROLLING) for sent in checks)
    assert alice.log.nominations() == []


def test_tie_breaker_is_the_same_in_all_checks(lab: Lab) -> None:
    """RFC 8445 §7.1.3: for all streams of the session."""
    call = lab.call(streams=("audio", "video")).start()
    call.run()
    lab.run(20)
    checks = call.offerer.log.checks()
    values = {sent.read().get(stun.ICE_CONTROLLING) for sent in checks}
    assert len(checks) > 4
    assert len(values) == 1


def test_response_is_keyed_with_the_answering_side_s_password(lab: Lab) -> None:
    """RFC 8445 §7.2.2, §7.3: no USERNAME, the source address, FINGERPRINT."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice)
    peer.port.check(base_of(alice))
    lab.run(0.1)
    message = peer.port.responses[0].read()
    assert stun.verify_integrity(message, peer.agent_parameters.password.encode())
    assert message.get(stun.XOR_MAPPED_ADDRESS) == peer.port.address
    assert set(message.values) == {stun.XOR_MAPPED_ADDRESS.type}
    assert message.has_fingerprint


def test_check_is_retransmitted_and_fails(lab: Lab) -> None:
    """RFC 8489 §6.2.1: seven times with doubling waits, then 16 RTO of listening."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = peer.ignore
    peer.meet(alice, end=True)
    lab.run(100)
    (check,) = alice.log.checks()
    times = alice.log.transmissions(check.transaction_id)
    assert times == [at(t) for t in (0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5)]
    assert alice.states() == [(0.0, IceState.CHECKING), (at(39.5), IceState.FAILED)]
    assert alice.agent.get_timer() is None


def test_timeout_of_many_checks_is_capped(lab: Lab) -> None:
    """RFC 8445 §14.3: Ta times the checks to do, between 500 ms and one second."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = peer.ignore
    ports = [peer.open(6000 + n) for n in range(15)]
    peer.meet(alice, *(port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)))
    lab.run(1)
    first = alice.log.checks()[0]
    assert alice.log.transmissions(first.transaction_id) == [at(0.0), at(0.75)]


@pytest.mark.parametrize(
    ("ours", "theirs", "used"),
    [(0.02, 0.1, 0.1), (0.02, None, 0.05), (0.1, None, 0.1), (0.02, 0.02, 0.02)],
)
def test_larger_ta_of_both_sides_is_used(
    lab: Lab, ours: float, theirs: float | None, used: float
) -> None:
    """RFC 8445 §14.2: an unsignalled pacing counts as 50 ms."""
    alice, peer = lab.agent(config=IceConfig(timings=Timings(ta=ours))), lab.peer()
    peer.on_request = peer.ignore
    peer.know(alice.open())
    ports = [peer.open(6000 + n) for n in range(4)]
    credentials = peer.parameters
    alice.meet(
        RemoteParameters(credentials.username_fragment, credentials.password, pacing=theirs),
        [port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)],
    )
    lab.run(0.45)
    assert [sent.time for sent in alice.log.checks()] == [at(used * n) for n in range(4)]


def test_authentic_response_from_another_port_fails_the_pair(lab: Lab) -> None:
    """RFC 8445 §7.2.5.2.1: the addresses must be symmetric."""
    alice, peer = lab.agent(config=IMPATIENT), lab.peer()
    other = peer.open(6000)
    peer.on_request = lambda request: other.answer(request)
    peer.meet(alice, peer.port.candidate(), end=True)
    lab.run(1)
    assert alice.states() == [(0.0, IceState.CHECKING), (at(0.02), IceState.FAILED)]


def test_forged_response_from_another_port_is_ignored(lab: Lab) -> None:
    """RFC 8489 §9.1.4: unauthenticated responses change nothing."""
    alice, peer = lab.agent(config=IMPATIENT), lab.peer()
    other = peer.open(6000)

    def forge_then_answer(request: object) -> None:
        received = peer.requests[-1]
        other.answer(received, key="a-forged-password-of-an-attacker")
        peer.port.answer(received, key="a-forged-password-of-an-attacker")
        peer.port.refuse(received, 500, key="a-forged-password-of-an-attacker")
        peer.port.refuse(received, 400, key="")
        if len(peer.requests) == 2:
            peer.port.answer(received)

    peer.on_request = forge_then_answer
    peer.meet(alice, peer.port.candidate(), end=True)
    lab.run(0.4)
    assert alice.state() is IceState.CHECKING
    lab.run(0.12)
    # The retransmission half a second later is answered by the peer itself.
    assert alice.states()[1:] == [(at(0.52), IceState.CONNECTED)]


@pytest.mark.parametrize("code", [300, 400, 401, 404, 500])
def test_authentic_error_response_fails_the_pair(lab: Lab, code: int) -> None:
    """RFC 8445 §7.2.5.2.4: an unrecoverable error; the request is not repeated."""
    alice, peer = lab.agent(config=IMPATIENT), lab.peer()
    peer.on_request = lambda request: peer.port.refuse(request, code)
    peer.meet(alice, end=True)
    lab.run(5)
    assert alice.states() == [(0.0, IceState.CHECKING), (at(0.02), IceState.FAILED)]
    assert len(alice.log.of_kind(Kind.REQUEST)) == 1


def test_failure_leaves_other_pairs_of_the_foundation_alone(lab: Lab) -> None:
    """RFC 8445 §7.2.5.2: the frozen one has its turn when nobody checks the foundation."""
    alice, peer = lab.agent(), lab.peer()
    second = peer.open(6000)
    peer.on_request = lambda request: (
        request.port.answer(request) if request.port is second else peer.port.refuse(request, 500)
    )
    peer.meet(alice, peer.port.candidate(), second.candidate(), end=True)
    lab.run(1)
    checks = [(sent.time, sent.remote) for sent in alice.log.checks()][:2]
    assert checks == [(0.0, peer.port.address), (at(0.05), second.address)]
    assert alice.state() is IceState.COMPLETED


def test_success_without_mapped_address_fails_the_pair(lab: Lab) -> None:
    """RFC 8489 §6.3.3: a Binding success response has XOR-MAPPED-ADDRESS."""
    alice, peer = lab.agent(config=IMPATIENT), lab.peer()

    def respond(request: object) -> None:
        received = peer.requests[-1]
        tid = received.read().transaction_id
        key = peer.parameters.password.encode()
        data = stun.build(stun.Method.BINDING, stun.MessageClass.SUCCESS, tid, key=key)
        peer.port.send(data, received.source)

    peer.on_request = respond
    peer.meet(alice, end=True)
    lab.run(1)
    assert alice.states() == [(0.0, IceState.CHECKING), (at(0.02), IceState.FAILED)]


def test_data_flows_on_the_first_valid_pair(lab: Lab) -> None:
    """RFC 8445 §12.1: before nomination."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice)
    assert not alice.send(b"\x80too early")
    lab.run_until(0.02)
    assert [(time, s.nominated) for time, s in alice.selections()] == [(at(0.02), False)]
    assert alice.send(b"\x80data")
    lab.run(1)
    assert [sent.time for sent in alice.log.data()] == [at(0.02)]


def test_number_of_checks_is_bounded(lab: Lab) -> None:
    """RFC 8445 §6.1.2.5, §19.5.1: ten thousand candidates make no more than 100 pairs."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = peer.ignore
    peer.know(alice.open())
    template = peer.port.candidate()
    flood = [
        replace(
            template,
            address=TransportAddress(f"192.168.{100 + n // 250}.{1 + n % 250}", 5000),
            foundation=str(n),
        )
        for n in range(10_000)
    ]
    alice.meet(peer.remote, flood)
    lab.run(60)
    assert len(alice.log.checks()) == Limits().remote_candidates


def test_limit_keeps_the_best_pairs(lab: Lab) -> None:
    """RFC 8445 §6.1.2.5: the lowest priorities are dropped, in whatever order they come."""
    config = IceConfig(limits=Limits(pairs=10))
    alice, peer = lab.agent(config=config), lab.peer()
    peer.on_request = peer.ignore
    ports = [peer.open(6000 + n) for n in range(30)]
    candidates = [port.candidate(foundation=str(n)) for n, port in enumerate(ports)]
    peer.meet(alice, *reversed(candidates))
    lab.run(5)
    assert [sent.remote for sent in alice.log.checks()] == [port.address for port in ports[:10]]


def test_reflexive_candidate_is_checked_from_its_base_once(lab: Lab) -> None:
    """RFC 8445 §6.1.2.4: host and server-reflexive make one pair with one remote candidate."""
    server = lab.stun_server()
    alice = lab.agent(host=lab.home("alice"))
    peer = lab.peer(host=lab.public("peer"))
    peer.on_request = peer.ignore
    peer.know(alice.open(stun=[server.address()]))
    lab.run(1)
    assert len(alice.candidates) == 2
    alice.meet(peer.remote, [peer.port.candidate()])
    lab.run(10)
    assert [(sent.local, sent.remote) for sent in alice.log.checks()] == [
        (base_of(alice), peer.port.address)
    ]


def test_pairs_of_one_family_only(lab: Lab) -> None:
    """RFC 8445 §6.1.2.2: 2 IPv4 and 1 IPv6 with 1 and 1 make 3; link-local only with its like."""
    alice = lab.agent(
        host=lab.host("alice", "192.168.1.10", "192.168.1.11", "2001:db8::1", "fe80::1")
    )
    peer = lab.peer(host=lab.host("peer", "192.168.1.20", "2001:db8::20", "fe80::20"))
    peer.on_request = peer.ignore
    for number, address in enumerate(peer.host.addresses[1:]):
        peer.open(6000 + number, address=address)
    peer.meet(alice)
    lab.run(20)
    pairs = {(sent.local.host, sent.remote.host) for sent in alice.log.checks()}
    assert pairs == {
        ("192.168.1.10", "192.168.1.20"),
        ("192.168.1.11", "192.168.1.20"),
        ("2001:db8::1", "2001:db8::20"),
        ("fe80::1", "fe80::20"),
    }


@pytest.mark.parametrize("role", [CONTROLLING, CONTROLLED])
def test_duplicated_responses_and_requests_do_no_harm(lab: Lab, role: object) -> None:
    """RFC 8489 §6.3: requests are idempotent, a second response is of no transaction."""
    alice = lab.agent(role=CONTROLLING if role is CONTROLLING else CONTROLLED)
    peer = lab.peer(controlling=role is CONTROLLED)

    def answer_twice(request: object) -> None:
        peer.port.answer(peer.requests[-1])
        peer.port.answer(peer.requests[-1])

    peer.on_request = answer_twice
    peer.meet(alice, end=True)
    tid = peer.port.check(base_of(alice))
    peer.port.check(base_of(alice), transaction_id=tid)
    lab.run(1)
    assert len(alice.log.responses(tid)) == 2
    assert len([event for event in alice.selections() if not event[1].nominated]) == 1
