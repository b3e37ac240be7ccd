"""Consent checks, keepalives and silence on the pairs in use (RFC 7675, RFC 8445 §11)."""

from . import doubt, stun
from .checks import start
from .conclusion import drop_valid, fail_over, has_consent, update
from .config import Timings
from .consent import Consent
from .pair import CandidatePair
from .session import Session
from .stream import Generation, Stream
from .transaction import Purpose

TURN = 1.2
"""How much longer who asked last waits for a sign of life."""


def _in_use(session: Session) -> list[tuple[Stream, Generation, CandidatePair]]:
    """List the pairs data is sent on, each with the generation it belongs to."""
    found = []
    for stream in session.streams.values():
        for pair in stream.sending.values():
            for generation in stream.generations():
                if pair in generation.checklist.valid:
                    found.append((stream, generation, pair))
                    break
    return found


def times(session: Session) -> list[float]:
    """Give the times of checks, keepalives and expiries."""
    found = doubt.times(session)
    for _, _, pair in _in_use(session):
        consent = pair.consent
        if consent is None or not session.config.consent:
            found.append(_next_keepalive(session.timings, pair))
            continue
        following = next_check(session, pair)
        found += [consent.expires, consent.next_check if following is None else following]
        if consent.probe_sent is not None:
            judged = consent.probe_sent + session.timings.liveness_timeout
            # The end of the wait for an answer is told of once.
            if judged > session.now:
                found.append(judged)
    return found


def _next_keepalive(timings: Timings, pair: CandidatePair) -> float:
    sent = pair.stats.last_packet_sent
    return max(sent or 0.0, pair.kept_alive, pair.valid_since or 0.0) + timings.keepalive


def next_check(session: Session, pair: CandidatePair) -> float | None:
    """Give when a pair in use is next checked without any cause: for consent, or for silence."""
    consent, liveness = pair.consent, session.timings.liveness
    if consent is None or not session.config.consent:
        return None
    if liveness is None or consent.probe_sent is not None:
        return consent.next_check
    return min(consent.next_check, _silent_at(liveness, consent, pair))


def _silent_at(liveness: float, consent: Consent, pair: CandidatePair) -> float:
    """Give when a check is due for want of any sign of life.

    Whose check was answered last lets the other side ask first: so they ask in turn, and each
    hears of the other by one check for both.
    """
    asked_last = consent.answered_at >= pair.last_heard
    return pair.last_heard + liveness * (TURN if asked_last else 1.0)


def expire(session: Session) -> None:
    """Take pairs out of use whose consent is over, and tell which stopped answering."""
    for stream, _, pair in _in_use(session):
        consent = pair.consent
        if consent is None or not session.config.consent:
            continue
        if consent.expired(session.now):
            consent.revoke()
            _lose_consent(session, stream, pair)
        elif consent.disconnected(session.now) and stream.responsive(pair.component):
            disconnect(session, stream, pair)
    doubt.judge(session)


def disconnect(session: Session, stream: Stream, pair: CandidatePair) -> None:
    """Tell that the pair in use is silent, and look for another that works."""
    stream.unresponsive[pair.component] = session.now
    session.decide("disconnected", pair=pair)
    fail_over(session, stream, pair)
    if stream.sending.get(pair.component) is pair:
        _ask_others(session, stream, pair)
    update(session, stream)


def _others(stream: Stream, pair: CandidatePair) -> list[CandidatePair]:
    """Give the other valid pairs of the component."""
    valid = stream.current.checklist.valid
    return [each for each in valid if each.component == pair.component and each is not pair]


def _ask_others(session: Session, stream: Stream, pair: CandidatePair) -> None:
    """Check the other valid pairs while the one in use is silent: one may still work."""
    for other in _others(stream, pair):
        session.checklists.trigger(stream.current.checklist, other.generator or other)


def _lose_consent(session: Session, stream: Stream, pair: CandidatePair) -> None:
    """Consent of the pair in use expired, and with it that of those that were silent as long.

    A little may be left of theirs: turning to them would tell of a connection that is not there.
    """
    silent_since = stream.unresponsive.get(pair.component)
    silent = [
        other
        for other in _others(stream, pair)
        if silent_since is not None
        and (other.heard <= silent_since or not has_consent(session, other))
    ]
    drop_valid(session, stream, pair, "consent expired", others=silent)


def keep_alive(session: Session) -> None:
    """Send indications where no consent checks run (RFC 8445 §11)."""
    for _, _, pair in _in_use(session):
        if pair.consent is not None and session.config.consent:
            continue
        if session.now >= _next_keepalive(session.timings, pair):
            pair.kept_alive = session.now
            indication = stun.build(
                stun.Method.BINDING, stun.MessageClass.INDICATION, session.entropy(12)
            )
            session.send(pair.local.base, pair.remote.address, indication)


def due_check(session: Session) -> tuple[Generation, CandidatePair, Purpose] | None:
    """Give a pair that needs a consent or liveness check now."""
    if not session.config.consent or session.config.lite:
        return None
    for stream, generation, pair in _in_use(session):
        consent = pair.consent
        if consent is None:
            continue
        if session.now >= consent.next_check:
            return generation, pair, Purpose.CONSENT
        following = next_check(session, pair)
        if following is not None and session.now >= following:
            return generation, pair, Purpose.LIVENESS
        probe = doubt.next_probe(session, stream, pair)
        if probe is not None and session.now >= probe and generation is stream.current:
            return generation, pair, Purpose.PROBE
    return None


def send_check(
    session: Session, generation: Generation, pair: CandidatePair, purpose: Purpose
) -> None:
    """Send a consent check, or an extra one because of silence."""
    assert pair.consent is not None
    pair.consent.sent_at = session.now
    if purpose is Purpose.CONSENT:
        pair.consent.schedule(session.now, session.entropy(4))
        pair.consent.sent(session.now)
        doubt.asked(session, pair)
    elif purpose is Purpose.PROBE:
        doubt.probed(session, pair)
    else:
        pair.consent.probe_sent = session.now
    start(session, generation, pair, purpose)


def postpone(session: Session, delay: float) -> None:
    """Extend consent after a stall: the responses may be waiting in the sockets."""
    for _, _, pair in _in_use(session):
        if pair.consent is not None:
            pair.consent.postpone(delay)
