"""The controlling agent's part: deciding when to nominate and doing it (RFC 8445 §8.1.1)."""

from .candidates import is_learned
from .checklist import ChecklistState
from .conclusion import uses_renomination
from .events import IceRole
from .nomination import Outlook, nomination_time
from .pair import CandidatePair
from .session import Session
from .sparing import works
from .stream import Generation, Stream


def consider_nominations(session: Session) -> None:
    """Nominate where it is time; remember per generation when to look again."""
    nominates = session.role is IceRole.CONTROLLING and not session.config.lite
    for stream in session.streams.values():
        generation = stream.current
        generation.nominate_at = None
        if not nominates:
            continue
        if generation.checklist.state is not ChecklistState.RUNNING:
            _nominate_again(session, stream, generation)
            continue
        for component in stream.components:
            if component not in generation.selected:
                _consider(session, generation, component)


def _consider(session: Session, generation: Generation, component: int) -> None:
    checklist = generation.checklist
    best = checklist.best_valid(component)
    if best is None or any(
        pair.nominating for pair in checklist.pairs if pair.component == component
    ):
        return
    better = [pair for pair in checklist.unfinished(component) if pair.priority > best.priority]
    session.lossy = session.lossy or _shows_loss(session, better)
    signalled = generation.remote_ended or not is_learned(generation, best.remote)
    outlook = Outlook(
        best=best,
        since=generation.valid_since[component],
        better=len(better),
        more_direct=sum(pair.detour < best.detour for pair in better),
        lossy=session.lossy,
        ta=session.pacer.ta,
        expecting=not (generation.local_ended and generation.remote_ended),
        learned=None if signalled else (best.generator or best).formed,
    )
    when = nomination_time(outlook, session.config.nomination)
    if session.now >= when:
        start_nomination(session, generation, best)
    elif generation.nominate_at is None or when < generation.nominate_at:
        generation.nominate_at = when


def _shows_loss(session: Session, awaited: list[CandidatePair]) -> bool:
    """Tell whether a check had to be repeated where the peer was heard before: the filters on the
    way are open, so that it was lost, or its answer."""
    return any(
        transaction.peer_heard and transaction.retransmitted and transaction.pair in awaited
        for transaction in session.transactions.pair_requests()
    )


def start_nomination(session: Session, generation: Generation, valid: CandidatePair) -> None:
    """Repeat the check that made a pair valid, now with USE-CANDIDATE (RFC 8445 §8.1.1)."""
    pair = valid.generator or valid
    pair.nominating = True
    pair.check_deadline = None
    if uses_renomination(session, generation):
        session.renomination += 1
        pair.nomination_value = valid.nomination_value = session.renomination
    session.checklists.trigger(generation.checklist, pair)
    session.decide("nominate", pair=valid)


def _nominate_again(session: Session, stream: Stream, generation: Generation) -> None:
    """After the conclusion: nominate what data moved to when the selected pair was lost, and a
    better pair that has begun to work, where the peer may follow."""
    checklist = generation.checklist
    for component in stream.components:
        pairs = [pair for pair in checklist.pairs if pair.component == component]
        if any(pair.nominating for pair in pairs):
            continue
        wanted = generation.selected.get(component) or stream.sending.get(component)
        if wanted is None or wanted not in checklist.valid:
            continue
        if wanted.nominated and _follows_better(session, generation):
            working = [pair.valid for pair in pairs if works(session, checklist, pair)]
            better = [one for one in working if one is not None and one.priority > wanted.priority]
            wanted = max(better, key=lambda pair: pair.priority, default=wanted)
        if not wanted.nominated or wanted is not generation.selected.get(component):
            start_nomination(session, generation, wanted)


def _follows_better(session: Session, generation: Generation) -> bool:
    """Tell whether the peer takes a further nomination of higher priority (RFC 5245 §8.1.1.2)."""
    remote = generation.remote
    followed = remote is not None and not remote.nominates_once
    return followed or uses_renomination(session, generation)
