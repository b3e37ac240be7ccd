"""Connectivity checks as a client (RFC 8445 §7.2)."""

import zlib
from typing import Any

from . import carrying, doubt, stun
from .address import TransportAddress, usable_as_mapped
from .base import Base, LocalCandidate
from .candidate import Candidate, CandidateType, TransportProtocol
from .checklist import Checklist
from .conclusion import (
    drop_valid,
    evaluate,
    fail_nomination,
    fail_over,
    has_consent,
    nominate,
    update,
    uses_renomination,
)
from .consent import Consent
from .errors import DropReason
from .events import IceRole, RoleChanged
from .pair import CandidatePair
from .pair_state import PairState, PairStep
from .session import Session
from .stream import Generation, Stream
from .transaction import PairRequest, Purpose

ROLE_CONFLICT = 487
FORBIDDEN = 403


def request_timeout(session: Session) -> float:
    """Give the RTO of a new check (RFC 8445 §14.3), capped by `Timings.rto_ceiling`."""
    timings = session.timings
    busy = session.checklists.count((PairState.WAITING, PairState.IN_PROGRESS))
    return min(max(timings.rto, session.pacer.ta * busy), max(timings.rto, timings.rto_ceiling))


def start(
    session: Session,
    generation: Generation,
    pair: CandidatePair,
    purpose: Purpose = Purpose.CHECK,
) -> None:
    """Send a new Binding request on a pair and start its transaction."""
    transaction = _request(session, generation, pair, purpose)
    write(session, transaction)
    base, remote = transaction.base, transaction.remote
    transaction.rto = request_timeout(session) if purpose is Purpose.CHECK else session.timings.rto
    if session.send(base, remote, transaction.data):
        if purpose is Purpose.CHECK:
            pair.stats.requests_sent += 1
        else:
            pair.stats.consent_requests_sent += 1
    timeout = None
    if purpose in (Purpose.CONSENT, Purpose.PROBE, Purpose.HANDSHAKE):
        timeout = session.timings.consent_expiry
    elif _checks_spare(generation, transaction):
        timeout = session.timings.spare_retry
    elif _over_tcp(base):
        timeout = session.timings.tcp_transaction
    session.transactions.start(transaction, session.now, timeout=timeout)
    if purpose is Purpose.CHECK:
        pair.checked = session.now
        # However often it is repeated, a check has the time of one transaction.
        pair.check_deadline = pair.check_deadline or transaction.deadline
        session.transactions.limit(transaction, pair.check_deadline)


def _checks_spare(generation: Generation, transaction: PairRequest) -> bool:
    """Tell whether a check asks a spare pair, and is sent once: there will be another."""
    pair = transaction.pair
    if transaction.purpose is not Purpose.CHECK or pair.nominating or pair.use_candidate_received:
        return False
    return generation.checklist.is_spare(pair)


def _over_tcp(base: Base) -> bool:
    return base.transport is TransportProtocol.TCP


def _request(
    session: Session, generation: Generation, pair: CandidatePair, purpose: Purpose
) -> PairRequest:
    remote = generation.remote
    assert remote is not None
    checked = pair.generator or pair
    fragment = checked.triggered_username or remote.username_fragment
    controlling = session.role is IceRole.CONTROLLING
    attributes: list[tuple[stun.Attribute[Any], Any]] = [
        (stun.USERNAME, f"{fragment}:{generation.local.username_fragment}"),
        (stun.PRIORITY, checked.local.check_priority),
        (stun.ICE_CONTROLLING if controlling else stun.ICE_CONTROLLED, session.tie_breaker),
    ]
    nominating = controlling and purpose is Purpose.CHECK and pair.nominating
    if nominating:
        attributes.append((stun.USE_CANDIDATE, True))
        if uses_renomination(session, generation):
            attributes.append((stun.NOMINATION, pair.nomination_value))
    return PairRequest(
        session.entropy(12),
        attributes,
        purpose,
        pair,
        generation,
        controlling=controlling,
        use_candidate=nominating,
    )


def write(session: Session, transaction: PairRequest) -> None:
    """Write a request, which carries something else each time while a handshake is embedded."""
    stream = session.streams[transaction.pair.stream]
    embedding = carrying.of(stream, transaction.pair.component, transaction.generation)
    repeats = bool(transaction.data)
    if repeats and not (embedding.active or transaction.carries):
        return
    carried = carrying.load(embedding, transaction.attributes)
    transaction.carries = carried.acknowledged is not None
    checksum = zlib.crc32(carried.datagram) if carried.datagram else None
    # Which of two different ones an answer is to, nobody knows.
    transaction.carried = checksum if checksum == transaction.carried or not repeats else None
    transaction.data = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.REQUEST,
        transaction.tid,
        [*transaction.attributes, *carrying.attributes(carried)],
        key=transaction.key,
    )


def check(session: Session, checklist: Checklist, pair: CandidatePair) -> None:
    """Perform the check the schedule chose: the pair goes In-Progress (RFC 8445 §6.1.4.2)."""
    generation = session.streams[pair.stream].current
    session.checklists.move(pair, PairStep.PERFORM)
    session.decide("check", pair=pair, nominating=pair.nominating)
    start(session, generation, pair)


def generation_of(stream: Stream, transaction: PairRequest) -> Generation | None:
    """Give the generation a check was made in, while the stream still has it."""
    return next((each for each in stream.generations() if each is transaction.generation), None)


def handle_response(
    session: Session,
    transaction: PairRequest,
    message: stun.Message,
    base: Base,
    source: TransportAddress,
) -> None:
    """Judge the response to a check or consent check (RFC 8445 §7.2.5).

    What is not authenticated changes nothing: the request goes on being retransmitted.
    """
    pair = transaction.pair
    if not message.has_integrity or not stun.verify_integrity(message, transaction.key):
        if not pair.reason and message.message_class is stun.MessageClass.ERROR:
            pair.reason = _describe_error(message, "unauthenticated ")
        session.drop(DropReason.RESPONSE_BAD_INTEGRITY, source=str(source))
        return
    stream = session.streams[pair.stream]
    generation = generation_of(stream, transaction)
    if generation is None:
        session.transactions.finish(transaction)
        return
    if source != transaction.remote or base is not transaction.base:
        session.drop(DropReason.RESPONSE_WRONG_ADDRESS, source=str(source))
        _finish_failed(session, stream, transaction, "response from another address")
        return
    session.transactions.finish(transaction)
    _measure(session, transaction, pair)
    if message.message_class is stun.MessageClass.SUCCESS:
        carrying.hear(session, stream, generation, pair.component, message, answers=transaction)
    if message.message_class is stun.MessageClass.ERROR:
        _handle_error(session, stream, generation, transaction, message)
        return
    if transaction.purpose is Purpose.CHECK:
        _handle_success(session, stream, generation, transaction, message)
    elif pair.consent is not None:
        renew(session, stream, pair)
        if transaction.purpose is Purpose.LIVENESS:
            # An answer is an answer: consent needs no other one before it is as old as one.
            pair.consent.schedule(session.now, session.entropy(4))


def renew(session: Session, stream: Stream, pair: CandidatePair) -> None:
    """A response renewed consent; a disconnected pair is connected again."""
    assert pair.consent is not None
    pair.consent.answered(session.now)
    doubt.answered(session, pair)
    if stream.sending.get(pair.component) is pair and pair.component in stream.unresponsive:
        del stream.unresponsive[pair.component]
        update(session, stream)


def _measure(session: Session, transaction: PairRequest, pair: CandidatePair) -> None:
    stats = pair.stats
    stats.responses_received += 1
    stats.total_round_trip_time += session.now - transaction.last_sent
    # Which transmission was answered is unknown otherwise (Karn, RFC 8489 §6.2.1): the last one
    # is good enough for the W3C's average over all responses, and for nothing else.
    if not transaction.retransmitted:
        stats.current_round_trip_time = session.now - transaction.first_sent


def _describe_error(message: stun.Message, prefix: str = "") -> str:
    error = message.get_valid(stun.ERROR_CODE)
    return prefix + ("error response" if error is None else f"{error.code} {error.reason}")


def _handle_error(
    session: Session,
    stream: Stream,
    generation: Generation,
    transaction: PairRequest,
    message: stun.Message,
) -> None:
    pair = transaction.pair
    error = message.get_valid(stun.ERROR_CODE)
    code = 0 if error is None else error.code
    if transaction.purpose is not Purpose.CHECK:
        if code == FORBIDDEN and pair.consent is not None:
            pair.consent.revoke()
            drop_valid(session, stream, pair, "the peer revoked consent")
        return
    if code == ROLE_CONFLICT:
        _handle_role_conflict(session, generation, transaction)
    else:
        _finish_failed(session, stream, transaction, _describe_error(message))


def _handle_role_conflict(
    session: Session, generation: Generation, transaction: PairRequest
) -> None:
    """Switch roles (RFC 8445 §7.2.5.1), unless the request was sent in a role we left since."""
    pair = transaction.pair
    if transaction.controlling == (session.role is IceRole.CONTROLLING):
        session.tie_breaker = int.from_bytes(session.entropy(8), "big")
        switch_role(session)
    else:
        session.drop(DropReason.STALE_ROLE_CONFLICT)
    if pair in generation.checklist.pairs and not transaction.cancelled:
        session.checklists.trigger(generation.checklist, pair)


def switch_role(session: Session) -> None:
    """Take the other role and compute all pair priorities again (RFC 8445 §7.3.1.1)."""
    controlling = session.role is IceRole.CONTROLLING
    session.role = IceRole.CONTROLLED if controlling else IceRole.CONTROLLING
    for stream in session.streams.values():
        for generation in stream.generations():
            generation.checklist.reprioritize(session.role)
            for pair in generation.checklist.pairs:
                pair.nominating = pair.use_candidate_received = False
    session.emit(RoleChanged(session.role))


def _handle_success(
    session: Session,
    stream: Stream,
    generation: Generation,
    transaction: PairRequest,
    message: stun.Message,
) -> None:
    """Construct the valid pair and update states (RFC 8445 §7.2.5.3)."""
    pair = transaction.pair
    mapped = _mapped_address(session, transaction, message)
    if mapped is None:
        _finish_failed(session, stream, transaction, "response without a usable mapped address")
        return
    valid = _valid_pair(session, generation, transaction, mapped)
    for each in (pair, valid):
        session.checklists.move(each, PairStep.SUCCEED)
    pair.check_deadline = None
    pair.valid, valid.generator = valid, pair
    if pair in generation.checklist.triggered and not pair.nominating:
        generation.checklist.triggered.remove(pair)
    _add_valid(session, generation, valid)
    session.checklists.unfreeze(pair.foundation)
    session.decide("valid", pair=valid)
    nominated = transaction.use_candidate or pair.use_candidate_received
    if nominated and pair.use_candidate_received and session.role is IceRole.CONTROLLED:
        valid.nomination_value = max(valid.nomination_value, pair.nomination_value)
    pair.use_candidate_received = False
    if stream.sending.get(valid.component) is valid:
        renew(session, stream, valid)
    if nominated:
        pair.nominating = False
        nominate(session, stream, generation, valid)
    else:
        in_use = stream.sending.get(valid.component)
        if in_use is not None and (in_use.silent or not stream.responsive(valid.component)):
            fail_over(session, stream, in_use)
        update(session, stream)
        evaluate(session, stream)


def _mapped_address(
    session: Session, transaction: PairRequest, message: stun.Message
) -> TransportAddress | None:
    mapped = message.get_valid(stun.XOR_MAPPED_ADDRESS)
    if mapped is None:
        session.drop(DropReason.RESPONSE_MALFORMED)
        return None
    if not usable_as_mapped(mapped, transaction.remote.host):
        session.drop(DropReason.MAPPED_ADDRESS_UNUSABLE, address=str(mapped))
        return None
    return mapped


def _add_valid(session: Session, generation: Generation, valid: CandidatePair) -> None:
    if valid.consent is None:
        valid.consent = Consent(session.timings, session.now)
    else:
        valid.consent.answered(session.now)
    valid.heard = session.now
    if valid.valid_since is None:
        valid.valid_since = session.now
    generation.valid_since.setdefault(valid.component, session.now)
    if valid not in generation.checklist.valid:
        generation.checklist.valid.append(valid)


def _valid_pair(
    session: Session, generation: Generation, transaction: PairRequest, mapped: TransportAddress
) -> CandidatePair:
    """Give the pair of mapped address and destination (RFC 8445 §7.2.5.3.2)."""
    pair = transaction.pair
    if _over_tcp(transaction.base) or mapped == pair.local.candidate.address:
        return pair
    local = _find_local(generation, pair.component, mapped)
    if local is None:
        local = _learn_local(session, generation, transaction, mapped)
    if local is pair.local:
        return pair
    listed = generation.checklist.find(local.base, pair.remote.address) if local.is_base else None
    if listed is not None:
        return listed
    for known in generation.checklist.valid:
        if known.local is local and known.remote.address == pair.remote.address:
            return known
    valid = CandidatePair(pair.stream, local, pair.remote, clock=session)
    valid.stats = pair.stats
    valid.set_priority(session.role)
    return valid


def _find_local(
    generation: Generation, component: int, address: TransportAddress
) -> LocalCandidate | None:
    for local in generation.local_candidates:
        candidate = local.candidate
        if candidate.address == address and candidate.component == component:
            if candidate.transport is TransportProtocol.UDP:
                return local
    return None


def _learn_local(
    session: Session, generation: Generation, transaction: PairRequest, mapped: TransportAddress
) -> LocalCandidate:
    """Add a peer-reflexive local candidate (RFC 8445 §7.2.5.3.1); it is not paired."""
    base = transaction.base
    candidate = Candidate(
        foundation=session.foundations.find(
            CandidateType.PEER_REFLEXIVE, base.address.host, "", base.transport
        ),
        component=base.component,
        transport=base.transport,
        priority=transaction.priority,
        address=mapped,
        type=CandidateType.PEER_REFLEXIVE,
        related_address=base.address,
        network=base.network,
    )
    local = LocalCandidate(candidate, base, transaction.priority)
    generation.local_candidates.append(local)
    return local


def handle_timeout(session: Session, transaction: PairRequest, reason: str) -> None:
    """A check ended without a response (RFC 8445 §7.2.5.2.2)."""
    pair = transaction.pair
    stream = session.streams.get(pair.stream)
    if stream is None or transaction.purpose is not Purpose.CHECK:
        return
    generation = generation_of(stream, transaction)
    if generation is not None:
        _finish_failed(session, stream, transaction, pair.reason or reason)


def _finish_failed(session: Session, stream: Stream, transaction: PairRequest, reason: str) -> None:
    session.transactions.finish(transaction)
    fail_check(session, stream, transaction, reason)


def fail_check(session: Session, stream: Stream, transaction: PairRequest, reason: str) -> None:
    """A check failed for good; a nominating one takes its checklist along (§7.2.5.3.4)."""
    pair = transaction.pair
    if transaction.purpose is not Purpose.CHECK or transaction.cancelled:
        return
    if session.checklists.move(pair, PairStep.FAIL, reason):
        session.decide("failed", pair=pair, why=reason)
    if transaction.use_candidate and pair.valid is not None:
        pair.nominating = False
        fail_nomination(session, stream, pair.valid, reason)
        return
    if pair.valid is not None and not has_consent(session, pair.valid):
        drop_valid(session, stream, pair.valid, reason)
    evaluate(session, stream)
