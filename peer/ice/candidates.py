"""Local and remote candidates of a generation, and pairing them (RFC 8445 §5.1, §6.1.2)."""

from dataclasses import replace
from heapq import nlargest
from operator import itemgetter

from .address import TransportAddress, canonical, usable_as_remote
from .base import Base, LocalCandidate
from .candidate import (
    DISCARD_PORT,
    Candidate,
    CandidateType,
    TcpType,
    TransportProtocol,
    type_preference,
)
from .checklist import Checklist, ChecklistState
from .conclusion import keeps_spares, update, uses_renomination
from .config import GatherPolicy
from .destination import in_scope, may_be_told
from .errors import DropReason
from .events import CandidateGathered
from .pair import CandidatePair, may_pair
from .priority import (
    MAX_LOCAL_PREFERENCE,
    MAX_REMOTE_PRIORITY,
    candidate_priority,
    peer_reflexive_priority,
    preference_order,
    tcp_local_preference,
)
from .session import NewPair, Session
from .stream import Generation, RemoteKey, Stream

MAX_TCP_PREFERENCE = 8191


def assign_preferences(session: Session, bases: list[Base], *, above: int) -> None:
    """Give new bases of one component and transport unique local preferences (RFC 8421).

    `above` is the number of preferences already given out; a later base ranks below them.
    """
    order = preference_order([(base.address.host, base.network) for base in bases])
    for rank, index in enumerate(order):
        base = bases[index]
        if base.transport is TransportProtocol.TCP and base.tcp_type is not None:
            other = max(0, MAX_TCP_PREFERENCE - above - rank)
            base.local_preference = tcp_local_preference(base.tcp_type.value, other)
        else:
            base.local_preference = max(0, MAX_LOCAL_PREFERENCE - above - rank)


def announce_host(session: Session, stream: Stream, base: Base) -> None:
    """Make a base's host candidate (RFC 8445 §5.1.1.1) and pair it."""
    generation = stream.current
    base.host = None
    address = base.address
    if base.tcp_type is TcpType.ACTIVE:
        address = TransportAddress(address.host, DISCARD_PORT)
    local = _make(session, base, CandidateType.HOST, address, server="")
    base.host = local
    if session.config.gather_policy is GatherPolicy.ALL:
        _add(session, stream, generation, local)
    for mapped in base.external:
        announce_reflexive(session, stream, base, mapped, server="", url=None)


def announce_reflexive(
    session: Session,
    stream: Stream,
    base: Base,
    mapped: TransportAddress,
    server: str,
    url: str | None,
) -> None:
    """Add a server-reflexive candidate learned from a server (RFC 8445 §5.1.1.2)."""
    if session.config.gather_policy is GatherPolicy.RELAY:
        return
    local = _make(
        session,
        base,
        CandidateType.SERVER_REFLEXIVE,
        mapped,
        server=server,
        related=base.address,
        url=url,
    )
    _add(session, stream, stream.current, local)


def announce_relayed(
    session: Session,
    stream: Stream,
    base: Base,
    mapped: TransportAddress | None,
    server: str,
    url: str,
    protocol: str,
) -> None:
    """Add a relayed candidate; its base is the relayed address itself (RFC 8445 §5.1.1.2)."""
    taken = {each.address for each in stream.bases if each.relay is None}
    if base.address in taken:
        return
    local = _make(
        session,
        base,
        CandidateType.RELAYED,
        base.address,
        server=server,
        related=mapped or TransportAddress("0.0.0.0", DISCARD_PORT),
        url=url,
        relay_protocol=protocol,
    )
    base.host = local
    _add(session, stream, stream.current, local)


def _make(
    session: Session,
    base: Base,
    kind: CandidateType,
    address: TransportAddress,
    *,
    server: str,
    related: TransportAddress | None = None,
    url: str | None = None,
    relay_protocol: str | None = None,
) -> LocalCandidate:
    preference = base.local_preference
    candidate = Candidate(
        foundation=session.foundations.find(kind, base.address.host, server, base.transport),
        component=base.component,
        transport=base.transport,
        priority=candidate_priority(
            type_preference(kind, base.transport), preference, base.component
        ),
        address=address,
        type=kind,
        related_address=related,
        tcp_type=base.tcp_type,
        url=url,
        relay_protocol=relay_protocol,
        network=base.network,
    )
    tcp = base.transport is TransportProtocol.TCP
    check_priority = peer_reflexive_priority(preference, base.component, tcp=tcp)
    return LocalCandidate(candidate, base, check_priority)


def _add(session: Session, stream: Stream, generation: Generation, local: LocalCandidate) -> None:
    """Take a candidate into the list unless it is redundant (RFC 8445 §5.1.3), and pair it."""
    candidate = local.candidate
    for known in generation.local_candidates:
        same_address = known.candidate.address == candidate.address
        if (
            same_address
            and known.base is local.base
            and known.candidate.type is not (CandidateType.PEER_REFLEXIVE)
        ):
            return
    _make_priority_unique(generation, local)
    candidate = local.candidate
    generation.local_candidates.append(local)
    useful = not generation.local_ended or makes_use_of_late(session, generation)
    if useful:
        fragment = generation.local.username_fragment
        session.emit(CandidateGathered(stream.id, candidate, fragment))
    # A check may come before the candidate, or instead of it (RFC 8838 §10): the peer learns it.
    if local.is_base and useful:
        remotes = [
            remote
            for remote in generation.remote_candidates.values()
            if generation.completed_at is not None or _key(remote) not in generation.learned
        ]
        _pair(session, stream, generation, [local], remotes)


def makes_use_of_late(session: Session, generation: Generation) -> bool:
    """Tell whether a candidate of ours is of use that comes after the end of gathering."""
    return keeps_spares(session) or uses_renomination(session, generation)


def _make_priority_unique(generation: Generation, local: LocalCandidate) -> None:
    """Lower the local preference until the priority is unique (RFC 8445 §5.1.2.1)."""
    taken = {known.candidate.priority for known in generation.local_candidates}
    steps = 0
    while local.candidate.priority - steps * 256 in taken:
        steps += 1
    if steps:
        local.candidate = replace(local.candidate, priority=local.candidate.priority - steps * 256)
        local.check_priority -= steps * 256


def _pair(
    session: Session,
    stream: Stream,
    generation: Generation,
    locals_: list[LocalCandidate],
    remotes: list[Candidate],
) -> None:
    """Form the pairs of bases and remotes that are not there yet (RFC 8445 §6.1.2.2)."""
    checklist = generation.checklist
    for local in locals_:
        for remote in remotes:
            # A passive candidate's pairs come from incoming connections (RFC 6544 §6.2).
            if local.base.released or local.base.tcp_type is TcpType.PASSIVE:
                continue
            if not may_pair(local, remote):
                continue
            if not _in_scope(session, local, remote):
                session.drop(DropReason.PAIR_OUT_OF_SCOPE, address=str(remote.address))
                continue
            if checklist.find(local.base, remote.address) is not None:
                continue
            concluded = remote.component in generation.selected
            if concluded and not makes_use_of_late(session, generation):
                continue
            relay = local.base.relay
            if relay is not None and not relay.want_permission(remote.address, session.now):
                continue
            session.new_pairs.append((checklist, local, remote))


def _in_scope(session: Session, local: LocalCandidate, remote: Candidate) -> bool:
    anywhere = session.config.any_remote_address
    return anywhere or in_scope(local.base.address.host, remote.address.host)


def flush_pairs(session: Session) -> None:
    """Put the pairs formed since the last time on their checklists, all at once.

    Of what is beyond the limit anyway no pair is made: only the best combinations of each
    checklist can stay (RFC 8445 §6.1.2.5).
    """
    if not session.new_pairs:
        return
    combinations: dict[Checklist, dict[tuple[Base, TransportAddress], tuple[int, NewPair]]] = {}
    current = {stream.current.checklist for stream in session.streams.values()}
    for new in session.new_pairs:
        checklist, local, remote = new
        if local.base.released or checklist not in current:
            continue
        if checklist.find(local.base, remote.address) is None:
            priority = local.pair_priority(remote, session.role)
            key = (local.base, remote.address)
            combinations.setdefault(checklist, {}).setdefault(key, (priority, new))
    session.new_pairs.clear()
    limit = session.config.limits.pairs
    kept = []
    for checklist, found in combinations.items():
        chosen = list(found.values())
        if len(chosen) > limit:
            session.drops[DropReason.TOO_MANY_PAIRS] += len(chosen) - limit
            chosen = nlargest(limit, chosen, key=itemgetter(0))
        for priority, (_, local, remote) in chosen:
            pair = CandidatePair(checklist.stream, local, remote, clock=session)
            pair.priority = priority
            kept.append((checklist, pair))
    session.checklists.add_pairs(kept)
    for checklist, pair in kept:
        if checklist.state is ChecklistState.FAILED and pair in checklist.pairs:
            # What failed for want of a path may have one now, as after a triggered check.
            checklist.state = ChecklistState.RUNNING
            update(session, session.streams[checklist.stream])


def add_remote(
    session: Session, stream: Stream, candidate: Candidate, fragment: str | None
) -> None:
    """Take a signalled remote candidate into the generation it belongs to (RFC 8838 §11).

    One that comes after the end is taken as well: peers trickle who have not said that they do.
    """
    generation = stream.current
    remote = generation.remote
    if fragment is not None and fragment in stream.old_fragments:
        session.drop(DropReason.CANDIDATE_STALE_GENERATION, address=str(candidate.address))
        return
    if remote is None or (fragment is not None and fragment != remote.username_fragment):
        _keep_for_later(session, generation, candidate, fragment or "")
        return
    _take(session, stream, generation, candidate)
    update(session, stream)


def _keep_for_later(
    session: Session, generation: Generation, candidate: Candidate, fragment: str
) -> None:
    if len(generation.waiting_candidates) >= session.config.limits.early_candidates:
        session.drop(DropReason.CANDIDATE_UNKNOWN_GENERATION, address=str(candidate.address))
    else:
        generation.waiting_candidates.append((fragment, candidate))


def end_remote(session: Session, stream: Stream, fragment: str | None) -> None:
    """The peer has no more candidates for a generation (RFC 8838 §14)."""
    generation = stream.current
    if generation.remote is None:
        generation.early_end = fragment or ""
    elif fragment in (None, generation.remote.username_fragment):
        generation.remote_ended = True
    else:
        session.drop(DropReason.CANDIDATE_UNKNOWN_GENERATION)


def take_waiting(session: Session, stream: Stream) -> None:
    """Look at the candidates that came before the description they belong to."""
    generation = stream.current
    waiting, generation.waiting_candidates = generation.waiting_candidates, []
    assert generation.remote is not None
    for fragment, candidate in waiting:
        if fragment in ("", generation.remote.username_fragment):
            _take(session, stream, generation, candidate)
        else:
            generation.waiting_candidates.append((fragment, candidate))
    if generation.early_end in ("", generation.remote.username_fragment):
        generation.remote_ended = True


def is_learned(generation: Generation, candidate: Candidate) -> bool:
    """Tell whether a remote candidate is known from a check only (RFC 8445 §7.3.1.3)."""
    return _key(candidate) in generation.learned


def _key(candidate: Candidate) -> RemoteKey:
    return candidate.component, candidate.transport, candidate.address


def _take(session: Session, stream: Stream, generation: Generation, candidate: Candidate) -> None:
    try:
        address = canonical(candidate.address)
    except ValueError:
        session.drop(DropReason.CANDIDATE_UNUSABLE, address=str(candidate.address))
        return
    usable = candidate.component in stream.components and usable_as_remote(address)
    if not usable or not 0 <= candidate.priority <= MAX_REMOTE_PRIORITY:
        session.drop(DropReason.CANDIDATE_UNUSABLE, address=str(candidate.address))
        return
    listens = candidate.tcp_type is not TcpType.ACTIVE
    if not (session.config.any_remote_address or may_be_told(address, listens=listens)):
        session.drop(DropReason.CANDIDATE_FORBIDDEN, address=str(address))
        return
    key = (candidate.component, candidate.transport, address)
    known = generation.remote_candidates.get(key)
    if known is not None and key not in generation.learned:
        session.drop(DropReason.CANDIDATE_DUPLICATE, address=str(address))
        return
    if generation.signalled >= session.config.limits.remote_candidates:
        session.drop(DropReason.TOO_MANY_CANDIDATES, address=str(address))
        return
    candidate = candidate if candidate.address == address else replace(candidate, address=address)
    generation.signalled += 1
    generation.remote_candidates[key] = candidate
    if known is not None:
        _explain(session, generation, key, candidate)
    locals_ = [local for local in generation.local_candidates if local.is_base]
    _pair(session, stream, generation, locals_, [candidate])


def _explain(
    session: Session, generation: Generation, key: RemoteKey, candidate: Candidate
) -> None:
    """Signalling names a candidate learned from a check: its pairs take over type, foundation
    and priority, and keep their states (RFC 8445 §7.3.1.3, RFC 8838 §11)."""
    del generation.learned[key]
    checklist = generation.checklist
    for pair in [*checklist.pairs, *checklist.valid]:
        remote = pair.remote
        if (remote.component, remote.transport, remote.address) == key:
            pair.remote = candidate
            if pair in checklist.pairs:
                foundation = (pair.local.candidate.foundation, candidate.foundation)
                session.checklists.refound(pair, foundation)
    checklist.reprioritize(session.role)
