"""Checking again what is worth it on a lossy path.

The retransmissions of one check come ever more slowly (RFC 8489 §6.2.1): with a third of the
packets lost, a working pair would often take ten seconds to become valid. Once retransmissions
have been needed, some checks are repeated as new transactions while the old one is still
listened to, as a triggered check would be (RFC 8445 §7.3.1.4): a nominating check; checks of
pairs that are better than the best valid one, while nomination waits for them; and any check
while no pair is valid and nothing else is left to send.

A check that carries a part of a DTLS handshake is repeated sooner while no pair is valid, where the
peer's own checks come from: that path works, so what is missing was lost.
"""

from collections.abc import Iterator

from .checklist import ChecklistState
from .embedding import FIRST_INTERVAL
from .events import IceRole
from .pair import CandidatePair
from .pair_state import PairState
from .session import Session
from .stream import Generation, Stream
from .transaction import PairRequest, Purpose


def repeat_checks(session: Session) -> None:
    """Enqueue the checks that are due to be repeated."""
    for generation, transaction, due in list(_worth_repeating(session)):
        if session.now >= due:
            session.transactions.cancel(transaction)
            session.checklists.trigger(generation.checklist, transaction.pair)


def times(session: Session) -> list[float]:
    """Give the times at which checks are to be repeated."""
    return [due for _, _, due in _worth_repeating(session)]


def _worth_repeating(session: Session) -> Iterator[tuple[Generation, PairRequest, float]]:
    outstanding = [
        transaction
        for transaction in session.transactions.pair_requests()
        if transaction.purpose is Purpose.CHECK and not transaction.cancelled
    ]
    if not outstanding:
        return
    embeds = any(
        embedding.is_confirmed
        for stream in session.streams.values()
        for embedding in stream.embeddings.values()
    )
    if not (embeds or session.lossy) and session.role is IceRole.CONTROLLED:
        return
    for transaction in outstanding:
        stream = session.streams.get(transaction.pair.stream)
        if stream is None or stream.current is not transaction.generation:
            continue
        if stream.current.checklist.state is not ChecklistState.RUNNING:
            continue
        interval = _interval(session, stream, transaction)
        if interval is not None:
            yield stream.current, transaction, transaction.last_sent + interval


def _interval(session: Session, stream: Stream, transaction: PairRequest) -> float | None:
    """Give how long a check is left alone before it is repeated, None for ever."""
    pair = transaction.pair
    embedding = stream.embeddings[pair.component]
    if pair.component not in stream.sending and pair.last_request and embedding.is_confirmed:
        begun = (stream.current.patience_until or 0.0) - session.timings.patience
        return max(FIRST_INTERVAL, (transaction.last_sent - begun) / 4)
    repeat = session.config.nomination.repeat
    if transaction.use_candidate:
        # It goes over a path that has worked: silence there means loss.
        lost = transaction.retransmitted and session.role is IceRole.CONTROLLING
        return repeat if session.lossy or lost else None
    awaited = session.lossy and _is_awaited(session, stream.current, pair)
    return repeat if awaited else None


def _is_awaited(session: Session, generation: Generation, pair: CandidatePair) -> bool:
    if pair.state is not PairState.IN_PROGRESS:
        return False
    best = generation.checklist.best_valid(pair.component)
    if best is None:
        patience = generation.patience_until
        return session.checklists.idle and patience is not None and session.now < patience
    since = generation.valid_since[pair.component]
    if session.now >= since + session.config.nomination.lossy:
        return False
    return pair.priority > best.priority and not pair.relayed
