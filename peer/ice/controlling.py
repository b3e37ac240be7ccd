"""The controlling agent's part: deciding when to nominate and doing it (RFC 8445 §8.1.1)."""

from .candidates import is_learned
from .checklist import ChecklistState
from .conclusion import uses_renomination
from .events import IceRole
from .nomination import Outlook, nomination_time
from .pair import CandidatePair
from .session import Session
from .stream import Generation


def consider_nominations(session: Session) -> None:
    """Nominate where it is time; remember per generation when to look again."""
    nominates = session.role is IceRole.CONTROLLING and not session.config.lite
    for stream in session.streams.values():
        generation = stream.current
        generation.nominate_at = None
        if not nominates:
            continue
        if generation.checklist.state is not ChecklistState.RUNNING:
            if uses_renomination(session, generation):
                _renominate(session, generation)
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
    outlook = Outlook(
        best=best,
        since=generation.valid_since[component],
        better=len(better),
        more_direct=sum(pair.detour < best.detour for pair in better),
        lossy=session.lossy,
        ta=session.pacer.ta,
        expecting=not (generation.local_ended and generation.remote_ended),
        unexplained=not generation.remote_ended and is_learned(generation, best.remote),
    )
    when = nomination_time(outlook, session.config.nomination)
    if session.now >= when:
        start_nomination(session, generation, best)
    elif generation.nominate_at is None or when < generation.nominate_at:
        generation.nominate_at = when


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


def _renominate(session: Session, generation: Generation) -> None:
    """With renomination a better pair that became valid later takes over."""
    for component, selected in generation.selected.items():
        best = generation.checklist.best_valid(component)
        if best is None or best is selected or best.priority <= selected.priority:
            continue
        if not (best.generator or best).nominating:
            start_nomination(session, generation, best)
