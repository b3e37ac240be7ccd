"""Freeing what ICE does not need any more (RFC 8445 §8.3)."""

from .base import Base
from .config import FreePolicy
from .events import BaseReleased, ConnectionReleased, PathInvalidated
from .pair import CandidatePair
from .relay import RelayTask
from .session import Session
from .stream import Generation, Stream
from .transaction import RelayRequest
from .turn import AllocationState


def free_unused(session: Session, stream: Stream) -> None:
    """Release what no selected pair needs, some time after completion (RFC 8445 §8.3.1)."""
    generation = stream.current
    if generation.completed_at is None or generation.freed:
        return
    generation.freed = True
    if session.config.free_policy is FreePolicy.KEEP or generation.follow_latest:
        return
    needed = {pair.local.base for pair in _in_use(generation)}
    needed |= {base.via for base in needed if base.via is not None}
    for base in list(stream.bases):
        if base not in needed:
            release(session, stream, base)
    _drop_unneeded(session, generation)
    for task in session.relays:
        # What a server has not given by now is not needed any more.
        if task.via in needed and not task.bases:
            stop_task(task, session.now)


def _in_use(generation: Generation) -> list[CandidatePair]:
    """Return the selected pairs, and others that were nominated.

    A peer that nominates several (RFC 5245 §8.1.1.2) may send over any of them.
    """
    nominated = [pair for pair in generation.checklist.valid if pair.nominated]
    return [*generation.selected.values(), *nominated]


def _drop_unneeded(session: Session, generation: Generation) -> None:
    """On the bases that stay, close other pairs' connections and let permissions lapse."""
    in_use = _in_use(generation)
    paths = {(pair.local.base, pair.remote.address) for pair in in_use}
    for connection in session.connections.all():
        mine = connection.base.stream == generation.checklist.stream
        if mine and not connection.to_server and (connection.base, connection.remote) not in paths:
            session.connections.remove(connection)
            session.emit(ConnectionReleased(connection.handle))
    for pair in in_use:
        relay = pair.local.base.relay
        if relay is None:
            continue
        hosts = {one.remote.address.host for one in in_use if one.local.base.relay is relay}
        for remote in generation.remote_candidates.values():
            if remote.address.host not in hosts:
                relay.drop_permission(remote.address)


def release(session: Session, stream: Stream, base: Base) -> None:
    """Give a base back: its allocation is deleted or, when none leads over it, it is closed."""
    base.released = True
    if base in stream.bases:
        stream.bases.remove(base)
    for remote in sorted(remote for owner, remote in stream.validated if owner is base):
        stream.validated.remove((base, remote))
        session.emit(PathInvalidated(stream.id, base.component, base.address, remote))
    for generation in stream.generations():
        checklist = generation.checklist
        for pair in [pair for pair in checklist.valid if pair.local.base is base]:
            checklist.valid.remove(pair)
            if pair not in checklist.pairs:
                checklist.retire(pair, "its base was freed")
    for transaction in session.transactions.all():
        if transaction.base is base and not isinstance(transaction, RelayRequest):
            session.transactions.finish(transaction)
    if base.relay is not None:
        # One allocation may serve two families; it goes with the last of its bases.
        if not any(other.relay is base.relay for other in stream.bases):
            base.relay.release(session.now)
        return
    open_relays = [task for task in session.relays if task.via is base and not task.ended]
    for task in session.relays:
        if task.via is base:
            stop_task(task, session.now)
    if all(task.ended for task in open_relays):
        close_base(session, base)


def stop_task(task: RelayTask, now: float) -> None:
    """Ask no more of a TURN server from one base, and have what it gave deleted."""
    task.retry_at = None
    if not task.ended:
        task.allocation.release(now)
        # With nothing asked of the server yet there is nothing to wait for.
        task.ended = task.allocation.state is AllocationState.RELEASED


def close_base(session: Session, base: Base) -> None:
    """Let the driver close a base's socket: nothing goes over it any more."""
    beside = session.bases.get(base.address, [])
    if base in beside:
        beside.remove(base)
        if not beside:
            del session.bases[base.address]
    for connection in session.connections.all():
        if connection.base is base and not connection.to_server:
            session.connections.remove(connection)
            session.emit(ConnectionReleased(connection.handle))
    for transaction in session.transactions.all():
        if transaction.base is base:
            session.transactions.finish(transaction)
    session.relays = [task for task in session.relays if task.via is not base]
    session.emit(BaseReleased(base.stream, base.component, base.address, base.transport))
