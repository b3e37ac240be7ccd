"""Spare pairs: what is left when a pair is selected, kept for its loss (RFC 8445 §8.3).

Selecting ends the ordinary checks of a component (RFC 8445 §8.1.2). From then on its other pairs
are spares, and some of them are checked now and then, one request at a time: the best of each local
interface, remote host and kind of path (direct, relayed), those that work before those that nobody
knows of yet, an equal part of each interface, so that the loss of one leaves those of another,
`Limits.spares` in all. One that works is checked each `Timings.spare`, so that data can move to it
at any time, and its mappings and filters stay open: with the next check of the pair in use after
that, for one wake-up, and because the peer doubts what is silent while another pair is not. One
that does not, and would be more direct than a relayed pair in use or has worked lately, is checked
each `Timings.spare_retry`: filters that open when both sides check open then; others ever more
rarely. A pair of an address that came later is checked at once: the peer learns of it as
peer-reflexive, whether or not it was signalled.

While the pair in use is in doubt (`doubt`), all pairs take turns, each at most once a second: those
first that have not been asked since, as one of a relay that is made again; of these what works, or
goes the way on which others have worked, over a relay of ours, of the peer's, of both or of none.

When the selected pair is lost, the one that data goes on over takes its place in all of this: the
peer need not nominate it soon, or ever.

A spare is enqueued when nothing else is left to check, so that the next one is chosen when its slot
has come.

Who controls takes a better spare by nominating it (`controlling`); the other side follows.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from . import liveness
from .candidate import CandidateType
from .checklist import Checklist, is_ready
from .conclusion import has_consent, keeps_spares
from .doubt import SLOW_PROBE, asks_others
from .pair import CandidatePair
from .pair_state import PairState
from .session import Session
from .stream import Generation


class _Spare(NamedTuple):
    """A spare that is checked at `due`; the one with the lowest `place` goes first."""

    checklist: Checklist
    pair: CandidatePair
    due: float
    place: tuple[float, bool]


def check_spares(session: Session) -> None:
    """Enqueue the check of the first spare that is due, when nothing else is left to check."""
    if not session.checklists.idle:
        return
    due = [spare for spare in _spares(session) if session.now >= spare.due]
    for checklist, pair, _, _ in sorted(due, key=lambda spare: spare.place):
        for transaction in session.transactions.outstanding(pair):
            session.transactions.cancel(transaction)
        pair.check_deadline = None
        session.checklists.trigger(checklist, pair)
        # What waits for the permission of a relay lets others go first.
        if is_ready(pair):
            return


def times(session: Session) -> list[float]:
    """Give the times at which spares are to be checked."""
    if not session.checklists.idle:
        # The next slot is waited for.
        return []
    # One that is chosen just now may have been due long ago, and nobody is late.
    return [max(session.now, spare.due) for spare in _spares(session)]


def _spares(session: Session) -> Iterator[_Spare]:
    """Give the spares that are checked, and when each is due."""
    if not keeps_spares(session):
        return
    for stream in session.streams.values():
        generation = stream.current
        if generation.completed_at is None:
            continue
        for component in stream.components:
            in_use = stream.sending.get(component)
            selected = generation.selected.get(component) or in_use
            if selected is not None:
                doubted = None if in_use is None else asks_others(session, in_use)
                yield from _beside(session, generation, selected, doubted)


def _beside(
    session: Session, generation: Generation, selected: CandidatePair, doubted: float | None
) -> Iterator[_Spare]:
    checklist = generation.checklist
    others = [
        pair
        for pair in checklist.pairs
        if pair.component == selected.component and pair is not (selected.generator or selected)
    ]
    others.sort(key=lambda pair: _rank(session, checklist, selected, pair))
    if doubted is None:
        others = _chosen(session, others)
    proven = set() if doubted is None else _proven(checklist)
    for pair in others:
        due = _due(session, generation, selected, pair, doubted)
        if due is not None:
            asked = pair.checked or 0.0
            again = asked if doubted is None or asked >= doubted else 0.0
            promising = works(session, checklist, pair) or _way(pair) in proven
            yield _Spare(checklist, pair, due, (again, not promising))


def _proven(checklist: Checklist) -> set[tuple[bool, bool]]:
    """Give the ways on which a pair has ever worked."""
    known = (*checklist.valid, *checklist.pairs, *checklist.retired)
    return {_way(pair) for pair in known if pair.valid_since is not None}


def _way(pair: CandidatePair) -> tuple[bool, bool]:
    """Tell whether a pair goes over a relay of ours, and of the peer's."""
    relayed = CandidateType.RELAYED
    return pair.local.candidate.type is relayed, pair.remote.type is relayed


def _chosen(session: Session, others: list[CandidatePair]) -> list[CandidatePair]:
    """Choose the spares of a component to be checked: an equal part of each local interface."""
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


def _after_check_in_use(session: Session, spare: CandidatePair, earliest: float) -> float:
    """Give when a spare is checked together with the pair in use: one wake-up, and the peer hears
    both."""
    in_use = session.streams[spare.stream].sending.get(spare.component)
    if in_use is None or in_use.consent is None or in_use.consent.sent_at >= earliest:
        return earliest
    return max(earliest, liveness.next_check(session, in_use) or earliest)


def _due(
    session: Session,
    generation: Generation,
    selected: CandidatePair,
    pair: CandidatePair,
    doubted: float | None,
) -> float | None:
    timings = session.timings
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
        return _after_check_in_use(session, pair, pair.checked + timings.spare)
    if selected.relayed and not pair.relayed:
        return pair.checked + timings.spare_retry
    # What the peer checks may be about to work.
    lately = max(pair.formed, (pair.valid or pair).last_heard)
    pause = min(timings.spare_retry_ceiling, (pair.checked - lately) / 2)
    return pair.checked + max(timings.spare_retry, pause)
