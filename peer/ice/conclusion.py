"""Concluding ICE: selection, states, completion, failure (RFC 8445 §8)."""

from collections.abc import Iterable

from . import carrying
from .address import TransportAddress
from .base import Base
from .candidate import TransportProtocol
from .checklist import Checklist, ChecklistState
from .config import FreePolicy
from .events import (
    IceRole,
    IceState,
    PathInvalidated,
    PathValidated,
    SelectedPairChanged,
    SelectedPairLost,
    StateChanged,
)
from .nomination import replaces
from .pair import CandidatePair
from .pair_state import PairState, PairStep
from .session import Session
from .stream import Generation, Stream

_DONE = (PairState.SUCCEEDED, PairState.FAILED)

MAX_VALIDATED = 256
"""Sources data is accepted from before those without a pair are forgotten."""


def uses_renomination(session: Session, generation: Generation) -> bool:
    """Tell whether both sides agreed on renomination."""
    remote = generation.remote
    return session.config.renomination and remote is not None and remote.renomination


def keeps_spares(session: Session) -> bool:
    """Tell whether unselected pairs are kept, and checked now and then (see `sparing`)."""
    return session.config.free_policy is FreePolicy.KEEP and not session.config.lite


def nominate(session: Session, stream: Stream, generation: Generation, pair: CandidatePair) -> None:
    """A valid pair was nominated (RFC 8445 §7.2.5.3.4, §7.3.1.5, §8.1.2)."""
    pair.nominated = True
    selected = generation.selected.get(pair.component)
    if selected is not None and selected is not pair:
        alive = (
            selected in generation.checklist.valid
            and stream.responsive(pair.component)
            and not selected.silent
        )
        renomination = uses_renomination(session, generation)
        if alive and not replaces(
            pair, selected, renomination=renomination, follow_latest=generation.follow_latest
        ):
            return
    if selected is not pair:
        session.decide("select", pair=pair)
        generation.selected[pair.component] = pair
        _stop_component(session, generation, pair)
        complete(session, stream, generation)
    update(session, stream)


def _stop_component(session: Session, generation: Generation, selected: CandidatePair) -> None:
    """End the checks of the component's other pairs (RFC 8445 §8.1.2), which become spares.

    Better ones are checked on while they may still be nominated: filters on the way may open only
    when both sides check.
    """
    checklist, keeps = generation.checklist, keeps_spares(session)
    checklist.contested = keeps and may_be_replaced(session, generation)
    for pair in [pair for pair in checklist.pairs if pair.component == selected.component]:
        if pair is selected.generator or pair.state in _DONE or not checklist.is_spare(pair):
            continue
        if pair.state is PairState.IN_PROGRESS:
            for transaction in session.transactions.outstanding(pair):
                session.transactions.cancel(transaction)
        if keeps:
            session.checklists.set_aside(checklist, pair)
        else:
            session.checklists.discard(checklist, pair, "another pair was nominated")


def may_be_replaced(session: Session, generation: Generation) -> bool:
    """Tell whether a better pair may be nominated in the place of a selected one that works.

    With renomination, and by peers that may be of RFC 5245 or follow libwebrtc's ways; RFC 8445
    §8.1.1 has a second nomination only after a restart.
    """
    remote = generation.remote
    if uses_renomination(session, generation):
        return True
    peer_moves = remote is not None and not remote.nominates_once
    return peer_moves and session.role is IceRole.CONTROLLED


def complete(session: Session, stream: Stream, generation: Generation) -> None:
    """Conclude the checklist once each component has its pair (RFC 8445 §8.1.2)."""
    if generation is not stream.current or not _all_selected(stream, generation):
        return
    generation.checklist.state = ChecklistState.COMPLETED
    if generation.completed_at is None:
        generation.completed_at = session.now
    if stream.previous is not None:
        retire_previous(session, stream)


def _all_selected(stream: Stream, generation: Generation) -> bool:
    return all(component in generation.selected for component in stream.components)


def retire_previous(session: Session, stream: Stream) -> None:
    """Forget the generation before a restart: the new one has taken over (RFC 8445 §9)."""
    previous = stream.previous
    if previous is None:
        return
    stream.previous = None
    stream.remember(previous)
    stream.forget_key(previous)
    for component, pair in list(stream.sending.items()):
        if pair in previous.checklist.valid:
            del stream.sending[component]
    for transaction in session.transactions.pair_requests():
        if transaction.generation is previous:
            session.transactions.finish(transaction)


def update(session: Session, stream: Stream) -> None:
    """Choose what data is sent on and tell what changed."""
    for component in stream.components:
        pair = _choose(session, stream, component)
        if pair is None:
            stream.sending.pop(component, None)
        else:
            _send_on(session, stream, component, pair)
        stream.count_selection(component)
        _update_state(session, stream, component)


def _choose(session: Session, stream: Stream, component: int) -> CandidatePair | None:
    generation = stream.current
    selected = generation.selected.get(component)
    # A lite agent sends nothing before each component has its pair (RFC 8445 §12.1.1).
    waits = session.config.lite and not _all_selected(stream, generation)
    if selected is not None and selected in generation.checklist.valid and not waits:
        return selected
    current = stream.sending.get(component)
    if stream.previous is not None and current in stream.previous.checklist.valid:
        return current
    if session.config.lite:
        return None
    usable = [
        pair
        for pair in generation.checklist.valid
        if pair.component == component and has_consent(session, pair)
    ]
    if generation.completed_at is not None and current in usable and current.silent:
        # The selected pair is lost, and what took over from it is no better. The others are asked.
        return _working(session, generation, current) or current
    return max(usable, key=lambda pair: (not pair.silent, pair.priority), default=None)


def has_consent(session: Session, pair: CandidatePair) -> bool:
    """Tell whether data may be sent on a valid pair now (RFC 7675 §5.1).

    One that was not in use for a while has to be checked again before.
    """
    consent = pair.consent if session.config.consent else None
    return consent is None or not consent.expired(session.now)


def _regain_consent(session: Session, checklist: Checklist, component: int) -> None:
    """Check the valid pairs again when none of them has fresh consent (RFC 7675 §5.1)."""
    pairs = [pair for pair in checklist.valid if pair.component == component]
    if not any(has_consent(session, pair) for pair in pairs):
        for pair in pairs:
            session.checklists.trigger(checklist, pair.generator or pair)


def fail_over(session: Session, stream: Stream, pair: CandidatePair) -> None:
    """Turn to another pair that works, if there is one, when the selected one went silent.

    Before one is nominated there is nothing to turn from: only nominating selects (§8.1.1).
    """
    generation = stream.current
    if pair not in generation.checklist.valid or pair.component not in generation.selected:
        return
    best = _working(session, generation, pair)
    if best is not None:
        session.decide("fail over", pair=best)
        # As far as the peer knows.
        best.nominated = False
        generation.selected[pair.component] = best


def _working(session: Session, generation: Generation, pair: CandidatePair) -> CandidatePair | None:
    """Give the best other valid pair that was heard since the silence of one was tested."""
    tested = _put_to_test(pair)
    others = [
        other
        for other in generation.checklist.valid
        if other.component == pair.component
        and other.last_heard > pair.last_heard
        and other.last_heard >= tested
        and has_consent(session, other)
    ]
    return max(others, key=lambda other: other.priority, default=None)


def _put_to_test(pair: CandidatePair) -> float:
    """Give when the silence of a pair was put to the test.

    What was heard over others before that tells nothing: all may be silent now.
    """
    consent = pair.consent
    if consent is None:
        return pair.heard
    times = [] if consent.probe_sent is None else [consent.probe_sent]
    times += [consent.doubted] if consent.probed > pair.last_heard else []
    return min(times, default=pair.heard)


def _send_on(session: Session, stream: Stream, component: int, pair: CandidatePair) -> None:
    generation = stream.current
    nominated = generation.selected.get(component) is pair
    if stream.sending.get(component) is pair and stream.announced.get(component) == nominated:
        return
    moved = stream.sending.get(component) is not pair
    stream.sending[component] = pair
    stream.announced[component] = nominated
    base = pair.local.base
    if moved:
        stream.unresponsive.pop(component, None)
        if pair.consent is not None:
            pair.consent.resume(session.now, session.entropy(4))
    if base.relay is not None and nominated:
        base.relay.want_channel(pair.remote.address, session.now)
    session.emit(
        SelectedPairChanged(
            stream.id,
            component,
            pair.local.candidate,
            pair.remote,
            base.address,
            nominated,
            base.relay is None and base.transport is TransportProtocol.UDP,
            _state(stream, component),
        )
    )
    if moved:
        carrying.release(session, stream, pair)


def _update_state(session: Session, stream: Stream, component: int) -> None:
    state = _state(stream, component)
    if state is stream.states[component]:
        return
    stream.states[component] = state
    reason = stream.current.failure if state is IceState.FAILED else ""
    session.decide("state", stream=stream.id, component=component, state=state.value, why=reason)
    session.emit(StateChanged(stream.id, component, state, reason))


def _state(stream: Stream, component: int) -> IceState:
    generation = stream.current
    if component in stream.sending:
        if component in stream.unresponsive:
            return IceState.DISCONNECTED
        # The nominated pair may be lost since: data then goes on over another valid one.
        done = generation.checklist.state is ChecklistState.COMPLETED
        ended = generation.local_ended and generation.remote_ended
        if done and ended and component in generation.selected:
            return IceState.COMPLETED
        return IceState.CONNECTED
    if generation.checklist.state is ChecklistState.FAILED:
        return IceState.FAILED
    if generation.completed_at is not None:
        return IceState.DISCONNECTED
    # W3C RTCIceTransportState: a first generation without anybody to check waits, and is new.
    again = stream.previous is not None or stream.ended
    known = any(number == component for number, _, _ in generation.remote_candidates)
    return IceState.CHECKING if again or known else IceState.NEW


def evaluate(session: Session, stream: Stream) -> None:
    """Fail the checklist when nothing can succeed any more (RFC 8445 §7.2.5.4).

    Not before the PAC timer has expired (RFC 8863 §4), nor while candidates are expected
    (RFC 8838 §8); the PAC timer also ends the wait for a missing end-of-candidates.
    """
    generation = stream.current
    checklist = generation.checklist
    patience = generation.patience_until
    if checklist.state is not ChecklistState.RUNNING or patience is None:
        return
    if session.now < patience or not generation.local_ended:
        return
    for component in stream.components:
        if checklist.best_valid(component) is None:
            if next(checklist.unfinished(component), None) is None:
                fail(session, stream, "no candidate pair succeeded")
                return


def fail(session: Session, stream: Stream, reason: str) -> None:
    """Set the current checklist to Failed."""
    generation = stream.current
    generation.checklist.state = ChecklistState.FAILED
    generation.checklist.triggered.clear()
    generation.failure = reason
    update(session, stream)


def fail_nomination(session: Session, stream: Stream, valid: CandidatePair, reason: str) -> None:
    """A nominating check failed: its pair is not valid, its checklist Failed (§7.2.5.3.4).

    With another valid pair at hand that one is nominated instead; and nothing fails before the
    PAC timer has expired (RFC 8863 §4).
    """
    checklist, patience = stream.current.checklist, stream.current.patience_until
    spare = any(
        pair is not valid and pair.component == valid.component and has_consent(session, pair)
        for pair in checklist.valid
    )
    expired = patience is None or session.now >= patience
    if checklist.state is ChecklistState.RUNNING and expired and not spare:
        fail(session, stream, f"nomination failed: {reason}")
    drop_valid(session, stream, valid, reason)


def drop_valid(
    session: Session,
    stream: Stream,
    pair: CandidatePair,
    reason: str,
    *,
    others: Iterable[CandidatePair] = (),
) -> None:
    """A valid pair is no use any more: consent was lost or its nomination failed.

    With it go `others` of its component; what follows is for all of them together.
    """
    for each in (*others, pair):
        _take_out(session, stream, each, reason)
    was_in_use = stream.sending.get(pair.component) is pair
    if was_in_use:
        del stream.sending[pair.component]
        session.emit(SelectedPairLost(stream.id, pair.component, reason))
    checklist = stream.current.checklist
    if checklist.best_valid(pair.component) is not None:
        _regain_consent(session, checklist, pair.component)
    elif checklist.state is ChecklistState.COMPLETED and pair.component in stream.components:
        if pair.consent is not None and pair.consent.revoked:
            fail(session, stream, reason)
        else:
            _look_for_path(session, stream, pair.component)
    update(session, stream)
    now_used = stream.sending.get(pair.component)
    if was_in_use and now_used in checklist.valid:
        # So that the peer learns soon which way to take.
        session.checklists.trigger(checklist, now_used.generator or now_used)


def _take_out(session: Session, stream: Stream, pair: CandidatePair, reason: str) -> None:
    for generation in stream.generations():
        if pair not in generation.checklist.valid:
            continue
        generation.checklist.valid.remove(pair)
        if pair not in generation.checklist.pairs and pair not in generation.checklist.retired:
            generation.checklist.retire(pair, reason)
        _stop_checks(session, generation.checklist, pair, reason)
        if generation.selected.get(pair.component) is pair:
            del generation.selected[pair.component]
    invalidate(session, stream, pair)


def _look_for_path(session: Session, stream: Stream, component: int) -> None:
    """Check everything again, as no way is left: an address may be on its way, or a relay.

    It has as much time for that as consent would have had.
    """
    checklist = stream.current.checklist
    checklist.state = ChecklistState.RUNNING
    stream.current.patience_until = session.now + session.timings.consent_expiry
    for pair in checklist.pairs:
        if pair.component == component and pair.state is PairState.FAILED:
            pair.check_deadline = None
            session.checklists.trigger(checklist, pair)


def _stop_checks(session: Session, checklist: Checklist, pair: CandidatePair, reason: str) -> None:
    """Forget what is still asked over a pair that is valid no more: an answer that comes late
    revives nothing (RFC 7675 §5.1)."""
    for each in dict.fromkeys((pair, pair.generator or pair)):
        if each in checklist.triggered:
            checklist.triggered.remove(each)
        for transaction in session.transactions.outstanding(each):
            session.transactions.finish(transaction)
        each.nominating = False
        step = PairStep.LOSE if each is pair else PairStep.GIVE_UP
        session.checklists.move(each, step, reason)


def validate(session: Session, stream: Stream, base: Base, source: TransportAddress) -> None:
    """Accept data from `source` from now on: an authenticated message came from there."""
    if (base, source) not in stream.validated:
        if len(stream.validated) >= MAX_VALIDATED:
            _forget_strangers(session, stream)
        stream.validated.add((base, source))
        session.emit(PathValidated(stream.id, base.component, base.address, source))


def _forget_strangers(session: Session, stream: Stream) -> None:
    """Accept data no more from sources without a pair: a peer may check from any number."""
    known = {
        (pair.local.base, pair.remote.address)
        for generation in stream.generations()
        for pair in (*generation.checklist.pairs, *generation.checklist.valid)
    }
    strangers = stream.validated - known
    for base, source in sorted(strangers, key=lambda path: (path[0].address, path[1])):
        stream.validated.remove((base, source))
        session.emit(PathInvalidated(stream.id, base.component, base.address, source))


def invalidate(session: Session, stream: Stream, pair: CandidatePair) -> None:
    """Take back the leave to accept data from a pair's remote address."""
    base, remote = pair.local.base, pair.remote.address
    # After a restart another valid pair often has the same two ends.
    if has_valid_pair(stream, base, remote):
        return
    if (base, remote) in stream.validated:
        stream.validated.remove((base, remote))
        session.emit(PathInvalidated(stream.id, pair.component, base.address, remote))


def has_valid_pair(stream: Stream, base: Base, remote: TransportAddress) -> bool:
    """Tell whether a valid pair has these two ends."""
    return any(
        valid.local.base is base and valid.remote.address == remote
        for generation in stream.generations()
        for valid in generation.checklist.valid
    )
