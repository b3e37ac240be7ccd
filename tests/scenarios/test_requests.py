"""Connectivity checks as a server (RFC 8445 §7.3, RFC 8489 §9.1.3)."""

import pytest

from peer.ice import IceConfig, IceState, TransportAddress, stun

from .lab import CONTROLLED, Lab, at, base_of
from .scripted_peer import PEER_REFLEXIVE_PRIORITY, ScriptedPeer


def _request(peer: ScriptedPeer, *attributes: object, key: str | None = None) -> bytes:
    """Build a request with just these attributes, authenticated when there is a key."""
    return stun.build(
        stun.Method.BINDING,
        stun.MessageClass.REQUEST,
        peer.random.randbytes(12),
        list(attributes),  # type: ignore[arg-type]
        key=None if key is None else key.encode(),
    )


def test_check_before_the_description_is_answered_at_once(lab: Lab) -> None:
    """RFC 8445 §7.3: what else follows from it, follows when the description comes."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.know(alice.open())
    lab.run(0)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(0.5)
    assert [each.time for each in peer.port.responses] == [at(0.02)]
    assert alice.log.checks() == []
    alice.meet(peer.remote)
    lab.run(0.1)
    assert [(sent.time, sent.remote) for sent in alice.log.checks()] == [
        (at(0.5), peer.port.address)
    ]
    # The early check nominated; that takes effect as soon as ours succeeds.
    assert [time for time, _ in alice.nominated()] == [at(0.52)]


def test_early_checks_are_bounded(lab: Lab) -> None:
    """RFC 8445 §19.5.1: a flood before the description makes no flood after it."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = peer.ignore
    peer.know(alice.open())
    lab.run(0)
    for number in range(200):
        peer.open(6000 + number).check(base_of(alice))
    lab.run(0.5)
    assert len(alice.log.responses()) == 200
    alice.meet(peer.remote)
    lab.run(20)
    assert len(alice.log.checks()) == alice.config.limits.early_checks


@pytest.mark.parametrize("case", ["no username", "no integrity", "wrong username", "wrong key"])
def test_unauthentic_request_is_refused(lab: Lab, case: str) -> None:
    """RFC 8489 §9.1.3: 400 without credentials, 401 with wrong ones, both unauthenticated."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, silent=True)
    password = peer.agent_parameters.password
    username = (stun.USERNAME, peer.username)
    rest = [(stun.PRIORITY, PEER_REFLEXIVE_PRIORITY), (stun.ICE_CONTROLLING, 1)]
    requests = {
        "no username": (400, _request(peer, *rest, key=password)),
        "no integrity": (400, _request(peer, username, *rest)),
        "wrong username": (401, _request(peer, (stun.USERNAME, "x:peer"), *rest, key=password)),
        "wrong key": (401, _request(peer, username, *rest, key="a" * 24)),
    }
    code, data = requests[case]
    peer.port.send(data, base_of(alice))
    lab.run(1)
    (response,) = peer.port.responses
    error = response.get(stun.ERROR_CODE)
    assert error.code == code
    assert not response.read().has_integrity
    assert stun.USERNAME.type not in response.read().values
    assert response.read().transaction_id == stun.parse(data).transaction_id
    assert alice.log.checks() == []


def test_unknown_required_attribute_is_refused(lab: Lab) -> None:
    """RFC 8489 §6.3.1: 420 tells which; optional ones are passed over."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, silent=True)
    required: stun.Attribute[bytes] = stun.Attribute(
        0x7ABC, "REQUIRED", lambda value, _: value, lambda value, _: value
    )
    optional: stun.Attribute[bytes] = stun.Attribute(
        0xFABC, "OPTIONAL", lambda value, _: value, lambda value, _: value
    )
    peer.port.check(base_of(alice), (required, b"what"))
    lab.run(1)
    (response,) = peer.port.responses
    assert response.get(stun.ERROR_CODE).code == 420
    assert response.get(stun.UNKNOWN_ATTRIBUTES) == (0x7ABC,)
    assert alice.log.checks() == []
    peer.port.check(base_of(alice), (optional, b"what"))
    lab.run(1)
    assert len(peer.port.responses) == 2
    assert len(alice.log.checks()) == 1


@pytest.mark.parametrize("strict", [False, True])
def test_request_without_fingerprint(lab: Lab, strict: bool) -> None:
    """RFC 8445 §7.2.4 demands one; by default an authentic request is served all the same."""
    alice = lab.agent(role=CONTROLLED, config=IceConfig(strict_fingerprint=strict))
    peer = lab.peer(controlling=True)
    peer.meet(alice, silent=True)
    peer.port.check(base_of(alice), fingerprint=False)
    lab.run(1)
    assert len(peer.port.responses) == (0 if strict else 1)
    assert len(alice.log.checks()) == (0 if strict else 1)


def test_request_without_magic_cookie_is_not_for_us(lab: Lab) -> None:
    """RFC 8445 §7.3: no RFC 3489 compatibility on checks."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, silent=True)
    peer.port.send(bytes.fromhex("00010000") + b"\x00" * 16, base_of(alice))
    lab.run(1)
    assert alice.log.sent == []


def test_attribute_behind_the_integrity_is_ignored(lab: Lab) -> None:
    """RFC 8489 §14.5: what is not authenticated cannot nominate."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice)
    lab.run(0.1)
    data = _request(
        peer,
        (stun.USERNAME, peer.username),
        (stun.PRIORITY, PEER_REFLEXIVE_PRIORITY),
        (stun.ICE_CONTROLLING, 1),
        key=peer.agent_parameters.password,
    )
    bare = data[:-8]  # without FINGERPRINT
    tail = stun.USE_CANDIDATE.type.to_bytes(2, "big") + b"\x00\x00"
    longer = bare[:2] + (len(bare) + len(tail) - 20).to_bytes(2, "big") + bare[4:] + tail
    peer.port.send(longer, base_of(alice))
    lab.run(1)
    assert len(peer.port.responses) == 1
    assert peer.port.responses[0].read().message_class is stun.MessageClass.SUCCESS
    assert alice.nominated() == []


def test_use_candidate_from_the_controlled_side_is_no_nomination(lab: Lab) -> None:
    """RFC 8445 §7.3.1.5: only the controlling side nominates."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = lambda request: (
        None if request.get(stun.USE_CANDIDATE) else request.port.answer(request)
    )
    peer.meet(alice)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run(5)
    assert alice.nominated() == []
    assert alice.state() is IceState.CONNECTED


def test_mapped_address_is_the_source_as_seen(lab: Lab) -> None:
    """RFC 8445 §7.3.1.2: behind a NAT that is the external address."""
    alice = lab.agent(host=lab.public("alice"), role=CONTROLLED)
    peer = lab.peer(host=lab.home("peer"), controlling=True)
    peer.meet(alice, silent=True)
    peer.port.check(base_of(alice))
    lab.run(1)
    (arrival,) = [each for each in alice.arrivals if b"peer" in each.data]
    mapped: TransportAddress = peer.port.responses[0].get(stun.XOR_MAPPED_ADDRESS)
    assert mapped == arrival.source
    assert mapped.host != peer.host.addresses[0]


def test_requests_of_other_methods_are_dropped(lab: Lab) -> None:
    """An agent is no TURN server."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice, silent=True)
    for method in (stun.Method.ALLOCATE, stun.Method.REFRESH, 0x080):
        data = stun.build(
            method,
            stun.MessageClass.REQUEST,
            peer.random.randbytes(12),
            [(stun.USERNAME, peer.username)],
            key=peer.agent_parameters.password.encode(),
        )
        peer.port.send(data, base_of(alice))
    lab.run(1)
    assert alice.log.sent == []
