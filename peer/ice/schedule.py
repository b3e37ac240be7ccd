"""What happens when: the one place where due work is found and started, at most one new
transaction at a time (RFC 8445 §6.1.4, §14.2)."""

from collections.abc import Callable, Collection
from typing import TypeAlias, assert_never

from . import carrying, checks, gathering, liveness, persistence, relaying, sparing, tcp
from .address import TransportAddress
from .base import Base
from .candidates import announce_host, assign_preferences, flush_pairs, take_waiting
from .checklist import ChecklistState
from .conclusion import evaluate, nominate, update, validate
from .controlling import consider_nominations
from .events import EventLoopStalled, GatheringCompleted
from .freeing import free_unused
from .pair import CandidatePair
from .pair_state import PairStep
from .requests import process
from .session import Session
from .stream import Stream
from .transaction import (
    AnyTransaction,
    Due,
    PairRequest,
    Purpose,
    RelayRequest,
    ServerRequest,
)

Work: TypeAlias = tuple[str | None, Callable[[Session], bool]]
"""The path a transaction is to leave on, and what starts it; False when there was nothing."""


def announce_bases(session: Session) -> None:
    """Make candidates of the bases added since the last time.

    They are ranked together, because RFC 8421 §4 mixes the families by their number.
    """
    if not session.new_bases:
        return
    new, session.new_bases = session.new_bases, []
    groups: dict[tuple[object, ...], list[Base]] = {}
    for base in new:
        key = (base.stream, base.component, base.transport, base.tcp_type)
        groups.setdefault(key, []).append(base)
    for (stream_id, *kind), bases in groups.items():
        stream = session.streams[str(stream_id)]
        known = sum(
            [base.component, base.transport, base.tcp_type] == kind and base not in bases
            for base in stream.bases
            if base.relay is None
        )
        assign_preferences(session, bases, above=known)
    for base in new:
        stream = session.streams[base.stream]
        announce_host(session, stream, base)
        gathering.gather(session, base, session.stun_servers)
        relaying.gather(session, base, session.turn_servers)


def run(session: Session, *, timeouts: bool) -> None:
    """Do everything that is due. `timeouts` is False while datagrams may be waiting: what has
    arrived counts before what has not."""
    session.timer_known = False
    announce_bases(session)
    for stream in session.streams.values():
        if stream.current.remote is not None and stream.current.patience_until is None:
            _begin(session, stream)
    flush_pairs(session)
    if session.config.lite:
        for stream in session.streams.values():
            _conclude_lite(session, stream)
    if timeouts:
        _handle_timeouts(session)
    for stream in session.streams.values():
        _finish_gathering(session, stream)
    consider_nominations(session)
    persistence.repeat_checks(session)
    if timeouts:
        sparing.check_spares(session)
    relaying.go_on(session)
    _ask_pairs_in_use(session)
    _fill_slot(session)


def _begin(session: Session, stream: Stream) -> None:
    """Both sides' credentials are known: checks may run (RFC 8863 §4)."""
    generation = stream.current
    assert generation.remote is not None
    generation.patience_until = session.now + session.timings.patience
    take_waiting(session, stream)
    flush_pairs(session)
    early, generation.early = list(generation.early), type(generation.early)()
    for check in early:
        if check.base in stream.bases:
            process(session, stream, generation, check)
    update(session, stream)


def _conclude_lite(session: Session, stream: Stream) -> None:
    """Two lite agents send no checks: the best pair of each component it is (RFC 8445 §8.2)."""
    generation = stream.current
    if generation.remote is None or not generation.remote.lite:
        return
    for pair in list(generation.checklist.pairs):
        if pair.component not in generation.selected:
            session.checklists.move(pair, PairStep.SUCCEED)
            pair.valid = pair
            pair.valid_since = session.now
            generation.checklist.valid.append(pair)
            validate(session, stream, pair.local.base, pair.remote.address)
            nominate(session, stream, generation, pair)


def _handle_timeouts(session: Session) -> None:
    while (due := session.transactions.pop_due(session.now)) is not None:
        transaction, what = due
        if what is Due.RETRANSMIT:
            _retransmit(session, transaction)
        else:
            _time_out(session, transaction)
    liveness.expire(session)
    liveness.keep_alive(session)
    tcp.close_idle(session)
    for stream in session.streams.values():
        evaluate(session, stream)
        completed = stream.current.completed_at
        if completed is not None and session.now >= completed + session.timings.free_after:
            free_unused(session, stream)


def _retransmit(session: Session, transaction: AnyTransaction) -> None:
    if isinstance(transaction, PairRequest):
        checks.write(session, transaction)
    sent = session.send(transaction.base, transaction.remote, transaction.data)
    if sent and isinstance(transaction, PairRequest):
        transaction.pair.stats.retransmissions_sent += 1


def _time_out(session: Session, transaction: AnyTransaction, reason: str = "no response") -> None:
    match transaction:
        case PairRequest():
            checks.handle_timeout(session, transaction, reason)
        case ServerRequest():
            stream = session.streams.get(transaction.base.stream)
            if stream is not None:
                binding = transaction.binding
                gathering.fail(session, stream, binding, gathering.UNREACHABLE, reason)
        case RelayRequest():
            relaying.handle_timeout(session, transaction)
        case _:
            assert_never(transaction)


def fail_transactions(
    session: Session, bases: Collection[Base], remote: TransportAddress, reason: str
) -> None:
    """End what waits for an answer on a 5-tuple that cannot be sent to."""
    for transaction in session.transactions.all():
        if transaction.base not in bases or transaction.remote != remote:
            continue
        if isinstance(transaction, PairRequest) and transaction.purpose is not Purpose.CHECK:
            # The next consent check may get through: only time takes consent away.
            continue
        session.transactions.finish(transaction)
        _time_out(session, transaction, reason)


def _finish_gathering(session: Session, stream: Stream) -> None:
    generation = stream.current
    if generation.local_ended or not stream.bases_ended:
        return
    if gathering.is_pending(session, stream) or relaying.is_pending(session, stream):
        return
    generation.local_ended = True
    session.emit(GatheringCompleted(stream.id, generation.local.username_fragment))
    evaluate(session, stream)
    update(session, stream)


def _ask_pairs_in_use(session: Session) -> None:
    """Send the checks of consent, liveness and doubt, which have dates of their own and go
    where data goes (RFC 7675 §5.1)."""
    while (due := liveness.due_check(session)) is not None:
        _, pair, purpose = due
        liveness.send_check(session, *due)
        if purpose is Purpose.CONSENT:
            tcp.reopen(session, pair)


def _fill_slot(session: Session) -> None:
    """Start one new transaction if it is time for one: servers and checks in turn.

    What waits for a path that others use holds up nothing that goes elsewhere.
    """
    for path, start in _work(session):
        if session.pacer.is_ready(session.now, path) and start(session):
            session.pacer.started(session.now, path)
            return


def _work(session: Session) -> list[Work]:
    """List what waits for its turn, the first of each kind, whose turn it is before the others."""
    work: list[Work] = []
    if (pair := _next_check(session)) is not None:
        work.append((_path(session, pair), _start_check))
    if (server := _server_to_ask(session)) is not None:
        place = len(work) if session.check_next else 0
        work.insert(place, (_path_to(session, server.host), _start_gathering))
    if (handshake := carrying.due(session)) is not None:
        work.insert(0, (_path(session, handshake[2]), _start_handshake))
    return work


def _path(session: Session, pair: CandidatePair) -> str | None:
    """Name the path of what is sent on a pair, over a relay that to the relay."""
    relay = pair.local.base.relay
    return _path_to(
        session, pair.remote.address.host if relay is None else relay.server.address.host
    )


def _path_to(session: Session, host: str) -> str | None:
    """Name a path by the remote host; None is the one to this machine itself."""
    bases = (base for stream in session.streams.values() for base in stream.bases)
    return None if any(base.address.host == host and base.relay is None for base in bases) else host


def _server_to_ask(session: Session) -> TransportAddress | None:
    """Give the STUN or TURN server that is to be asked next."""
    if session.bindings and (binding := gathering.wanted(session)) is not None:
        return binding.server.address
    if session.relays and (task := relaying.wanted(session)) is not None:
        return task.allocation.server.address
    return None


def _start_handshake(session: Session) -> bool:
    handshake = carrying.due(session)
    assert handshake is not None
    stream, generation, pair = handshake
    carrying.repeat(session, stream, pair)
    checks.start(session, generation, pair, Purpose.HANDSHAKE)
    return True


def _start_gathering(session: Session) -> bool:
    session.check_next = True
    return gathering.start_one(session) or relaying.start_one(session)


def _start_check(session: Session) -> bool:
    session.check_next = _server_to_ask(session) is None
    chosen = session.checklists.next_check()
    if chosen is None:
        return False
    checklist, pair = chosen
    if tcp.wants_connection(session, pair):
        tcp.connect(session, pair)
    else:
        checks.check(session, checklist, pair)
    return True


def _next_check(session: Session) -> CandidatePair | None:
    """Give the next pair to check; a lite agent checks none (RFC 8445 §2.5)."""
    return None if session.config.lite else session.checklists.upcoming()


def next_time(session: Session) -> float | None:
    """Give the time at which the agent next has something to do."""
    times = _deadlines(session) + tcp.times(session) + persistence.times(session)
    times += carrying.times(session) + sparing.times(session)
    if session.bindings or session.relays:
        paced = (gathering.next_time(session), relaying.next_time(session))
        # What is due already waits for the slot below.
        times += (time for time in paced if time is not None and time > session.now)
    for path, _ in _work(session):
        # One that was reserved and not needed may be past: what is due now is not late.
        times.append(max(session.now, session.pacer.next_slot(session.now, path)))
    for stream in session.streams.values():
        times += _stream_times(session, stream)
    return min(times, default=None)


def _stream_times(session: Session, stream: Stream) -> list[float]:
    generation = stream.current
    times = [each.until for each in stream.awaited if each.until > session.now]
    if generation.nominate_at is not None:
        times.append(generation.nominate_at)
    if generation.checklist.state is ChecklistState.RUNNING:
        patience = generation.patience_until
        if patience is not None and patience > session.now:
            times.append(patience)
    if generation.completed_at is not None and not generation.freed:
        times.append(generation.completed_at + session.timings.free_after)
    return times


def timer(session: Session) -> float | None:
    """Give the time at which the clock is wanted; at once after a call of the application's."""
    if session.urgent:
        return session.now
    if not session.timer_known:
        session.timer, session.timer_known = next_time(session), True
    return session.timer


def advance(session: Session, now: float) -> None:
    """Set the clock for what arrived; a stall is noticed before what came during it counts."""
    if now - session.now > session.timings.stall:
        notice_stall(session, now)
    session.now = max(session.now, now)


def notice_stall(session: Session, now: float) -> None:
    """Tell of a stall of the caller, and give the time back that was lost in it."""
    expected = next_deadline(session) if session.urgent else timer(session)
    if expected is None:
        return
    late = now - max(expected, session.accounted)
    if late > session.timings.stall:
        session.emit(EventLoopStalled(late))
        postpone(session, late)
        session.accounted = now


def next_deadline(session: Session) -> float | None:
    """Give the next time something is over, leaving out what a call has made due since."""
    return min((time for time in _deadlines(session) if time > session.now), default=None)


def _deadlines(session: Session) -> list[float]:
    times = liveness.times(session)
    next_transaction = session.transactions.next_time()
    if next_transaction is not None:
        times.append(next_transaction)
    return times


def postpone(session: Session, delay: float) -> None:
    """Give back the time lost in a stall of the caller: it says nothing about the network."""
    session.timer_known = False
    liveness.postpone(session, delay)
    session.transactions.postpone(delay)
    for stream in session.streams.values():
        if stream.current.patience_until is not None:
            stream.current.patience_until += delay
        for pair in stream.current.checklist.pairs:
            if pair.check_deadline is not None:
                pair.check_deadline += delay
