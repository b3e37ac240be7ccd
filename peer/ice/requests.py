"""Connectivity checks as a server: answering, learning, triggering (RFC 8445 §7.3)."""

from . import carrying, stun
from .address import TransportAddress
from .base import Base
from .candidate import Candidate, CandidateType, TransportProtocol
from .checklist import ChecklistState
from .checks import switch_role
from .conclusion import (
    has_consent,
    nominate,
    update,
    uses_renomination,
    validate,
)
from .destination import may_be_told
from .errors import DropReason
from .events import IceRole
from .nomination import replaces
from .pair import CandidatePair, may_pair
from .pair_state import PairState, PairStep
from .responder import (
    Accepted,
    Conflict,
    Rejected,
    judge,
    resolve_conflict,
    role_conflict,
    success,
    unauthenticated,
)
from .session import Session
from .stream import EarlyCheck, Generation, Stream

PLACE_PAUSE = 5.0
"""Seconds between two sources that are learned in the place of others: a peer that checks from
ever new ones makes us send to no more."""


def handle_request(
    session: Session, base: Base, source: TransportAddress, message: stun.Message
) -> bool:
    """Answer a Binding request at once and draw the conclusions; True when it was accepted."""
    stream = session.streams[base.stream]
    verdict = judge(message, stream.keys, strict_fingerprint=session.config.strict_fingerprint)
    if isinstance(verdict, Rejected):
        session.drop(verdict.reason, source=str(source))
        if verdict.response is not None:
            session.send(base, source, verdict.response)
        return False
    generation = stream.generation_of(verdict.local_fragment, verdict.remote_fragment)
    if generation is None:
        session.drop(DropReason.REQUEST_UNKNOWN_USERNAME, source=str(source))
        session.send(base, source, unauthenticated(message))
        return False
    generation.checklist.count_answered(base, source)
    conflict = resolve_conflict(session.role, session.tie_breaker, verdict)
    # A lite agent never controls a full one (RFC 8445 §6.1.1), whatever the tie-breakers.
    if conflict is Conflict.REJECT or (conflict is Conflict.SWITCH and session.config.lite):
        session.drop(DropReason.ROLE_CONFLICT, source=str(source))
        session.send(base, source, role_conflict(message, verdict.key))
        return False
    if conflict is Conflict.SWITCH:
        switch_role(session)
    carrying.hear(session, stream, generation, base.component, message)
    response = _respond(stream, generation, base, source, message, verdict.key)
    session.send(base, source, response)
    validate(session, stream, base, source)
    _learn(session, stream, generation, base, source, verdict)
    _notice_retransmission(session, generation, base, source, message.transaction_id)
    return True


def _respond(
    stream: Stream,
    generation: Generation,
    base: Base,
    source: TransportAddress,
    message: stun.Message,
    key: bytes,
) -> bytes:
    """Write the success response: the source's address, and what it is to carry."""
    mapped = [(stun.XOR_MAPPED_ADDRESS, source)]
    embedding = carrying.of(stream, base.component, generation)
    return success(message, [*mapped, *carrying.attributes(carrying.load(embedding, mapped))], key)


def _notice_retransmission(
    session: Session,
    generation: Generation,
    base: Base,
    source: TransportAddress,
    transaction_id: bytes,
) -> None:
    """A request that comes again tells that our response, or the one before, was lost."""
    pair = generation.checklist.find(base, source)
    if pair is not None:
        if pair.last_request == transaction_id:
            session.lossy = True
        pair.last_request = transaction_id


def _learn(
    session: Session,
    stream: Stream,
    generation: Generation,
    base: Base,
    source: TransportAddress,
    check: Accepted,
) -> None:
    early = EarlyCheck(
        base,
        source,
        check.remote_fragment,
        check.priority,
        check.use_candidate,
        check.nomination,
    )
    if check.follows_latest:
        generation.follow_latest = True
    if generation.remote is not None:
        process(session, stream, generation, early)
    elif early not in generation.early:
        # Retransmissions say nothing new; what is remembered is bounded.
        if len(generation.early) >= session.config.limits.early_checks:
            session.drop(DropReason.TOO_MANY_EARLY_CHECKS, source=str(source))
        else:
            generation.early.append(early)


def process(session: Session, stream: Stream, generation: Generation, check: EarlyCheck) -> None:
    """Do what follows from an answered check once the peer's credentials are known."""
    remote = _remote_candidate(session, generation, check)
    if remote is None:
        return
    pair = generation.checklist.find(check.base, check.source)
    if generation is not stream.current:
        return
    if session.config.lite:
        _process_lite(session, stream, generation, check, remote, pair)
        return
    fresh = pair is None and not generation.checklist.has_retired(check.base, check.source)
    if pair is None:
        pair = _learn_pair(session, stream, check, remote)
        if pair is None:
            return
    nominates = _nominates(session, generation, pair, check)
    valid = pair.valid
    if valid is not None and valid.consent is not None and valid.consent.revoked:
        return
    if valid is not None and valid in generation.checklist.valid and has_consent(session, valid):
        # Also while the check is repeated to nominate it: there is nothing to find out.
        if nominates:
            valid.nomination_value = max(valid.nomination_value, check.nomination or 0)
            nominate(session, stream, generation, valid)
        return
    if _wants_check(session, stream, generation, pair, fresh=fresh, nominates=nominates):
        _trigger(session, generation, pair, check, nominates=nominates)
        update(session, stream)


def _nominates(
    session: Session, generation: Generation, pair: CandidatePair, check: EarlyCheck
) -> bool:
    if session.role is not IceRole.CONTROLLED:
        return False
    if check.nomination is not None and uses_renomination(session, generation):
        # Should we come to control, our values have to be larger still.
        session.renomination = max(session.renomination, check.nomination)
        return True
    return check.use_candidate


def _remote_candidate(
    session: Session, generation: Generation, check: EarlyCheck
) -> Candidate | None:
    """Find the source among the remote candidates or learn it (RFC 8445 §7.3.1.3)."""
    base = check.base
    key = (base.component, base.transport, check.source)
    known = generation.remote_candidates.get(key)
    if known is not None:
        return known
    listens = base.transport is TransportProtocol.UDP
    if not (session.config.any_remote_address or may_be_told(check.source, listens=listens)):
        # Who knows the credentials may forge the source, and make us check services of others.
        session.drop(DropReason.CANDIDATE_FORBIDDEN, address=str(check.source))
        return None
    # Each base has its own share: a NAT that shows a new source for every check uses it up.
    known_here = sum(each is base for each in generation.learned.values())
    if known_here >= session.config.limits.peer_reflexive and not _make_place(
        session, generation, base
    ):
        session.drop(DropReason.TOO_MANY_PEER_REFLEXIVE, source=str(check.source))
        return None
    generation.learned[key] = base
    learned = Candidate(
        foundation=f"prflx{len(generation.remote_candidates) + 1}",
        component=base.component,
        transport=base.transport,
        priority=check.priority,
        address=check.source,
        type=CandidateType.PEER_REFLEXIVE,
    )
    generation.remote_candidates[key] = learned
    session.decide("peer-reflexive", address=str(check.source))
    return learned


def _make_place(session: Session, generation: Generation, base: Base) -> bool:
    """Forget the oldest learned candidate of a base that came to nothing, if there is one.

    A check that somebody recorded and sends again from elsewhere is as authentic as the first,
    but nobody answers ours from there.
    """
    if session.now < generation.place_made + PLACE_PAUSE:
        return False
    here = [key for key, seen_on in generation.learned.items() if seen_on is base]
    for key in here:
        pair = generation.checklist.find(base, key[2])
        if pair is None or pair.state is PairState.FAILED:
            generation.place_made = session.now
            del generation.learned[key], generation.remote_candidates[key]
            if pair is not None:
                session.checklists.discard(generation.checklist, pair, "nobody answered there")
            return True
    return False


def _learn_pair(
    session: Session, stream: Stream, check: EarlyCheck, remote: Candidate
) -> CandidatePair | None:
    local = check.base.host
    if local is None or (
        check.base.transport is TransportProtocol.UDP and not may_pair(local, remote)
    ):
        return None
    pair = CandidatePair(stream.id, local, remote, clock=session)
    pair.set_priority(session.role)
    return pair


def _wants_check(
    session: Session,
    stream: Stream,
    generation: Generation,
    pair: CandidatePair,
    *,
    fresh: bool,
    nominates: bool,
) -> bool:
    """After the component is concluded only what could change the conclusion is checked."""
    selected = generation.selected.get(pair.component)
    if selected is None:
        return True
    if selected.silent or not stream.responsive(pair.component):
        return True
    if uses_renomination(session, generation):
        return True
    if nominates:
        return replaces(pair, selected, renomination=False, follow_latest=generation.follow_latest)
    # A source nobody has seen, long after completion, is the peer behind a new NAT binding. What we
    # have sent there may have come before the filter on its side was open.
    completed = generation.completed_at
    settled = completed is not None and session.now >= completed + session.timings.free_after
    return settled and (fresh or pair.state is PairState.IN_PROGRESS)


def _trigger(
    session: Session,
    generation: Generation,
    pair: CandidatePair,
    check: EarlyCheck,
    *,
    nominates: bool,
) -> None:
    """Enqueue the triggered check as the pair's state demands (RFC 8445 §7.3.1.4)."""
    remote = generation.remote
    assert remote is not None
    if generation.checklist.find(check.base, check.source) is not pair:
        session.checklists.add_triggered(generation.checklist, pair)
    if check.remote_fragment != remote.username_fragment:
        pair.triggered_username = check.remote_fragment
    if nominates:
        pair.use_candidate_received = True
        pair.nomination_value = max(pair.nomination_value, check.nomination or 0)
    pair.check_deadline = None
    if pair.state is PairState.IN_PROGRESS:
        for transaction in session.transactions.outstanding(pair):
            session.transactions.cancel(transaction)
    if generation.checklist.state is ChecklistState.FAILED:
        generation.checklist.state = ChecklistState.RUNNING
    session.checklists.trigger(generation.checklist, pair)


def _process_lite(
    session: Session,
    stream: Stream,
    generation: Generation,
    check: EarlyCheck,
    remote: Candidate,
    pair: CandidatePair | None,
) -> None:
    """A lite agent takes the nominated pair as valid (RFC 8445 §7.3.2)."""
    if not check.use_candidate:
        return
    if pair is None:
        pair = _learn_pair(session, stream, check, remote)
        if pair is None:
            return
        session.checklists.add_triggered(generation.checklist, pair)
    session.checklists.move(pair, PairStep.SUCCEED)
    pair.valid = pair
    pair.valid_since = pair.valid_since or session.now
    if pair not in generation.checklist.valid:
        generation.checklist.valid.append(pair)
    nominate(session, stream, generation, pair)
