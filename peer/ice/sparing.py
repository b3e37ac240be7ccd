"""Spare pairs: what is left when a pair is selected, kept for its loss (RFC 8445 §8.3).

Selecting ends the ordinary checks of a component (RFC 8445 §8.1.2). From then on its other pairs
are spares, and some of them are checked now and then, one request at a time: the best of each local
interface, remote host and kind of path (direct, relayed), those that work before those that nobody
knows of yet, an equal part of each interface, so that the loss of one leaves those of another,
`Limits.spares` in all. One that works is checked each `Timings.spare`, so that data can move to it
at any time, and its mappings and filters stay open. One that does not, and would be more direct
than a relayed pair in use or has worked lately, is checked each `Timings.spare_retry`: filters that
open when both sides check open then; others ever more rarely. A pair of an address that came later
is checked at once: the peer learns of it as peer-reflexive, whether or not it was signalled. While
the pair in use is in doubt (`doubt`), the spares are asked each second.

Who controls takes a better spare by nominating it (`controlling`); the other side follows.
"""

from collections import Counter
from collections.abc import Iterator

from .checklist import Checklist
from .conclusion import has_consent, keeps_spares
from .doubt import SLOW_PROBE, asks_others
from .pair import CandidatePair
from .pair_state import PairState
from .session import Session
from .stream import Generation, Stream


def check_spares(session: Session) -> None:
    """Enqueue the checks of the spares that are due."""
    for checklist, pair, due in list(_spares(session)):
        if session.now >= due:
            for transaction in session.transactions.outstanding(pair):
                session.transactions.cancel(transaction)
            pair.check_deadline = None
            session.checklists.trigger(checklist, pair)


def times(session: Session) -> list[float]:
    """Give the times at which spares are to be checked."""
    return [due for _, _, due in _spares(session)]


def _spares(session: Session) -> Iterator[tuple[Checklist, CandidatePair, float]]:
    """Give the spares that are checked, and when each is due."""
    if not keeps_spares(session):
        return
    for stream in session.streams.values():
        generation = stream.current
        if generation.completed_at is None:
            continue
        for component in generation.selected:
            for pair in _chosen(session, generation, component):
                due = _due(session, stream, pair)
                if due is not None:
                    yield generation.checklist, pair, due


def _chosen(session: Session, generation: Generation, component: int) -> list[CandidatePair]:
    """Choose the spares of a component to be checked: an equal part of each local interface."""
    checklist, selected = generation.checklist, generation.selected[component]
    others = [
        pair
        for pair in checklist.pairs
        if pair.component == component and pair is not (selected.generator or selected)
    ]
    others.sort(key=lambda pair: _rank(session, checklist, selected, pair))
    kinds: dict[tuple[str, str, bool], CandidatePair] = {}
    for pair in others:
        kinds.setdefault((_interface(pair), pair.remote.address.host, pair.relayed), pair)
    places: Counter[str] = Counter()
    in_turn = []
    for pair in kinds.values():
        interface = _interface(pair)
        in_turn.append((places[interface], pair))
        places[interface] += 1
    in_turn.sort(key=lambda place_and_pair: place_and_pair[0])
    return [pair for _, pair in in_turn[: session.config.limits.spares]]


def _interface(pair: CandidatePair) -> str:
    base = pair.local.base
    return (base.via or base).address.host


def _rank(
    session: Session, checklist: Checklist, selected: CandidatePair, pair: CandidatePair
) -> int:
    """Tell how promising a spare is: one that works, one nobody knows of, one that did not work."""
    if works(session, checklist, pair):
        return 0
    more_direct = selected.relayed and not pair.relayed
    return 1 if pair.checked is None or pair.valid is not None or more_direct else 2


def works(session: Session, checklist: Checklist, pair: CandidatePair) -> bool:
    """Tell whether data could move to what a pair's check made valid."""
    valid = pair.valid
    if valid is None or valid not in checklist.valid or pair.state is PairState.FAILED:
        return False
    return has_consent(session, valid) and not valid.silent


def _due(session: Session, stream: Stream, pair: CandidatePair) -> float | None:
    generation, timings = stream.current, session.timings
    in_use = stream.sending.get(pair.component)
    doubted = None if in_use is None else asks_others(session, in_use)
    if pair.state is PairState.WAITING or (pair.state is PairState.IN_PROGRESS and doubted is None):
        return None
    if pair.state is PairState.FROZEN and not generation.checklist.is_spare(pair):
        return None
    if pair.checked is None:
        begins = (generation.completed_at or 0.0) + timings.free_after
        return begins if doubted is None else max(doubted, pair.formed)
    if doubted is not None:
        return doubted if pair.checked < doubted else pair.checked + SLOW_PROBE
    if works(session, generation.checklist, pair):
        return pair.checked + timings.spare
    selected = generation.selected[pair.component]
    if selected.relayed and not pair.relayed:
        return pair.checked + timings.spare_retry
    # What the peer checks may be about to work.
    lately = max(pair.formed, (pair.valid or pair).last_heard)
    pause = min(timings.spare_retry_ceiling, (pair.checked - lately) / 2)
    return pair.checked + max(timings.spare_retry, pause)
