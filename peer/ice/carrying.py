"""What of a DTLS handshake leaves in which message, and what is heard of it (see `embedding`).

A flight waits in the embedding of its component. Every check and every answer carries a part of
it, as long as the embedding lasts; once there is a pair to send on, a new flight is sent over it
at once as well, as plain datagrams, and again, with a check, when nothing has acknowledged it for
a round trip. A datagram of the peer's that comes in a message is handed to DTLS before that
message is answered, so that the answer has the next flight already. DTLS may do that within this
one step alone: it is asked by `Session.embedded`, and calls nothing of the agent's meanwhile.
"""

from collections.abc import Sequence
from typing import Any

from . import stun
from .embedding import MAX_BODY, Embedding, HandshakeStage, Heard, Load
from .pair import CandidatePair
from .session import Session
from .stream import Generation, Stream
from .transaction import PairRequest

Attributes = Sequence[tuple[stun.Attribute[Any], Any]]


_NOTHING = Embedding(enabled=False)


def of(stream: Stream, component: int, generation: Generation) -> Embedding:
    """Give the embedding that messages of a generation have part in.

    Where a handshake began with the current one it is with another peer than that of the one
    before, which is told nothing of it, and not heard.
    """
    embedding = stream.embeddings.get(component, _NOTHING)
    began_now = embedding.since is stream.current
    return _NOTHING if began_now and generation is not stream.current else embedding


def load(embedding: Embedding, attributes: Attributes) -> Load:
    """Give what a message with these attributes is to carry."""
    if not embedding.active:
        return Load()
    size = len(stun.build(0, 0, bytes(12), attributes, fingerprint=False)) - stun.HEADER_LENGTH
    return embedding.load(MAX_BODY - size)


def attributes(carried: Load) -> Attributes:
    """Give the attributes that carry something, in the order of the draft."""
    found: list[tuple[stun.Attribute[Any], Any]] = []
    if carried.acknowledged is not None:
        found.append((stun.DTLS_IN_STUN_ACK, carried.acknowledged))
    if carried.datagram is not None:
        found.append((stun.DTLS_IN_STUN_DATA, carried.datagram))
    return found


def hear(
    session: Session,
    stream: Stream,
    generation: Generation,
    component: int,
    message: stun.Message,
    *,
    answers: PairRequest | None = None,
) -> None:
    """Take what an authenticated message carries, a request or one that `answers` ours."""
    embedding = of(stream, component, generation)
    if not embedding.active:
        return
    answered = None
    if answers is not None:
        if not answers.carries:
            return
        embedding.spent, answered = 0, answers.carried
    before = embedding.state
    acknowledged = message.get_valid(stun.DTLS_IN_STUN_ACK)
    if acknowledged is None and stun.DTLS_IN_STUN_ACK.type in message.values:
        # One that cannot be read still tells that the peer knows what it is.
        acknowledged = ()
    datagram = message.get(stun.DTLS_IN_STUN_DATA)
    fresh = embedding.hear(Heard(acknowledged, datagram, answered))
    if fresh is not None:
        flight = session.embedded(stream.id, component, fresh)
        if flight:
            set_flight(session, stream, component, flight)
    embedding.settle()
    if embedding.state is not before:
        told = embedding.state.value
        session.decide("embedding", stream=stream.id, component=component, state=told)


def set_flight(
    session: Session, stream: Stream, component: int, datagrams: Sequence[bytes]
) -> None:
    """Send a flight of our handshake: on the pair in use, and in messages while they carry it."""
    embedding = stream.embeddings[component]
    embedding.replace(datagrams)
    pair = stream.sending.get(component)
    if pair is not None:
        _send(session, pair, datagrams)
        _sent(session, embedding, pair)


def release(session: Session, stream: Stream, pair: CandidatePair) -> None:
    """There is a pair to send on: send on it what has not reached the peer in checks."""
    embedding = stream.embeddings[pair.component]
    waiting = list(embedding.flight)
    _send(session, pair, waiting[: embedding.fresh] if embedding.active else waiting)
    _sent(session, embedding, pair)


def _sent(session: Session, embedding: Embedding, pair: CandidatePair) -> None:
    embedding.fresh = 0
    embedding.schedule(session.now, pair.stats.current_round_trip_time)
    if not embedding.active:
        embedding.replace(())


def _send(session: Session, pair: CandidatePair, datagrams: Sequence[bytes]) -> None:
    for datagram in datagrams:
        if session.send(pair.local.base, pair.remote.address, datagram):
            pair.stats.packets_sent += 1
            pair.stats.bytes_sent += len(datagram)
            pair.stats.last_packet_sent = session.now


def note_stage(
    session: Session, stream: Stream, component: int, stage: HandshakeStage, datagram: bytes
) -> None:
    """Take what DTLS tells of its handshake."""
    embedding = stream.embeddings[component]
    match stage:
        case HandshakeStage.BEGUN:
            remote = stream.current.remote
            enabled = session.config.embed_handshake
            embedding = Embedding(enabled=enabled, since=stream.current)
            stream.embeddings[component] = embedding
            if remote is not None:
                embedding.meet(remote.embedding)
        case HandshakeStage.HEARD:
            embedding.note(datagram)
        case HandshakeStage.OVER:
            embedding.complete()
        case _:
            embedding.finish(proven=stage is HandshakeStage.PROVEN)


def due(session: Session) -> tuple[Stream, Generation, CandidatePair] | None:
    """Give a pair in use on which a flight is due again."""
    for stream, pair, at in _waiting(session):
        if session.now >= at:
            for generation in stream.generations():
                if pair in generation.checklist.valid:
                    return stream, generation, pair
    return None


def times(session: Session) -> list[float]:
    """Give the times at which flights are due again; what is due waits for its slot."""
    return [at for *_, at in _waiting(session) if at > session.now]


def _waiting(session: Session) -> list[tuple[Stream, CandidatePair, float]]:
    """Give the pairs in use on which a flight is to be sent again, and when."""
    found: list[tuple[Stream, CandidatePair, float]] = []
    if session.config.lite:
        return found
    for stream in session.streams.values():
        for component, embedding in stream.embeddings.items():
            if embedding.repeat_at is not None and component in stream.sending:
                found.append((stream, stream.sending[component], embedding.repeat_at))
    return found


def repeat(session: Session, stream: Stream, pair: CandidatePair) -> None:
    """Send the datagrams of a flight again but the one that a check is to carry."""
    embedding = stream.embeddings[pair.component]
    embedding.repeats += 1
    _send(session, pair, list(embedding.flight)[1:])
    embedding.schedule(session.now, pair.stats.current_round_trip_time)
