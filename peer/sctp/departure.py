"""Putting packets together: what is due, control chunks before data (RFC 9260 §6.10)."""

from .establishment import INTERVAL
from .session import SctpState, Session
from .wire import SHUTDOWN_ACK, write_chunk

BURST = 32
"""Packets with data that one call puts together; more wait for the next, which is due at once."""
_SACK_ROOM = 16
MAX_FAREWELLS = 10
"""SHUTDOWN ACKs that a peer may leave without an answer (RFC 9260 §9.2)."""


def packets(session: Session, now: float) -> list[bytes]:
    """Return the packets that are to be sent now."""
    made, session.alone = session.alone, []
    if session.state is SctpState.CLOSED or session.state is SctpState.ENDED:
        return made
    _begin_resets(session, now)
    for _ in range(BURST):
        packet = _bundle(session, now)
        if packet is None:
            session.more = False
            _end_if_done(session, now)
            return made
        made.append(packet)
    session.more = True
    return made


def _begin_resets(session: Session, now: float) -> None:
    """Ask for the reset of streams on which nothing waits any more (RFC 6525 §5.1.2)."""
    resets, queue = session.outgoing_resets, session.outbound.queue
    if not resets.is_idle() or session.state is not SctpState.ESTABLISHED:
        return
    flight = session.outbound.flight
    ready = [stream for stream in resets.wanted if queue.is_drained(stream)]
    last = flight.next_tsn - 1
    for stream in resets.begin(ready, session.incoming_resets.number, last, now):
        queue.hold(stream, held=True)
    if ready:
        session.outbound.breakpoints.append(last)


def _bundle(session: Session, now: float) -> bytes | None:
    """Return the next packet, None when nothing is due."""
    first, session.cookie_chunk = session.cookie_chunk, b""
    chunks = [first] if first else []
    room = session.room - len(first)
    control = _control(session, room, now)
    for chunk in control:
        room -= len(chunk)
    inbound = session.inbound
    news = inbound is not None and inbound.has_news
    if inbound is not None and inbound.is_due(now, company=bool(control)):
        chunks.append(inbound.sack())
        room -= len(chunks[-1])
        news = False
    data: list[bytes] = []
    if session.is_sending or first:
        data = session.outbound.fill(room - _SACK_ROOM if news else room, now)
    if inbound is not None and data and news:
        chunks.append(inbound.sack())
    chunks += control
    chunks += data
    if data:
        session.heartbeat.put_off(now)
    return session.seal(chunks, zero=not first) if chunks else None


def _control(session: Session, room: int, now: float) -> list[bytes]:
    """Return the control chunks that are due and fit."""
    chunks: list[bytes] = []
    if session.is_sending:
        if chunk := session.outbound.forward(now):
            chunks.append(chunk)
        if chunk := session.outgoing_resets.due(now):
            chunks.append(chunk)
        if session.heartbeat.at <= now:
            chunks.append(session.heartbeat.ask(now))
    answers = session.answers
    if answers:
        room -= sum(map(len, chunks))
        while answers and len(answers[0]) <= room:
            room -= len(answers[0])
            chunks.append(answers.pop(0))
    return chunks


def _end_if_done(session: Session, now: float) -> None:
    """Answer a SHUTDOWN once the peer has all (§9.2)."""
    if session.state is not SctpState.SHUTDOWN_RECEIVED:
        return
    outbound = session.outbound
    if not outbound.flight.outstanding and outbound.queue.is_empty:
        session.state = SctpState.SHUTDOWN_ACK_SENT
        repeat_shutdown(session, now)


def repeat_shutdown(session: Session, now: float) -> None:
    """Send SHUTDOWN ACK (T2), and be over when nothing comes of many."""
    assert session.agreement is not None
    if session.farewells == MAX_FAREWELLS:
        session.end()
        return
    session.farewells += 1
    session.send_alone(write_chunk(SHUTDOWN_ACK), session.agreement.remote.tag)
    session.closing_at = now + INTERVAL
