"""Datagrams from nowhere good, at every stage: nothing breaks, nothing changes, all is counted.

RFC 8445 §19.2 to §19.4: what is not authenticated has no influence on the session.
"""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.ice import DataReceived, DropReason, TransportAddress, stun
from tests.properties.victims import STAGES, STRANGER, Reaction, Victim, completed
from tools.fuzz import mutate

LARGEST = 65507
"""The largest UDP payload over IPv4."""


def _is_silent_by_nature(data: bytes) -> bool:
    """Whether a Binding indication is to be taken without a word (RFC 8445 §11)."""
    return data[:2] == b"\x00\x11"


def _check(victim: Victim, before: object, data: bytes, reaction: Reaction) -> object:
    """At most one answer; no change but by who has credentials; every drop counted.

    A check with credentials may lead to a check of ours besides the answer.

    Returns the state there is now.
    """
    closed = victim.host.closed_at is not None
    after = victim.state()
    if victim.is_authentic(data) and not closed:
        assert len(reaction.transmits) <= 2
        return after
    assert len(reaction.transmits) <= (0 if closed else 1)
    assert after == before, data.hex()
    data_events = [event for event in reaction.events if isinstance(event, DataReceived)]
    assert list(reaction.events) == data_events
    if not closed and not _is_silent_by_nature(data):
        assert reaction.drops + len(data_events) == 1, data.hex()
    return after


def _mutations(victim: Victim, count: int, seed: str) -> list[tuple[TransportAddress, bytes]]:
    rng = random.Random(seed)
    seen = victim.seen or [(victim.local, STRANGER, victim.check())]
    chosen = [rng.choice(seen) for _ in range(count)]
    return [
        (rng.choice((source, STRANGER, victim.local)), mutate(data, rng))
        for _, source, data in chosen
    ]


@pytest.mark.parametrize("stage", STAGES)
def test_damaged_traffic(stage: str) -> None:
    victim = STAGES[stage]()
    before = victim.state()
    for source, data in _mutations(victim, 60, stage):
        before = _check(victim, before, data, victim.feed(data, source))


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_damaged_traffic_at_length(stage: str) -> None:
    for seed in range(3):
        victim = STAGES[stage]()
        before = victim.state()
        for source, data in _mutations(victim, 500, f"{stage} {seed}"):
            before = _check(victim, before, data, victim.feed(data, source))


@pytest.mark.parametrize("stage", STAGES)
def test_truncated_traffic(stage: str) -> None:
    victim = STAGES[stage]()
    longest = max((data for _, _, data in victim.seen), key=len, default=victim.check())
    before = victim.state()
    for size in range(0, len(longest), 3):
        data = longest[:size]
        _check(victim, before, data, victim.feed(data, victim.peer))


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(sorted(STAGES)))
def test_noise(data: bytes, stage: str) -> None:
    victim = _fresh(stage)
    before = victim.state()
    _check(victim, before, data, victim.feed(data, victim.peer))


_VICTIMS: dict[str, Victim] = {}


def _fresh(stage: str) -> Victim:
    # Noise changes nothing, as is asserted, so that one victim a stage is enough.
    return _VICTIMS.setdefault(stage, STAGES[stage]())


@pytest.mark.parametrize("stage", STAGES)
def test_oversized_datagrams(stage: str) -> None:
    victim = STAGES[stage]()
    for start in (b"", victim.check(), b"\x00\x01\xff\xfc\x21\x12\xa4\x42", b"\x40\x00\xff\xff"):
        data = start.ljust(LARGEST, b"\x00")
        before = victim.state()
        _check(victim, before, data, victim.feed(data, victim.peer))


@pytest.mark.parametrize("stage", STAGES)
def test_wrong_passwords(stage: str) -> None:
    """RFC 8489 §9.1.3: 401, which is no longer than the request."""
    victim = STAGES[stage]()
    before = victim.state()
    for number in range(50):
        request = victim.check((stun.USE_CANDIDATE, True), key=b"guess %d" % number)
        reaction = victim.feed(request, TransportAddress("203.0.113.1", 1024 + number))
        _check(victim, before, request, reaction)
        assert all(len(each.data) <= len(request) for each in reaction.transmits)


@pytest.mark.parametrize("stage", ["checking", "connected", "relayed"])
def test_guessed_transactions(stage: str) -> None:
    victim = STAGES[stage]()
    before = victim.state()
    for kind in (stun.MessageClass.SUCCESS, stun.MessageClass.ERROR):
        for method in (stun.Method.BINDING, stun.Method.ALLOCATE, stun.Method.REFRESH):
            response = stun.build(
                method,
                kind,
                victim.random.randbytes(12),
                [
                    (stun.XOR_MAPPED_ADDRESS, STRANGER),
                    (stun.ERROR_CODE, stun.ErrorCode(487, "Role Conflict")),
                ],
                key=victim.host.remotes[-1].password.encode(),
            )
            reaction = victim.feed(response, victim.peer)
            assert reaction == Reaction((), (), 1)
    assert victim.state() == before
    assert victim.dropped(DropReason.UNKNOWN_TRANSACTION) >= 6


@pytest.mark.parametrize("code", [300, 400, 401, 403, 420, 437, 438, 486, 487, 500])
@pytest.mark.parametrize("stage", ["checking", "checking in vain"])
def test_unauthenticated_errors(stage: str, code: int) -> None:
    """RFC 8489 §9.1.4: with short-term credentials they are ignored, also on the right path."""
    victim = STAGES[stage]()
    checks = [sent for sent in victim.host.log.checks() if sent.local == victim.local]
    before = victim.state()
    for sent in checks:
        error = stun.build(
            stun.Method.BINDING,
            stun.MessageClass.ERROR,
            sent.transaction_id,
            [(stun.ERROR_CODE, stun.ErrorCode(code, "no"))],
        )
        reaction = victim.feed(error, sent.remote)
        assert reaction == Reaction((), (), 1)
    assert checks
    assert victim.state() == before


def test_unauthenticated_success_from_elsewhere() -> None:
    victim = STAGES["checking in vain"]()
    before = victim.state()
    for sent in victim.host.log.checks():
        forged = stun.build(
            stun.Method.BINDING,
            stun.MessageClass.SUCCESS,
            sent.transaction_id,
            [(stun.XOR_MAPPED_ADDRESS, STRANGER)],
            key=b"who knows",
        )
        for source in (sent.remote, STRANGER):
            assert victim.feed(forged, source) == Reaction((), (), 1)
    assert victim.state() == before


@pytest.mark.parametrize("stage", ["completed", "freed", "relayed"])
def test_replayed_and_reordered_traffic(stage: str) -> None:
    """A replayed check is answered again, and that is all; RFC 8445 §19.4.1."""
    victim = STAGES[stage]()
    before = victim.state()
    seen = list(victim.seen)
    random.Random(stage).shuffle(seen)
    for local, source, data in seen * 3:
        reaction = victim.feed(data, source, local if local in victim.host.sockets else None)
        assert len(reaction.transmits) <= 1
        assert victim.state() == before
    assert len(victim.wait(0.2)) <= 5


def test_data_from_strangers() -> None:
    """RFC 8445 §12.2 lets data in from authenticated sources alone."""
    victim = completed()
    for number in range(200):
        source = TransportAddress("203.0.113.9", 1024 + number)
        assert victim.feed(b"\x80data", source) == Reaction((), (), 1)
    assert victim.dropped(DropReason.UNVALIDATED_SOURCE) == 200
    assert victim.agent.stats().transports[0].packets_received == 0


def test_nothing_reaches_a_closed_agent() -> None:
    victim = STAGES["closed"]()
    for local, source, data in victim.seen:
        assert victim.feed(data, source, local) == Reaction((), (), 0)
    assert victim.feed(victim.check()) == Reaction((), (), 0)
    assert victim.agent.get_timer() is None
