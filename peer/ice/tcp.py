"""TCP connections: ICE-TCP candidates (RFC 6544) and those to TURN servers.

The agent asks for connections and is told of incoming ones; it never opens a socket.
"""

from . import relaying
from .address import TransportAddress
from .candidate import TcpType, TransportProtocol
from .conclusion import has_valid_pair
from .connection import Connection
from .errors import DropReason
from .events import ConnectionReleased, ConnectionRequested, ConnectionTransport
from .framing import FrameSplitter
from .inbound import receive
from .liveness import disconnect
from .pair import CandidatePair
from .pair_state import PairStep
from .session import Session
from .strangers import gives_way
from .streams import fail_pairs_on
from .stun import StunError


def wants_connection(session: Session, pair: CandidatePair) -> bool:
    """Tell whether a check has to wait for a connection that we open (RFC 6544 §7.1)."""
    base = pair.local.base
    if base.transport is not TransportProtocol.TCP:
        return False
    connection = session.connections.find(base, pair.remote.address)
    return connection is None or not connection.open


def connect(session: Session, pair: CandidatePair) -> None:
    """Ask for the connection of an active pair; its check follows when it is open."""
    session.checklists.move(pair, PairStep.PERFORM)
    base, remote = pair.local.base, pair.remote.address
    if session.connections.find(base, remote) is not None:
        return
    handle = session.connections.new_handle()
    session.connections.add(Connection(handle, base, remote, FrameSplitter(), requested=True))
    local = TransportAddress(base.address.host, 0)
    session.emit(ConnectionRequested(handle, ConnectionTransport.TCP, local, remote))


def opened(
    session: Session, handle: int | None, local: TransportAddress, remote: TransportAddress
) -> int | None:
    """A connection is open: a requested one, or an incoming one when `handle` is None."""
    connection = session.connections.get(handle) if handle is not None else None
    if handle is None:
        connection = _accept(session, local, remote)
    elif connection is None:
        session.drop(DropReason.UNKNOWN_CONNECTION)
    if connection is None:
        return None
    connection.open = True
    connection.opened_at = session.now
    stream = session.streams.get(connection.base.stream)
    if connection.requested and not connection.to_server and stream is not None:
        pair = stream.current.checklist.find(connection.base, remote)
        if pair is not None:
            pair.check_deadline = None
            session.checklists.trigger(stream.current.checklist, pair)
    return connection.handle


def _accept(
    session: Session, local: TransportAddress, remote: TransportAddress
) -> Connection | None:
    for stream in session.streams.values():
        for base in stream.bases:
            if base.tcp_type is TcpType.PASSIVE and base.address == local:
                oldest = gives_way(session.connections.all(), remote, session.config.limits)
                if oldest is not None:
                    session.drop(DropReason.TOO_MANY_CONNECTIONS, source=str(oldest.remote))
                    _abandon(session, oldest, "others wait")
                handle = session.connections.new_handle()
                connection = Connection(handle, base, remote, FrameSplitter(), requested=False)
                session.connections.add(connection)
                return connection
    session.drop(DropReason.UNKNOWN_CONNECTION)
    return None


def received(session: Session, handle: int, data: bytes) -> bool:
    """Take bytes from a connection; False when they cannot make anything due."""
    connection = session.connections.get(handle)
    if connection is None:
        session.drop(DropReason.UNKNOWN_CONNECTION)
        return False
    if not connection.authenticated:
        return _received_from_stranger(session, connection, data)
    try:
        packets = connection.splitter.feed(data)
    except StunError as error:
        session.drop(DropReason.NOT_STUN, why=error.reason)
        _abandon(session, connection, "its bytes make no sense")
        return True
    something_due = False
    for packet in packets:
        # RFC 4571 §2: an empty frame is valid, and says nothing.
        if packet and receive(session, connection.base, connection.remote, packet, connection):
            something_due = True
    return something_due


def _received_from_stranger(session: Session, connection: Connection, data: bytes) -> bool:
    """Take the few bytes and frames that are allowed before somebody authenticates."""
    limits = session.config.limits
    base, remote = connection.base, connection.remote
    allowed = limits.stranger_bytes - connection.stranger_bytes
    connection.stranger_bytes += len(data)
    something_due = False
    for packet in connection.splitter.feed(data[:allowed]):
        if not connection.authenticated:
            connection.stranger_frames += 1
            if not packet:
                return _refuse(session, connection, DropReason.STRANGER_EMPTY_FRAME)
            if connection.stranger_frames > limits.stranger_frames:
                return _refuse(session, connection, DropReason.STRANGER_TOO_MUCH)
        if packet and receive(session, base, remote, packet, connection):
            something_due = True
        stream = session.streams.get(base.stream)
        authenticates = stream is not None and (base, remote) in stream.validated
        if authenticates and not connection.authenticated and not _admit(session, connection):
            return True
    if len(data) <= allowed:
        return something_due
    if not connection.authenticated:
        return _refuse(session, connection, DropReason.STRANGER_TOO_MUCH)
    return received(session, connection.handle, data[allowed:]) or something_due


def _admit(session: Session, connection: Connection) -> bool:
    """Take a connection for the peer's; False when there are too many, all of valid pairs."""
    connection.authenticated = True
    admitted = [each for each in session.connections.all() if each.admitted]
    if len(admitted) <= session.config.limits.peer_connections:
        return True
    oldest = next((each for each in admitted if not _carries_valid_pair(session, each)), connection)
    session.drop(DropReason.TOO_MANY_CONNECTIONS, source=str(oldest.remote))
    _abandon(session, oldest, "the peer has opened too many")
    return oldest is not connection


def _carries_valid_pair(session: Session, connection: Connection) -> bool:
    stream = session.streams.get(connection.base.stream)
    return stream is not None and has_valid_pair(stream, connection.base, connection.remote)


def _refuse(session: Session, connection: Connection, reason: DropReason) -> bool:
    session.drop(reason, source=str(connection.remote))
    _abandon(session, connection, "a stranger")
    return True


def closed(session: Session, handle: int, reason: str) -> None:
    """A connection was closed, or could not be opened."""
    connection = session.connections.get(handle)
    if connection is not None:
        session.connections.remove(connection)
        _lost(session, connection, reason)


def _abandon(session: Session, connection: Connection, reason: str) -> None:
    session.connections.remove(connection)
    session.emit(ConnectionReleased(connection.handle))
    _lost(session, connection, reason)


def _lost(session: Session, connection: Connection, reason: str) -> None:
    if connection.to_server:
        relaying.handle_connection_lost(session, connection, reason)
        return
    stream = session.streams.get(connection.base.stream)
    if stream is None:
        return
    base, remote = connection.base, connection.remote
    pair = stream.current.checklist.find(base, remote)
    if pair is not None and pair.nominating and connection.open:
        for transaction in session.transactions.outstanding(pair):
            session.transactions.finish(transaction)
        reopen(session, pair)
    if session.connections.find(base, remote) is None:
        fail_pairs_on(session, stream, base, remote, reason)
    for component, pair in list(stream.sending.items()):
        if pair.local.base is base and pair.remote.address == remote:
            if stream.responsive(component):
                disconnect(session, stream, pair)
            if connection.open:
                reopen(session, pair)


def reopen(session: Session, pair: CandidatePair) -> None:
    """Open the connection of a pair in use again, if that is for us to do (RFC 6544 §11.1).

    That is done once when it was lost, and from then on with every consent check.
    """
    base, remote = pair.local.base, pair.remote.address
    if base.tcp_type is TcpType.ACTIVE and session.connections.find(base, remote) is None:
        connect(session, pair.generator or pair)


def close_idle(session: Session) -> None:
    """Close incoming connections on which nobody has authenticated in time (RFC 6544 §7.2)."""
    for connection in session.connections.all():
        due = connection.opened_at + session.timings.tcp_idle
        if not connection.authenticated and connection.open and session.now >= due:
            session.drop(DropReason.TCP_UNAUTHENTICATED, source=str(connection.remote))
            _abandon(session, connection, "nobody authenticated")


def times(session: Session) -> list[float]:
    """Give the times at which silent incoming connections are closed."""
    return [
        connection.opened_at + session.timings.tcp_idle
        for connection in session.connections.all()
        if not connection.authenticated and connection.open
    ]
