"""A peer that has the credentials and means harm: what it makes us hold and send is bounded.

RFC 8445 §19.5.1 and RFC 8839 §10: limits on candidates, pairs and checks.
"""

import random
from typing import Any

import pytest

from peer.ice import (
    Candidate,
    CandidateType,
    DropReason,
    IceState,
    PathInvalidated,
    PathValidated,
    RemoteParameters,
    RoleChanged,
    Transmit,
    TransportAddress,
    TransportProtocol,
    stun,
)
from tests.properties.victims import PEER_FRAGMENT, STAGES, Reaction, Victim, completed

PASSWORD = "p" * 22
OPEN_STAGES = [stage for stage in STAGES if stage != "closed"]


def _address(number: int) -> TransportAddress:
    return TransportAddress(f"203.0.{number >> 8 & 255}.{number & 255}", 1024 + number % 60000)


def _candidate(number: int) -> Candidate:
    return Candidate(
        str(number % 40),
        1,
        TransportProtocol.UDP,
        1 + number,
        _address(number),
        CandidateType.HOST,
    )


def _is_request(transmit: Transmit) -> bool:
    data = transmit.data
    return stun.looks_like_stun(data) and data[:2] == b"\x00\x01"


def _answers(reaction: Reaction) -> int:
    """How many responses there are; beside them one check of ours may have been due."""
    requests = [each for each in reaction.transmits if _is_request(each)]
    assert len(requests) <= 1
    return len(reaction.transmits) - len(requests)


def _check_tables(victim: Victim) -> None:
    """All that a peer can fill has an end (RFC 8445 §19.5.1)."""
    limits = victim.host.config.limits
    stats = victim.agent.stats()
    live = [pair for pair in stats.pairs if not pair.discarded]
    assert len(live) <= limits.pairs + limits.peer_reflexive
    assert len(stats.pairs) <= limits.pairs + limits.peer_reflexive + 256
    remote = [each for each in stats.candidates if each.url is None and each.protocol]
    bases = 4
    assert len(remote) <= limits.remote_candidates + bases * limits.peer_reflexive + 256 + 16


@pytest.mark.parametrize("stage", OPEN_STAGES)
def test_ten_thousand_candidates(stage: str) -> None:
    victim = STAGES[stage]()
    remotes = victim.host.remotes
    fragment = remotes[-1].username_fragment if remotes else None
    for number in range(10_000):
        victim.agent.add_remote_candidate("0", _candidate(number), username_fragment=fragment)
    sent = victim.drain()[0]
    assert len(sent) <= 1
    _check_tables(victim)
    limits = victim.host.config.limits
    held = max(limits.remote_candidates, limits.early_candidates)
    assert sum(victim.agent.stats().drops.values()) >= 10_000 - held
    # What they lead to is paced: one new check per Ta, each sent seven times at most.
    requests = [each for each in victim.wait(2.0) if _is_request(each)]
    assert len({each.data[8:20] for each in requests}) <= 2.0 / victim.host.config.timings.pace + 1


def test_candidates_of_unknown_generations_are_bounded() -> None:
    victim = STAGES["connected"]()
    for number in range(10_000):
        victim.agent.add_remote_candidate(
            "0", _candidate(number), username_fragment=f"generation{number}"
        )
    dropped = victim.agent.stats().drops
    assert dropped[DropReason.CANDIDATE_UNKNOWN_GENERATION.value] >= 10_000 - 64


@pytest.mark.parametrize("stage", ["checking", "connected", "completed", "relayed", "restarted"])
def test_checks_from_ever_new_sources(stage: str) -> None:
    """RFC 8445 §7.3.1.3 learns from every source: each is answered, few are remembered."""
    victim = STAGES[stage]()
    paths = 0
    for number in range(400):
        source = _address(number)
        reaction = victim.feed(victim.check(), source)
        assert _answers(reaction) == 1
        paths += sum(isinstance(event, PathValidated) for event in reaction.events)
        paths -= sum(isinstance(event, PathInvalidated) for event in reaction.events)
        assert paths <= 256
    _check_tables(victim)
    new = {each.data[8:20] for each in victim.wait(2.0) if _is_request(each)}
    assert len(new) <= 2.0 / victim.host.config.timings.pace + 1


@pytest.mark.parametrize("stage", ["completed", "freed", "relayed"])
def test_pair_in_use_survives_the_flood(stage: str) -> None:
    victim = STAGES[stage]()
    selected = victim.agent.stats().transports[0].selected_candidate_pair_id
    for number in range(300):
        victim.feed(victim.check((stun.USE_CANDIDATE, True)), _address(number))
    # We are controlling: whom to select is not for the peer to say (RFC 8445 §8.1.1).
    assert victim.agent.stats().transports[0].selected_candidate_pair_id == selected
    assert victim.agent.send("0", 1, b"\x80data")


def test_early_checks_are_bounded() -> None:
    """RFC 8445 §7.3 wants them answered and remembered before the description is there."""
    victim = STAGES["without a description"]()
    for number in range(1000):
        reaction = victim.feed(victim.check(), _address(number))
        assert _answers(reaction) == 1
    limit = victim.host.config.limits.early_checks
    assert victim.dropped(DropReason.TOO_MANY_EARLY_CHECKS) == 1000 - limit
    victim.agent.set_remote_parameters("0", RemoteParameters(PEER_FRAGMENT, PASSWORD))
    victim.wait(0.0)
    _check_tables(victim)
    learned = [
        each
        for each in victim.agent.stats().candidates
        if each.candidate_type is CandidateType.PEER_REFLEXIVE
    ]
    assert len(learned) == limit


@pytest.mark.parametrize("stage", OPEN_STAGES)
def test_role_conflict_storm(stage: str) -> None:
    """RFC 8445 §7.3.1.1: each conflict is settled by one answer, whatever the tie-breaker."""
    victim = STAGES[stage]()
    rng = random.Random(stage)
    for _ in range(100):
        controlling = victim.agent.role.value == "controlling"
        tie_breaker = rng.choice((0, 1, rng.getrandbits(64), (1 << 64) - 1))
        request = victim.check(controlling=controlling, tie_breaker=tie_breaker)
        role = victim.agent.role
        reaction = victim.feed(request, victim.peer)
        assert _answers(reaction) == 1
        switches = [event for event in reaction.events if isinstance(event, RoleChanged)]
        assert len(switches) == (role is not victim.agent.role)
        assert switches or victim.dropped(DropReason.ROLE_CONFLICT)
    _check_tables(victim)


def test_role_conflicts_do_not_stop_the_data() -> None:
    victim = completed()
    for number in range(200):
        controlling = victim.agent.role.value == "controlling"
        request = victim.check(controlling=controlling, tie_breaker=(number % 2) << 63)
        victim.feed(request, victim.peer)
        assert victim.agent.send("0", 1, b"\x80data")
        victim.drain()


def test_storm_of_role_conflict_errors() -> None:
    """RFC 8445 §7.2.5.1: each switches the role once, and the check goes out again, paced."""
    victim = STAGES["checking in vain"]()
    key = victim.host.remotes[-1].password.encode()
    requests = victim.wait(1.0)
    start, answered = victim.now, 0
    while victim.now < start + 3.0:
        for sent in [each for each in requests if _is_request(each)]:
            error = stun.build(
                stun.Method.BINDING,
                stun.MessageClass.ERROR,
                sent.data[8:20],
                [(stun.ERROR_CODE, stun.ErrorCode(487, "Role Conflict"))],
                key=key,
            )
            answered += 1
            assert len(victim.feed(error, sent.remote, sent.local).transmits) <= 1
        requests = victim.wait(0.05)
        assert len({each.data[8:20] for each in requests if _is_request(each)}) <= 2
    assert answered
    _check_tables(victim)


@pytest.mark.parametrize("stage", OPEN_STAGES)
def test_signed_nonsense(stage: str) -> None:
    """Attributes at will, in any order and number, under a good signature."""
    victim = STAGES[stage]()
    rng = random.Random(stage)
    for number in range(80):
        request = victim.check(*_attributes(rng), priority=rng.getrandbits(32))
        source = victim.peer if rng.random() < 0.5 else _address(number)
        reaction = victim.feed(request, source)
        assert len(reaction.transmits) <= 2
        assert sum(len(each.data) for each in reaction.transmits) <= len(request) + 300
    _check_tables(victim)
    victim.wait(1.0)


def _attributes(rng: random.Random) -> list[tuple[stun.Attribute[Any], Any]]:
    found: list[tuple[stun.Attribute[Any], Any]] = []
    for _ in range(rng.randrange(6)):
        attribute = stun.Attribute(
            rng.choice((rng.getrandbits(16), rng.choice(stun.ALL_ATTRIBUTES).type)),
            "nonsense",
            lambda value, _: value,
            lambda value, _: value,
        )
        found.append((attribute, rng.randbytes(rng.randrange(40))))
    return found


@pytest.mark.parametrize("stage", ["completed", "restarted"])
def test_checks_of_other_generations(stage: str) -> None:
    """RFC 8445 §7.3: a username that is not ours, or not any more, is refused."""
    victim = STAGES[stage]()
    before = victim.state()
    for username in ("", ":", "old:peer", "a" * 500 + ":peer", ":".join("abc"), "\x00:\x00"):
        reaction = victim.feed(victim.check(username=username or " "), victim.peer)
        assert reaction.drops == 1
        assert len(reaction.transmits) == 1
    assert victim.state() == before


def test_signed_response_from_another_address_fails_the_check_alone() -> None:
    """RFC 8445 §7.2.5.2.1: the pair fails; nothing is learned from such a response."""
    victim = STAGES["checking in vain"]()
    sent = next(each for each in victim.host.log.checks() if each.is_new)
    response = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.SUCCESS,
        sent.transaction_id,
        [(stun.XOR_MAPPED_ADDRESS, _address(1))],
        key=victim.host.remotes[-1].password.encode(),
    )
    reaction = victim.feed(response, _address(2))
    assert reaction.transmits == ()
    assert reaction.drops == 1
    assert victim.agent.state("0", 1) is IceState.CHECKING
    assert not any(each.nominated for each in victim.agent.stats().pairs)


def test_lie_about_the_mapped_address_harms_nobody_else() -> None:
    """RFC 8445 §19.2: a false XOR-MAPPED-ADDRESS names a candidate, but nothing is sent there."""
    victim = STAGES["checking in vain"]()
    lie = TransportAddress("198.51.100.1", 53)
    for sent in victim.host.log.checks():
        response = stun.build(
            stun.Method.BINDING,
            stun.MessageClass.SUCCESS,
            sent.transaction_id,
            [(stun.XOR_MAPPED_ADDRESS, lie)],
            key=victim.host.remotes[-1].password.encode(),
        )
        victim.feed(response, sent.remote)
    assert lie not in {each.remote for each in victim.wait(10.0)}
    _check_tables(victim)
