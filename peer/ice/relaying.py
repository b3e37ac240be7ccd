"""Gathering relayed candidates: allocations on TURN servers (RFC 8445 §5.1.1.2, RFC 8656)."""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from . import stun, turn
from .address import TransportAddress, is_ipv6
from .base import Base
from .binding import ServerBinding
from .candidates import announce_reflexive, announce_relayed, makes_use_of_late
from .config import GatherPolicy, StunServer
from .connection import Connection
from .errors import DropReason
from .events import (
    BaseRequested,
    ConnectionReleased,
    ConnectionRequested,
    ConnectionTransport,
    GatheringFailed,
)
from .freeing import close_base
from .gathering import UNREACHABLE, gathering_timeout, keep
from .relay import RelayTask
from .server_addresses import time_for_one
from .session import Session
from .stream import AwaitedBase, Stream
from .streams import drop_base, fail_pairs
from .transaction import RelayRequest

_STREAMS = {
    turn.TurnTransport.TCP: ConnectionTransport.TCP,
    turn.TurnTransport.TLS: ConnectionTransport.TLS,
}
_BINDS_WITHOUT_ALLOCATION = (486, 508)
"""A server short of resources may still tell the mapped address (RFC 8445 §5.1.1.2)."""
_LEAVING = (turn.AllocationState.ABANDONING, turn.AllocationState.RELEASING)
"""An allocation that is being given back; another one can only follow it."""
LOSS_PAUSE = 60.0
"""Longest wait, in seconds, with a server that loses allocations, or is away since it lost one: it
is asked at once, after one second, two, four and so on, until an allocation lasts for as long."""

MAX_LOSSES = 8
"""Losses in a row that are counted: the pause grows no more."""


def gather(session: Session, base: Base, servers: Iterable[turn.TurnServer]) -> None:
    """Create the tasks for a base: one for each of these servers that is of its family."""
    if base.transport.value != "udp" or session.config.lite:
        return
    for server in servers:
        if is_ipv6(server.address.host) != base.ipv6:
            continue
        if server.transport is turn.TurnTransport.DTLS:
            reason = "TURN over DTLS is not supported"
            session.emit(
                GatheringFailed(base.stream, base.address, server.url, UNREACHABLE, reason)
            )
        elif base.shared and not server.transport.over_tcp:
            _want_own_port(session, base)
        else:
            session.relays.append(RelayTask(base, server, _allocation(session, base, server)))


def _want_own_port(session: Session, base: Base) -> None:
    """Ask for a port that no other allocation is asked for from, unless there is one."""
    stream = session.streams[base.stream]
    here = (base.component, base.address.host)
    own = (each for each in stream.bases if each.relay is None and not each.shared)
    udp = (each for each in own if each.transport is base.transport)
    if any((each.component, each.address.host) == here for each in udp):
        return
    if all((each.component, each.host) != here for each in stream.awaited):
        _request_base(session, stream, base)


def _request_base(session: Session, stream: Stream, via: Base) -> None:
    until = session.now + session.timings.gathering
    stream.awaited.append(AwaitedBase(via.component, via.address.host, until))
    session.emit(BaseRequested(via.stream, via.component, via.address.host))


def _allocation(session: Session, via: Base, server: turn.TurnServer) -> turn.Allocation:
    attempt = session.local_ports.get((via.stream, via.component, server.url), 1)
    return turn.Allocation(server, entropy=session.entropy, local_port_attempt=attempt)


def _begin(session: Session, task: RelayTask) -> None:
    """Ask for another allocation."""
    task.begin(_allocation(session, task.via, task.server))


def is_pending(session: Session, stream: Stream) -> bool:
    """Tell whether the stream's gathering waits for a TURN server."""
    if any(session.now < each.until for each in stream.awaited):
        return True
    return any(task.pending and task.via.stream == stream.id for task in session.relays)


def _is_wanted(session: Session, stream: Stream | None) -> bool:
    """Tell whether a new allocation could be of use to a stream.

    After the end of gathering only who keeps spare pairs checks from it.
    """
    if stream is None:
        return False
    generation = stream.current
    return not generation.local_ended or makes_use_of_late(session, generation)


def next_time(session: Session) -> float | None:
    """Give the time a task next has something to do, None when it only waits."""
    times = [_time(session, task) for task in session.relays]
    return min((time for time in times if time is not None), default=None)


def _time(session: Session, task: RelayTask) -> float | None:
    if task.retry_at is not None:
        wanted = _is_wanted(session, session.streams.get(task.via.stream))
        return task.retry_at if wanted else None
    if task.ended:
        return None
    if not task.connected:
        return None if task.connection is not None else float("-inf")
    return task.allocation.next_time()


def wanted(session: Session) -> RelayTask | None:
    """Give the task whose turn is next."""
    return next((task for task in session.relays if _is_due(session, task)), None)


def _is_due(session: Session, task: RelayTask) -> bool:
    time = _time(session, task)
    return time is not None and time <= session.now


def go_on(session: Session) -> None:
    """Send what follows an answer of a TURN server: credentials, permissions, channels, refreshes.

    No slot is waited for: no mapping is made (RFC 8445 §B.1), and answers pace one at a time.
    """
    for task in session.relays:
        if task.connected and task.allocation.is_clocked and _is_due(session, task):
            _start(session, task)


def start_one(session: Session) -> bool:
    """Start the next request to a TURN server, if one is due."""
    for task in session.relays:
        if not _is_due(session, task):
            continue
        if task.retry_at is not None:
            _begin(session, task)
        if not task.connected:
            _connect(session, task)
            return True
        if _start(session, task):
            session.relays.remove(task)
            session.relays.append(task)
            return True
    return False


def _start(session: Session, task: RelayTask) -> bool:
    request = task.allocation.start(session.now)
    if request is None:
        return False
    _send_request(session, task, request)
    return True


def _connect(session: Session, task: RelayTask) -> None:
    """Ask the driver for the connection to the server (RFC 8656 §3.1)."""
    handle = session.connections.new_handle()
    remote = task.allocation.server.address
    connection = Connection(
        handle, task.via, remote, turn.MessageSplitter(), to_server=True, requested=True
    )
    task.connection = connection
    session.connections.add(connection)
    transport = _STREAMS[task.server.transport]
    local = TransportAddress(task.via.address.host, 0)
    session.emit(ConnectionRequested(handle, transport, local, remote, task.domain, to_server=True))


def _send_request(session: Session, task: RelayTask, request: turn.TurnRequest) -> None:
    transaction = RelayRequest(request, task)
    transaction.rto = gathering_timeout(session, sum(each.pending for each in session.relays))
    handle = task.connection.handle if task.connection is not None else None
    session.send_raw(task.via, transaction.remote, request.data, handle)
    timeout = session.timings.tcp_transaction if handle is not None else None
    session.transactions.start(transaction, session.now, timeout=timeout)
    limit = session.timings.gathering
    if task.pending:
        limit = time_for_one(task.server, limit)
    session.transactions.limit(transaction, session.now + limit)


def handle_response(session: Session, transaction: RelayRequest, message: stun.Message) -> None:
    """Give a response to its allocation; what it does not believe changes nothing."""
    task = transaction.task
    events = task.allocation.handle_response(message, session.now)
    if not task.allocation.awaits(transaction.tid):
        session.transactions.finish(transaction)
    _apply(session, task, events)


def handle_timeout(session: Session, transaction: RelayRequest) -> None:
    """Tell an allocation that a request was not answered."""
    task = transaction.task
    _apply(session, task, task.allocation.handle_timeout(transaction.tid, session.now))


def handle_connection_lost(session: Session, connection: Connection, reason: str) -> None:
    """A connection to a server is gone, and the allocation with it (RFC 8656 §3.1)."""
    for task in [task for task in session.relays if task.connection is connection]:
        task.connection = None
        _apply(session, task, task.allocation.handle_connection_lost(session.now, reason))


def _apply(session: Session, task: RelayTask, events: list[turn.AllocationEvent]) -> None:
    for event in events:
        match event:
            case turn.Allocated():
                _take_relayed(session, task, event)
            case turn.AllocationFailed():
                _give_up(session, task, event)
            case turn.AllocationLost():
                _lose(session, task, event.reason)
            case turn.ServerRedirected():
                task.domain = event.domain or task.domain
                _release_connection(session, task)
            case turn.PermissionGranted():
                session.checklists.wake()
            case turn.PermissionDenied():
                reason = f"permission denied: {event.code} {event.reason}"
                for base in task.bases:
                    fail_pairs(session, session.streams[base.stream], base, event.host, reason)
            case turn.ChannelBound() | turn.ChannelDenied():
                pass
            case turn.Released():
                _end(session, task)
            case _:
                assert_never(event)


def _end(session: Session, task: RelayTask) -> None:
    """The allocation is deleted; the base it was made from may go too, or be of use again after
    a restart."""
    task.ended = True
    task.bases.clear()
    _release_connection(session, task)
    via = task.via
    if task.again and not via.released:
        _begin(session, task)
    if via.released and not any(each.via is via and not each.ended for each in session.relays):
        close_base(session, via)


def _take_relayed(session: Session, task: RelayTask, event: turn.Allocated) -> None:
    stream = session.streams.get(task.via.stream)
    if stream is None or not _is_wanted(session, stream):
        task.allocation.release(session.now)
        return
    # Of a server that is lost later every address may be alive again.
    task.tried = 0
    server, via = task.allocation.server, task.via
    overt_udp = not task.server.transport.over_tcp
    mapped = task.allocation.mapped
    if mapped is None and event.mapped is not None:
        session.drop(DropReason.MAPPED_ADDRESS_UNUSABLE, address=str(event.mapped))
    if mapped is not None and overt_udp:
        keep(session, via, StunServer(server.address, task.server.url), mapped)
        announce_reflexive(session, stream, via, mapped, server.address.host, task.server.url)
    for address in event.relayed:
        base = Base(
            via.stream,
            via.component,
            address,
            network=via.network,
            relay=task.allocation,
            via=via,
            server_connection=task.connection.handle if task.connection is not None else None,
        )
        base.local_preference = via.local_preference
        task.bases.append(base)
        stream.bases.append(base)
        _announce(session, stream, task, base)


def _announce(session: Session, stream: Stream, task: RelayTask, base: Base) -> None:
    # Whoever uses relays only does so to hide the mapped address (RFC 8839 §5.1).
    hides = session.config.gather_policy is GatherPolicy.RELAY
    announce_relayed(
        session,
        stream,
        base,
        None if hides else task.allocation.mapped,
        task.allocation.server.address.host,
        task.server.url,
        task.server.transport.value,
    )


def _give_up(session: Session, task: RelayTask, event: turn.AllocationFailed) -> None:
    via = task.via
    if event.code == UNREACHABLE and not via.released and task.try_another():
        _release_connection(session, task)
        _begin(session, task)
        return
    task.ended = True
    task.retry_at = event.retry_at if event.remedy is turn.Remedy.LATER else None
    _release_connection(session, task)
    if event.code == UNREACHABLE and task.losses and not via.released:
        # It was there, and may come back.
        task.tried = 0
        task.retry_at = session.now + _pause(task)
        return
    session.emit(GatheringFailed(via.stream, via.address, event.url, event.code, event.reason))
    stream = session.streams.get(via.stream)
    if event.remedy is turn.Remedy.NEW_PORT and stream is not None:
        key = (via.stream, via.component, task.server.url)
        session.local_ports[key] = session.local_ports.get(key, 1) + 1
        _request_base(session, stream, via)
    if event.code in _BINDS_WITHOUT_ALLOCATION and not task.server.transport.over_tcp:
        server = StunServer(task.allocation.server.address, task.server.url)
        session.bindings.append(ServerBinding(via, server, reports=False))


def _lose(session: Session, task: RelayTask, reason: str) -> None:
    """The allocation is gone: its candidates with it, and a new one is asked for (§5)."""
    stream = session.streams.get(task.via.stream)
    bases, task.bases = task.bases, []
    for base in bases:
        if stream is not None and base in stream.bases:
            drop_base(session, stream, base, f"allocation lost: {reason}")
    _release_connection(session, task)
    if session.now >= task.lost_at + LOSS_PAUSE:
        task.losses = 0
    task.lost_at = session.now
    pause = _pause(task)
    if task.via.released or not _is_wanted(session, stream):
        task.ended = True
    elif pause:
        task.ended, task.retry_at = True, session.now + pause
    else:
        _begin(session, task)
    for other in session.relays:
        if other.server.address.host == task.server.address.host:
            other.allocation.verify(session.now)


def _pause(task: RelayTask) -> float:
    """Count a loss, and say how long to wait before the server is asked again."""
    pause = min(LOSS_PAUSE, 2.0 ** (task.losses - 1)) if task.losses else 0.0
    task.losses = min(task.losses + 1, MAX_LOSSES)
    return pause


def _release_connection(session: Session, task: RelayTask) -> None:
    if task.connection is not None:
        session.connections.remove(task.connection)
        session.emit(ConnectionReleased(task.connection.handle))
        task.connection = None


def unwrap(
    session: Session,
    base: Base,
    source: TransportAddress,
    data: bytes | stun.Message,
    connection: Connection | None = None,
) -> tuple[Base, TransportAddress, bytes] | None:
    """Unpack ChannelData or a Data indication from a TURN server.

    One base may have allocations over UDP and TCP on the same server: `connection` tells them
    apart (RFC 8656 §3.2). Returns the relayed base it came to, the peer and its data; None when
    it was dropped.
    """
    tasks = [
        task
        for task in session.relays
        if task.via is base
        and task.allocation.server.address == source
        and task.server.transport.over_tcp is (connection is not None)
        and task.connection is connection
    ]
    for task in tasks:
        content = task.allocation.unwrap(data, session.now)
        if isinstance(content, tuple):
            peer, payload = content
            for relayed in task.bases:
                if relayed.ipv6 == is_ipv6(peer.host):
                    return relayed, peer, payload
        elif isinstance(content, turn.PeerUnreachable):
            session.decide("icmp", peer=str(content.peer), type=content.type, code=content.code)
            return None
        elif task is tasks[-1]:
            session.drop(content, source=str(source))
            return None
    session.drop(DropReason.RELAY_UNEXPECTED, source=str(source))
    return None


def restart(session: Session, stream: Stream) -> None:
    """Offer live allocations again in a new generation; ask anew for failed ones."""
    for task in session.relays:
        if task.via.stream != stream.id or task.via.released:
            continue
        live = [base for base in task.bases if not base.released]
        for base in live:
            _announce(session, stream, task, base)
        if not live and (task.bases or task.allocation.state in _LEAVING):
            task.again = True
        elif task.ended:
            task.tried = 0
            _begin(session, task)


def update_credentials(session: Session, url: str, username: str, credential: str) -> None:
    """Give new credentials to what uses a server, and to what will."""
    for i, server in enumerate(session.turn_servers):
        if server.url == url:
            session.turn_servers[i] = replace(server, username=username, credential=credential)
    for task in session.relays:
        if task.server.url == url:
            task.server = replace(task.server, username=username, credential=credential)
            task.allocation.update_credentials(username, credential)


def say_farewell(session: Session) -> None:
    """Queue one deleting request for each live allocation (RFC 8656 §8)."""
    for task in session.relays:
        task.allocation.release(session.now)
        request = task.allocation.start(session.now) if task.connected else None
        if request is not None:
            _send_request(session, task, request)


def forget(session: Session, base: Base) -> None:
    """Drop the tasks of a base that is gone."""
    stream = session.streams[base.stream]
    for task in [task for task in session.relays if task.via is base]:
        session.relays.remove(task)
        task.ended = True
        bases, task.bases = task.bases, []
        for relayed in bases:
            if relayed in stream.bases:
                drop_base(session, stream, relayed, "its base is gone")
        _release_connection(session, task)
