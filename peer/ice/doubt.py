"""Doubt: finding out soon that the pair in use works no more.

What leaves ought to bring something back: data does on most calls, checks always do. When nothing
has come for `Timings.silence` since, the pair is doubted, and when the peer is heard over another
pair instead it is after `QUIET`. A pair in doubt is probed: a check each `Timings.probe_interval`,
or one and a half round trips where these are longer. With the second probe all other pairs are
asked too (`sparing`). When three probes have had that long for an answer, or one where the peer is
heard elsewhere, the pair counts as silent, and data moves to one that was heard since the doubt
began; later than that as soon as one is. A pair that is silent is probed once a second until its
consent expires: it may come back. So is one that is disconnected, whatever is heard: only an answer
connects it again, and the next check of consent is seconds away. With the probes the TURN servers
are asked whether they still know our allocations, permissions and channels: what is lost is made
again.

All of this is ours to decide (RFC 8445 §8.1.1 selects, RFC 7675 §5.1 says when to cease).
"""

from collections.abc import Iterator

from .conclusion import fail_over, update
from .pair import CandidatePair
from .session import Session
from .stream import Stream

PROBES = 3
"""Probes without an answer that make a pair silent."""
ROUND_TRIPS = 1.5
"""Round trips that an answer may take."""
SLOW_PROBE = 1.0
"""Seconds between the probes of a silent pair."""
QUIET = 0.1
"""Seconds without a word on a pair that say something while the peer is heard elsewhere; as long
has a probe then for its answer."""
APART = 2.0
"""Seconds that a pair may be quiet which answers probes and brings nothing else, while the peer is
heard elsewhere: it sends another way than we do, as a peer does that nominates several pairs."""


def notice_elsewhere(
    session: Session, stream: Stream, heard: CandidatePair, *, by_check: bool = False
) -> None:
    """The peer was heard over a valid pair that may not be the one in use."""
    pair = stream.sending.get(heard.component)
    if pair is None or pair is heard or pair.consent is None:
        return
    if by_check and session.now < pair.heard + QUIET:
        # Checks of spares follow those of the pair in use (`sparing`).
        return
    if pair.consent.missed <= pair.last_heard < session.now:
        pair.consent.missed = session.now
        pair.consent.look_at = max(session.now, pair.last_heard + _patience(pair, QUIET))
        session.timer_known = False


def times(session: Session) -> list[float]:
    """Give the times at which probes are due, and judged."""
    found = []
    for stream, pair in _in_use(session):
        consent = pair.consent
        if consent is None:
            continue
        probes = _probes(pair) or not stream.responsive(pair.component)
        due = next_probe(session, stream, pair) if probes else consent.look_at
        if due is not None:
            found.append(due)
    return found


def asked(session: Session, pair: CandidatePair) -> None:
    """A consent check leaves: look in time whether it was answered."""
    silence, consent = session.timings.silence, pair.consent
    if silence is not None and consent is not None:
        look_at = session.now + silence
        consent.look_at = look_at if consent.look_at is None else min(consent.look_at, look_at)


def answered(session: Session, pair: CandidatePair) -> None:
    """An answer has come: there is nothing to look for but where data has left of late."""
    consent, silence = pair.consent, session.timings.silence
    if consent is None or silence is None or consent.look_at is None:
        return
    if (pair.stats.last_packet_sent or 0.0) <= session.now - silence:
        consent.look_at = None


def _look_again(session: Session, pair: CandidatePair) -> None:
    """Say when to look the next time; while nothing leaves, only when there is another reason to.

    Data that leaves or comes wakes nobody, so that it is not known before: what should have been
    looked at is looked at now.
    """
    consent, silence = pair.consent, session.timings.silence
    if consent is None or silence is None:
        return
    if consent.look_at is not None and session.now < consent.look_at:
        return
    due = _doubted_at(session, pair)
    quiet_at = pair.last_heard + _patience(pair, silence)
    if due is None and quiet_at > session.now:
        if (pair.stats.last_packet_sent or 0.0) > pair.last_heard - silence:
            due = quiet_at
    consent.look_at = None if due is None else max(due, session.now)


def next_probe(session: Session, stream: Stream, pair: CandidatePair) -> float | None:
    """Give the time of the next probe of a pair in use, None while it is not in doubt."""
    consent, begins = pair.consent, _doubted_at(session, pair)
    if consent is None or session.timings.silence is None:
        return None
    if not stream.responsive(pair.component):
        return consent.probed + SLOW_PROBE
    if begins is None:
        return None
    if _probes(pair) == 0:
        return None if consent.look_at is None else max(begins, consent.look_at)
    return consent.probed + (SLOW_PROBE if pair.silent else _wait(session, pair))


def probed(session: Session, pair: CandidatePair) -> None:
    """A probe leaves."""
    consent = pair.consent
    assert consent is not None
    if not _probes(pair):
        consent.probes = 0
        consent.doubted = min(session.now, _doubted_at(session, pair) or session.now)
    consent.probes += 1
    consent.probed = session.now
    # A relay that forgot us says so only when it is asked.
    for base in session.streams[pair.stream].bases:
        if base.relay is not None:
            base.relay.verify(session.now)


def asks_others(session: Session, pair: CandidatePair) -> float | None:
    """Give when the doubt began for which spare pairs are asked in place of the one in use."""
    if pair.consent is None or _doubted_at(session, pair) is None or _probes(pair) < 2:
        return None
    return pair.consent.doubted


def judge(session: Session) -> None:
    """Turn from pairs that had time enough for an answer."""
    for stream, pair in list(_in_use(session)):
        _look_again(session, pair)
        consent = pair.consent
        if consent is None or pair.silent or _doubted_at(session, pair) is None:
            continue
        if _probes(pair) >= (1 if _is_elsewhere(pair) else PROBES):
            if session.now >= consent.probed + _wait(session, pair):
                pair.silent_since = session.now
                session.decide("silent", pair=pair)
                fail_over(session, stream, pair)
                update(session, stream)


def _in_use(session: Session) -> Iterator[tuple[Stream, CandidatePair]]:
    if session.timings.silence is None or not session.config.consent or session.config.lite:
        return
    for stream in session.streams.values():
        for pair in stream.sending.values():
            if pair in stream.current.checklist.valid:
                yield stream, pair


def _doubted_at(session: Session, pair: CandidatePair) -> float | None:
    consent, heard = pair.consent, pair.last_heard
    silence = session.timings.silence
    if consent is None or silence is None:
        return None
    begins = []
    if (pair.stats.last_packet_sent or 0.0) > heard:
        begins.append(heard + _patience(pair, silence))
    if consent.asked is not None:
        begins.append(max(consent.asked, heard) + silence)
    if consent.missed > heard:
        begins.append(max(consent.missed, heard + _patience(pair, QUIET)))
    return min(begins, default=None)


def _probes(pair: CandidatePair) -> int:
    """Count the probes since anything was heard."""
    consent = pair.consent
    return 0 if consent is None or consent.probed <= pair.last_heard else consent.probes


def _patience(pair: CandidatePair, usual: float) -> float:
    """Return how long a pair may be quiet: longer where the peer sends another way for good."""
    consent, data = pair.consent, pair.stats.last_packet_received or 0.0
    if consent is None or not data < consent.probed <= pair.heard:
        return usual
    return APART if consent.missed >= consent.probed else usual


def _is_elsewhere(pair: CandidatePair) -> bool:
    """Tell whether the peer was last heard over another pair."""
    return pair.consent is not None and pair.consent.missed > pair.last_heard


def _wait(session: Session, pair: CandidatePair) -> float:
    round_trip = pair.stats.current_round_trip_time or 0.0
    shortest = QUIET if _is_elsewhere(pair) else session.timings.probe_interval
    return max(shortest, ROUND_TRIPS * round_trip)
