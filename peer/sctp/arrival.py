"""What the chunks of a packet do, in their order (RFC 9260 §6.10)."""

import struct
from collections.abc import Callable

from google_crc32c import extend

from . import setup
from .config import MAX_RECEIVED
from .drops import SctpDrop
from .events import IncomingReset, MessageRefused, OutgoingReset
from .heartbeat import is_of_our_make
from .inbound import SACK_EVERY_OURS, Inbound, NoRoomError
from .packets import Chunk, read_chunks
from .reassembly import ContradictionError
from .resets import (
    BAD_SEQUENCE,
    DENIED,
    IN_PROGRESS,
    NOTHING_TO_DO,
    PERFORMED,
    Request,
    may_stand_together,
    read_request,
)
from .session import SctpState, Session
from .wire import (
    ABORT,
    ADD_OUTGOING,
    CHECKSUM,
    CHUNK_HEADER,
    COMMON_HEADER,
    COOKIE_ACK,
    COOKIE_ECHO,
    DATA,
    ERROR,
    FORWARD_TSN,
    HEARTBEAT,
    HEARTBEAT_ACK,
    I_DATA,
    I_FORWARD_TSN,
    INCOMING_RESET,
    INIT,
    INIT_ACK,
    LONG,
    NO_CHECKSUM,
    OUT_OF_RESOURCE,
    OUTGOING_RESET,
    PAIR,
    PROTOCOL_VIOLATION,
    RE_CONFIG,
    REFLECTED,
    RESET_RESPONSE,
    SACK,
    SACK_HEAD,
    SHUTDOWN,
    SHUTDOWN_ACK,
    SHUTDOWN_COMPLETE,
    STALE_COOKIE,
    UNRECOGNIZED_CHUNK,
    has_checksum,
    read_parameters,
    write_chunk,
    write_parameter,
)

MAX_BLOCKS_READ = 300
"""Gap blocks of a SACK, and streams of a FORWARD-TSN, that are looked at; an MTU has no more."""
_MAX_QUOTED = 64
_MAX_ERRORS = 4
_KNOWN = frozenset({PAD := 132, 12, 13})

_Handler = Callable[[Session, bytes, int, int, int, float], None]


def receive(session: Session, packet: bytes, now: float) -> None:
    """Take a packet; what is wrong with it is counted."""
    if session.state is SctpState.ENDED or session.state is SctpState.CLOSED:
        session.drops[SctpDrop.CLOSED] += 1
    elif packet[:8] != session.expected:
        _receive_odd(session, packet, now)
    elif not _is_intact(session, packet):
        session.drops[SctpDrop.BAD_CHECKSUM] += 1
    else:
        chunks = _chunks(session, packet)
        if chunks and chunks[0][0] == COOKIE_ECHO:
            _receive_cookie(session, packet, chunks, now)
        elif chunks:
            _act(session, packet, chunks, now)


def _is_intact(session: Session, packet: bytes) -> bool:
    if packet[8:12] == NO_CHECKSUM and session.zero_checksum:
        return True
    found: int = extend(session.expected_sum, packet[COMMON_HEADER:])
    return packet[8:12] == CHECKSUM.pack(found)


def _chunks(session: Session, packet: bytes) -> list[Chunk]:
    found = read_chunks(packet) if len(packet) <= MAX_RECEIVED else None
    if found is None:
        session.drops[SctpDrop.MALFORMED] += 1
        return []
    chunks, skipped = found
    if skipped:
        session.drops[SctpDrop.TOO_MANY_CHUNKS] += skipped
    return chunks


def _receive_odd(session: Session, packet: bytes, now: float) -> None:
    """Take a packet without our tag: few kinds of chunks may come so (§8.4, §8.5.1)."""
    if packet[:4] != session.expected[:4] or len(packet) < COMMON_HEADER + CHUNK_HEADER:
        wrong = len(packet) >= COMMON_HEADER + CHUNK_HEADER
        session.drops[SctpDrop.WRONG_PORT if wrong else SctpDrop.MALFORMED] += 1
        return
    if not has_checksum(packet):
        session.drops[SctpDrop.BAD_CHECKSUM] += 1
        return
    chunks = _chunks(session, packet)
    if not chunks:
        return
    kind, flags, start, end = chunks[0]
    (tag,) = LONG.unpack_from(packet, 4)
    peer_tag = None if session.agreement is None else session.agreement.remote.tag
    if kind == INIT and tag == 0:
        setup.on_init(session, packet[start + CHUNK_HEADER : end], now)
    elif kind == COOKIE_ECHO:
        _receive_cookie(session, packet, chunks, now)
    elif flags & REFLECTED and tag == peer_tag and kind in (ABORT, SHUTDOWN_COMPLETE):
        _act(session, packet, chunks[:1], now)
    else:
        session.drops[SctpDrop.WRONG_TAG] += 1


def _receive_cookie(session: Session, packet: bytes, chunks: list[Chunk], now: float) -> None:
    _, _, start, end = chunks[0]
    (tag,) = LONG.unpack_from(packet, 4)
    if setup.on_cookie_echo(session, packet[start + CHUNK_HEADER : end], tag, now):
        _act(session, packet, chunks[1:], now)


def _act(session: Session, packet: bytes, chunks: list[Chunk], now: float) -> None:
    try:
        for kind, flags, start, end in chunks:
            handler = _HANDLERS.get(kind)
            if handler is not None:
                handler(session, packet, flags, start, end, now)
            elif not _pass_over(session, packet, kind, start, end):
                break
        if session.inbound is not None and session.state is not SctpState.ENDED:
            _end_packet(session, session.inbound, now)
    except ContradictionError:
        violate(session, "fragments that are of no message")
    except NoRoomError:
        abort(session, OUT_OF_RESOURCE, "a message that there is no room for")


def _end_packet(session: Session, inbound: Inbound, now: float) -> None:
    _deliver(session, inbound)
    if inbound.is_reset_due:
        session.events.append(IncomingReset(inbound.finish_reset()))
        if session.incoming_resets.in_progress:
            session.answer(session.incoming_resets.finish())
        _deliver(session, inbound)
    if inbound.errors:
        causes, inbound.errors = inbound.errors[:_MAX_ERRORS], []
        for cause, value in causes:
            session.answer(write_chunk(ERROR, write_parameter(cause, value)))
    if inbound.end_packet(now, session.round_trip.rto / 2):
        session.send_sack(inbound.sack())


def _deliver(session: Session, inbound: Inbound) -> None:
    """Hand out the messages in their turn, and tell of those that were too long."""
    ordering = inbound.reassembly.ordering
    if ordering.ready:
        session.events.extend(ordering.ready)
        ordering.ready.clear()
    if ordering.refused:
        session.drops[SctpDrop.MESSAGE_TOO_LONG] += len(ordering.refused)
        session.events.extend(map(MessageRefused, ordering.refused))
        ordering.refused.clear()
    if ordering.stale:
        session.drops[SctpDrop.WRONG_SEQUENCE] += ordering.stale
        ordering.stale = 0


def abort(session: Session, cause: int, reason: str) -> None:
    """End the association because of what the peer did, and tell it so."""
    text = write_parameter(cause, reason.encode())
    tag = 0 if session.agreement is None else session.agreement.remote.tag
    session.end(reason, cause)
    session.send_alone(write_chunk(ABORT, text), tag)


def violate(session: Session, reason: str) -> None:
    """End the association: the peer has broken the protocol."""
    session.drops[SctpDrop.CONTRADICTION] += 1
    abort(session, PROTOCOL_VIOLATION, reason)


def _pass_over(session: Session, packet: bytes, kind: int, start: int, end: int) -> bool:
    """Tell whether the chunks after an unknown one count (§3.2)."""
    if kind in _KNOWN:
        return True
    session.drops[SctpDrop.UNKNOWN_CHUNK] += 1
    if kind & 0x40 and session.agreement is not None:
        quoted = packet[start : min(end, start + _MAX_QUOTED)]
        session.answer(write_chunk(ERROR, write_parameter(UNRECOGNIZED_CHUNK, quoted)))
    return bool(kind & 0x80)


# DATA and what acknowledges it


def _on_data(
    session: Session, packet: bytes, flags: int, start: int, end: int, _now: float
) -> None:
    inbound = session.receiver
    if inbound is None:
        return
    if session.outbound.queue.mixed:
        violate(session, "DATA where I-DATA was agreed on")
    else:
        inbound.data(packet, flags, start, end)


def _on_i_data(
    session: Session, packet: bytes, flags: int, start: int, end: int, _now: float
) -> None:
    inbound = session.receiver
    if inbound is None:
        return
    if not session.outbound.queue.mixed:
        violate(session, "I-DATA where DATA was agreed on")
    else:
        inbound.i_data(packet, flags, start, end)


def _on_sack(session: Session, packet: bytes, _: int, start: int, end: int, now: float) -> None:
    _, _, _, cumulative, window, gaps, duplicates = SACK_HEAD.unpack_from(packet, start)
    if session.state is SctpState.COOKIE_WAIT or session.state is SctpState.SHUTDOWN_ACK_SENT:
        session.drops[SctpDrop.UNEXPECTED] += 1
        return
    if end - start < SACK_HEAD.size + 4 * (gaps + duplicates):
        session.drops[SctpDrop.MALFORMED] += 1
        return
    at = start + SACK_HEAD.size
    pairs = [
        PAIR.unpack_from(packet, at + 4 * index) for index in range(min(gaps, MAX_BLOCKS_READ))
    ]
    count = min(duplicates, MAX_BLOCKS_READ)
    twice = struct.unpack_from(f"!{count}L", packet, at + 4 * gaps) if count else ()
    drop = session.outbound.on_sack(cumulative, window, pairs, now, duplicates=twice)
    if drop is not None:
        session.drops[drop] += 1


def _on_forward(session: Session, packet: bytes, _: int, start: int, end: int, _now: float) -> None:
    _forward(session, packet, start, end, mixed=False)


def _on_i_forward(
    session: Session, packet: bytes, _: int, start: int, end: int, _now: float
) -> None:
    _forward(session, packet, start, end, mixed=True)


def _forward(session: Session, packet: bytes, start: int, end: int, *, mixed: bool) -> None:
    inbound = session.receiver
    if inbound is None:
        return
    if mixed != session.outbound.queue.mixed:
        violate(session, "a FORWARD-TSN of the other kind than was agreed on")
        return
    (point,) = LONG.unpack_from(packet, start + CHUNK_HEADER)
    skipped: dict[tuple[int, bool], int] = {}
    size = 8 if mixed else 4
    first = start + CHUNK_HEADER + LONG.size
    for at in range(first, min(end - size, first + size * MAX_BLOCKS_READ) + 1, size):
        stream, number = PAIR.unpack_from(packet, at)
        if mixed:
            skipped[stream, bool(number & 1)] = LONG.unpack_from(packet, at + 4)[0]
        else:
            skipped[stream, False] = number
    inbound.forward(point, skipped)


# Streams


def _on_re_config(
    session: Session, packet: bytes, _: int, start: int, end: int, now: float
) -> None:
    parameters = read_parameters(packet[start + CHUNK_HEADER : end])
    inbound = session.receiver
    if inbound is None:
        return
    if parameters is None or not may_stand_together(parameters):
        session.drops[SctpDrop.MALFORMED] += 1
        return
    for parameter in parameters:
        if parameter.kind == RESET_RESPONSE:
            _on_response(session, parameter.value, now)
            continue
        resets, received = session.incoming_resets, inbound.received
        request = read_request(parameter, resets.number, received.cumulative)
        if request is None:
            session.drops[SctpDrop.MALFORMED] += 1
        else:
            _on_request(session, inbound, request)


def _on_response(session: Session, body: bytes, now: float) -> None:
    done = session.outgoing_resets.on_response(body, now)
    if done is None:
        return
    streams, performed = done
    for stream in streams:
        if performed:
            session.outbound.queue.restart(stream)
        session.outbound.queue.hold(stream, held=False)
    session.events.append(OutgoingReset(streams, performed))


def _on_request(session: Session, inbound: Inbound, request: Request) -> None:
    resets = session.incoming_resets
    known = resets.judge(request)
    result = _perform(session, inbound, request) if known is None else known
    if result in (DENIED, BAD_SEQUENCE):
        session.drops[SctpDrop.RESET_REFUSED] += 1
    session.answer(resets.answer(request, result))
    inbound.sack_now = True


def _perform(session: Session, inbound: Inbound, request: Request) -> int:
    """Do what a request asks for; returns the result."""
    if request.kind == OUTGOING_RESET:
        if not inbound.reset(request.last, request.streams):
            return IN_PROGRESS
        _deliver(session, inbound)
        session.events.append(IncomingReset(request.streams))
        return PERFORMED
    if request.kind == INCOMING_RESET:
        used = session.outbound.queue.used(request.streams)
        session.outgoing_resets.want(used)
        return PERFORMED if used else NOTHING_TO_DO
    if request.kind == ADD_OUTGOING:
        return PERFORMED if inbound.add_streams(request.more) else DENIED
    return DENIED


# The rest


def _on_heartbeat(
    session: Session, packet: bytes, _: int, start: int, end: int, _now: float
) -> None:
    if session.agreement is None or end - start > session.room:
        session.drops[SctpDrop.UNEXPECTED] += 1
        return
    body = packet[start + CHUNK_HEADER : end]
    session.answer(write_chunk(HEARTBEAT_ACK, body))
    if session.inbound is not None and is_of_our_make(body):
        session.inbound.every = SACK_EVERY_OURS


def _on_heartbeat_ack(
    session: Session, packet: bytes, _: int, start: int, end: int, now: float
) -> None:
    if not session.heartbeat.on_answer(packet[start + CHUNK_HEADER : end], now):
        session.drops[SctpDrop.UNEXPECTED] += 1


def _on_abort(session: Session, packet: bytes, _: int, start: int, end: int, _now: float) -> None:
    causes = read_parameters(packet[start + CHUNK_HEADER : end])
    cause = causes[0].kind if causes else None
    session.end("the peer has aborted the association", cause)


def _on_error(session: Session, packet: bytes, _: int, start: int, end: int, now: float) -> None:
    causes = read_parameters(packet[start + CHUNK_HEADER : end]) or []
    if any(cause.kind == STALE_COOKIE for cause in causes):
        setup.on_stale_cookie(session, now)


def _on_init(session: Session, packet: bytes, _: int, start: int, end: int, now: float) -> None:
    # With a tag, which an INIT has not.
    session.drops[SctpDrop.WRONG_TAG] += 1


def _on_init_ack(session: Session, packet: bytes, _: int, start: int, end: int, now: float) -> None:
    setup.on_init_ack(session, packet[start + CHUNK_HEADER : end], now)


def _on_cookie_ack(
    session: Session, _packet: bytes, _: int, _start: int, _end: int, now: float
) -> None:
    setup.on_cookie_ack(session, now)


def _on_shutdown(
    session: Session, packet: bytes, _: int, start: int, _end: int, now: float
) -> None:
    if session.state not in (SctpState.ESTABLISHED, SctpState.SHUTDOWN_RECEIVED):
        session.drops[SctpDrop.UNEXPECTED] += 1
        return
    session.state = SctpState.SHUTDOWN_RECEIVED
    (cumulative,) = LONG.unpack_from(packet, start + CHUNK_HEADER)
    outbound = session.outbound
    outbound.on_sack(cumulative, outbound.window, [], now)


def _on_shutdown_ack(
    session: Session, _packet: bytes, _: int, _start: int, _end: int, _now: float
) -> None:
    if session.state is not SctpState.SHUTDOWN_ACK_SENT or session.agreement is None:
        session.drops[SctpDrop.UNEXPECTED] += 1
        return
    # Both sides have begun to shut down (§9.2).
    session.send_alone(write_chunk(SHUTDOWN_COMPLETE), session.agreement.remote.tag)
    session.end()


def _on_shutdown_complete(
    session: Session, _packet: bytes, _: int, _start: int, _end: int, _now: float
) -> None:
    if session.state is SctpState.SHUTDOWN_ACK_SENT:
        session.end()


_HANDLERS: dict[int, _Handler] = {
    DATA: _on_data,
    I_DATA: _on_i_data,
    SACK: _on_sack,
    FORWARD_TSN: _on_forward,
    I_FORWARD_TSN: _on_i_forward,
    RE_CONFIG: _on_re_config,
    HEARTBEAT: _on_heartbeat,
    HEARTBEAT_ACK: _on_heartbeat_ack,
    ABORT: _on_abort,
    ERROR: _on_error,
    INIT: _on_init,
    INIT_ACK: _on_init_ack,
    COOKIE_ACK: _on_cookie_ack,
    SHUTDOWN: _on_shutdown,
    SHUTDOWN_ACK: _on_shutdown_ack,
    SHUTDOWN_COMPLETE: _on_shutdown_complete,
}
