"""Gathering server-reflexive candidates with STUN (RFC 8445 §5.1.1.2).

Each pair of a base and a server is a task of its own: a dead server delays nobody else. Every
request is paced together with the checks.
"""

from collections.abc import Iterable

from . import stun
from .address import TransportAddress, is_ipv6, usable_as_mapped
from .base import Base
from .binding import BindingState, ServerBinding
from .candidate import TransportProtocol
from .candidates import announce_reflexive
from .config import GatherPolicy, StunServer
from .errors import DropReason
from .events import GatheringFailed
from .server_addresses import time_for_one
from .session import Session
from .stream import Stream
from .transaction import ServerRequest

UNREACHABLE = 701
"""The W3C's error code for a server that does not answer."""


def gathering_timeout(session: Session, tasks: int) -> float:
    """Give the RTO of gathering requests (RFC 8445 §14.3)."""
    timings = session.timings
    return min(max(timings.rto, session.pacer.ta * tasks), max(timings.rto, timings.gathering / 4))


def ask(session: Session, binding: ServerBinding, tasks: int) -> None:
    """Send the Binding request, the first one or one that keeps the mapping alive."""
    base, server = binding.base, binding.server
    attributes = []
    if session.config.software is not None:
        attributes.append((stun.SOFTWARE, session.config.software))
    tid = session.entropy(12)
    data = stun.build(stun.Method.BINDING, stun.MessageClass.REQUEST, tid, attributes)
    transaction = ServerRequest(tid, data, binding)
    transaction.rto = gathering_timeout(session, tasks)
    session.send(base, server.address, data)
    session.transactions.start(transaction, session.now)
    limit = time_for_one(server, session.timings.gathering)
    session.transactions.limit(transaction, session.now + limit)
    if binding.state is BindingState.WANTED:
        binding.state = BindingState.ASKING
    binding.due = session.now + session.timings.keepalive


def handle_response(
    session: Session, stream: Stream, transaction: ServerRequest, message: stun.Message
) -> None:
    """Take the mapped address; ALTERNATE-SERVER is ignored in unauthenticated responses."""
    binding = transaction.binding
    session.transactions.finish(transaction)
    if message.message_class is stun.MessageClass.ERROR:
        fail(session, stream, binding, *_error_of(message))
        return
    # A server of RFC 3489 age sends MAPPED-ADDRESS only (RFC 8489 §11).
    mapped = message.get_valid(stun.XOR_MAPPED_ADDRESS) or message.get_valid(stun.MAPPED_ADDRESS)
    if mapped is None:
        fail(session, stream, binding, UNREACHABLE, "response without a mapped address")
        return
    if not usable_as_mapped(mapped, binding.server.address.host):
        session.drop(DropReason.MAPPED_ADDRESS_UNUSABLE, address=str(mapped))
        fail(session, stream, binding, UNREACHABLE, f"{mapped} cannot be a candidate")
        return
    fresh = binding.state is BindingState.ASKING or mapped != binding.mapped
    binding.state = BindingState.BOUND
    binding.mapped = mapped
    if fresh and not binding.base.released:
        server = binding.server
        announce_reflexive(session, stream, binding.base, mapped, server.address.host, server.url)


def _error_of(message: stun.Message) -> tuple[int, str]:
    error = message.get_valid(stun.ERROR_CODE)
    if error is None:
        return UNREACHABLE, "malformed error response"
    return error.code, error.reason


def fail(session: Session, stream: Stream, binding: ServerBinding, code: int, reason: str) -> None:
    """Give a server up for this base and say why (the W3C `icecandidateerror`)."""
    was_pending = binding.pending
    if was_pending and code == UNREACHABLE and binding.try_another():
        return
    binding.state = BindingState.FAILED
    if was_pending and binding.reports:
        session.emit(
            GatheringFailed(stream.id, binding.base.address, binding.server.url, code, reason)
        )


def gather(session: Session, base: Base, servers: Iterable[StunServer]) -> None:
    """Create the tasks for a base: one for each of these servers that is of its family."""
    if base.transport is not TransportProtocol.UDP:
        return
    if session.config.lite or session.config.gather_policy is GatherPolicy.RELAY:
        return
    for server in servers:
        if is_ipv6(server.address.host) == base.ipv6:
            session.bindings.append(ServerBinding(base, server))


def keep(session: Session, base: Base, server: StunServer, mapped: TransportAddress) -> None:
    """Keep a mapping alive that an Allocate request made (RFC 8445 §5.1.1.4).

    The refreshes of the allocation are too rare for that: NATs forget within a few minutes.
    """
    for known in session.bindings:
        if known.base is base and known.server.address == server.address:
            return
    binding = ServerBinding(base, server, reports=False)
    binding.state = BindingState.BOUND
    binding.mapped = mapped
    binding.due = session.now + session.timings.keepalive
    session.bindings.append(binding)


def is_pending(session: Session, stream: Stream) -> bool:
    """Tell whether the stream's gathering waits for a STUN server."""
    return any(
        binding.pending and binding.base.stream == stream.id and not binding.base.released
        for binding in session.bindings
    )


def wanted(session: Session) -> ServerBinding | None:
    """Give the request to a STUN server whose turn is next."""
    for binding in session.bindings:
        if binding.base.released:
            continue
        if binding.state is BindingState.WANTED:
            return binding
        if _kept_alive(session, binding) and session.now >= binding.due:
            return binding
    return None


def _kept_alive(session: Session, binding: ServerBinding) -> bool:
    """A mapping is refreshed until ICE is done with it (RFC 8445 §5.1.1.4)."""
    stream = session.streams[binding.base.stream]
    return binding.state is BindingState.BOUND and stream.current.completed_at is None


def next_time(session: Session) -> float | None:
    """Give the time of the next keepalive to a STUN server."""
    times = [
        binding.due
        for binding in session.bindings
        if not binding.base.released and _kept_alive(session, binding)
    ]
    return min(times, default=None)


def start_one(session: Session) -> bool:
    """Start the next request to a STUN server, if one is wanted."""
    binding = wanted(session)
    if binding is None:
        return False
    tasks = sum(each.pending for each in session.bindings)
    ask(session, binding, tasks)
    return True


def restart(session: Session, stream: Stream) -> None:
    """Ask all servers again for a new generation (RFC 8445 §9)."""
    for binding in session.bindings:
        if binding.base.stream == stream.id and not binding.base.released:
            binding.restart()


def forget(session: Session, base: Base) -> None:
    """Drop the tasks of a base that is gone."""
    session.bindings = [binding for binding in session.bindings if binding.base is not base]
