"""Taking in a datagram: STUN to the part that waits for it, data to the driver (RFC 7983)."""

from typing import assert_never

from . import checks, doubt, gathering, relaying, stun
from .address import TransportAddress
from .base import Base
from .conclusion import validate
from .config import GatherPolicy
from .connection import Connection
from .demux import Protocol, classify
from .errors import DropReason
from .events import DataReceived
from .pair import PairStatistics
from .requests import handle_request
from .session import Session
from .stream import Stream
from .traffic import Traffic, add
from .transaction import AnyTransaction, PairRequest, RelayRequest, ServerRequest


def receive(
    session: Session,
    base: Base,
    source: TransportAddress,
    data: bytes,
    connection: Connection | None = None,
) -> bool:
    """Take a datagram that came to a base from `source`, relayed ones already unwrapped.

    `connection` is the one it came over, None for UDP. False for what cannot make anything due,
    as data of the application.
    """
    protocol = classify(data)
    if base.released and protocol is not Protocol.STUN:
        session.drop(DropReason.UNKNOWN_LOCAL_ADDRESS, local=str(base.address))
    elif protocol is Protocol.STUN and stun.looks_like_stun(data):
        return _receive_stun(session, base, source, data, connection)
    elif protocol is Protocol.CHANNEL:
        return _receive_relayed(session, base, source, data, connection)
    elif protocol in (Protocol.DTLS, Protocol.RTP, Protocol.STUN):
        receive_data(session, base, source, data)
    else:
        session.drop(DropReason.RESERVED_FIRST_BYTE, source=str(source))
    return False


def receive_data(session: Session, base: Base, source: TransportAddress, data: bytes) -> None:
    """Hand application data on, if its source has passed an authenticated check."""
    stream = session.streams[base.stream]
    if (base, source) not in stream.validated:
        session.drop(DropReason.UNVALIDATED_SOURCE, source=str(source))
        return
    stats = _path(stream, base, source)
    stats.packets_received += 1
    stats.bytes_received += len(data)
    stats.last_packet_received = session.now
    _notice(session, stream, base, source)
    if len(session.events) >= session.config.limits.events:
        session.drop(DropReason.TOO_MANY_EVENTS)
        return
    session.emit(DataReceived(stream.id, base.component, data, base.address, source))


def note_traffic(session: Session, base: Base, remote: TransportAddress, traffic: Traffic) -> None:
    """Count data that went between a base and `remote` past the agent."""
    stream = session.streams.get(base.stream)
    if stream is not None and base.component in stream.other_traffic:
        add(_path(stream, base, remote), traffic)
        if traffic.packets_received:
            _notice(session, stream, base, remote)


def _notice(
    session: Session,
    stream: Stream,
    base: Base,
    source: TransportAddress,
    *,
    by_check: bool = False,
) -> None:
    """The peer was heard over a pair, which need not be the one in use."""
    pair = stream.current.checklist.find(base, source)
    if pair is not None and pair.valid is not None:
        doubt.notice_elsewhere(session, stream, pair.valid, by_check=by_check)


def _path(stream: Stream, base: Base, source: TransportAddress) -> PairStatistics:
    """Find the counters of the pair data came over: until a restarted session has a valid pair
    there, the one before it (RFC 8445 §9)."""
    pair = stream.current.checklist.find(base, source)
    if stream.previous is not None and (pair is None or pair.valid is None):
        pair = stream.previous.checklist.find(base, source) or pair
    return stream.other_traffic[base.component] if pair is None else (pair.valid or pair).stats


def _receive_stun(
    session: Session,
    base: Base,
    source: TransportAddress,
    data: bytes,
    connection: Connection | None,
) -> bool:
    try:
        message = stun.parse(data)
    except stun.StunError as error:
        session.drop(DropReason.NOT_STUN, source=str(source), why=error.reason)
        return False
    kind = message.message_class
    if kind is stun.MessageClass.REQUEST:
        _receive_request(session, base, source, message)
    elif kind is stun.MessageClass.INDICATION:
        return _receive_indication(session, base, source, message, connection)
    else:
        _receive_response(session, base, source, message)
    return True


def _receive_request(
    session: Session, base: Base, source: TransportAddress, message: stun.Message
) -> None:
    if message.method != stun.Method.BINDING:
        session.drop(DropReason.UNKNOWN_METHOD, source=str(source))
        return
    hidden = session.config.gather_policy is GatherPolicy.RELAY and base.relay is None
    if hidden or base.released:
        # Answering would show the address that the policy hides.
        session.drop(DropReason.UNKNOWN_LOCAL_ADDRESS, source=str(source))
        return
    if handle_request(session, base, source, message):
        _heard(session, base, source)


def _heard(session: Session, base: Base, source: TransportAddress) -> None:
    stream = session.streams[base.stream]
    for generation in stream.generations():
        pair = generation.checklist.find(base, source)
        if pair is not None:
            (pair.valid or pair).heard = session.now
    _notice(session, stream, base, source, by_check=True)


def _receive_indication(
    session: Session,
    base: Base,
    source: TransportAddress,
    message: stun.Message,
    connection: Connection | None,
) -> bool:
    if message.method != stun.Method.BINDING:
        return _receive_relayed(session, base, source, message, connection)
    if message.unknown_required():
        session.drop(DropReason.UNKNOWN_ATTRIBUTES, source=str(source))
    return False


def _receive_relayed(
    session: Session,
    base: Base,
    source: TransportAddress,
    data: bytes | stun.Message,
    connection: Connection | None,
) -> bool:
    unwrapped = relaying.unwrap(session, base, source, data, connection)
    return unwrapped is not None and receive(session, *unwrapped)


def _receive_response(
    session: Session, base: Base, source: TransportAddress, message: stun.Message
) -> None:
    transaction = session.transactions.find(message.transaction_id)
    if transaction is None or message.method != transaction.method:
        session.drop(DropReason.UNKNOWN_TRANSACTION, source=str(source))
        return
    if message.message_class is stun.MessageClass.SUCCESS and message.unknown_required():
        session.drop(DropReason.UNKNOWN_ATTRIBUTES, source=str(source))
        return
    if base.released and not isinstance(transaction, RelayRequest):
        session.drop(DropReason.UNKNOWN_LOCAL_ADDRESS, local=str(base.address))
        return
    _judge_response(session, base, source, transaction, message)
    # A response that was not believed says nothing about the network.
    if transaction.done and transaction.retransmitted and source == transaction.remote:
        session.lossy = True


def _judge_response(
    session: Session,
    base: Base,
    source: TransportAddress,
    transaction: AnyTransaction,
    message: stun.Message,
) -> None:
    from_there = source == transaction.remote and base is transaction.base
    match transaction:
        case PairRequest():
            _receive_check_response(session, base, source, transaction, message)
        case ServerRequest() | RelayRequest() if not from_there:
            session.drop(DropReason.RESPONSE_WRONG_ADDRESS, source=str(source))
        case ServerRequest():
            stream = session.streams[base.stream]
            gathering.handle_response(session, stream, transaction, message)
        case RelayRequest():
            relaying.handle_response(session, transaction, message)
        case _:
            assert_never(transaction)


def _receive_check_response(
    session: Session,
    base: Base,
    source: TransportAddress,
    transaction: PairRequest,
    message: stun.Message,
) -> None:
    pair = transaction.pair
    checks.handle_response(session, transaction, message, base, source)
    # An error or a response from elsewhere ends the transaction too, and proves no path.
    path = (base, source) == (transaction.base, transaction.remote)
    proves = path and message.message_class is stun.MessageClass.SUCCESS
    if transaction.done and proves and (pair.valid or pair).consent is not None:
        (pair.valid or pair).heard = session.now
        validate(session, session.streams[pair.stream], base, source)
