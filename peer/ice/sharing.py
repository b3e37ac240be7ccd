"""Bases of one agent on the same socket: which of them a datagram is for.

A socket that is shared by everything a process does has a base of each data stream. A check
names the stream it is for, a response the request it answers, and data comes from where a
check of the stream has come from.
"""

from collections.abc import Collection

from . import stun
from .address import TransportAddress
from .base import Base
from .errors import DropReason
from .session import Session


def find_base(
    session: Session, local: TransportAddress, source: TransportAddress, data: bytes
) -> Base | None:
    """Find the base that a datagram from `source` is for; where there is none, it is dropped."""
    bases = session.bases.get(local)
    if bases is None:
        session.drop(DropReason.UNKNOWN_LOCAL_ADDRESS, local=str(local))
        return None
    if len(bases) == 1:
        return bases[0]
    return _by_message(session, bases, data) or base_towards(session, local, source)


def base_towards(
    session: Session, local: TransportAddress, remote: TransportAddress
) -> Base | None:
    """Find the base whose data goes to and comes from `remote`, one of them if none does."""
    bases = session.bases.get(local, [])
    return next(
        (base for base in bases if (base, remote) in _validated(session, base)),
        bases[0] if bases else None,
    )


def _validated(session: Session, base: Base) -> Collection[tuple[Base, TransportAddress]]:
    # The stream of a base that waits for the end of its allocations may be gone.
    stream = session.streams.get(base.stream)
    return () if stream is None else stream.validated


def _by_message(session: Session, bases: list[Base], data: bytes) -> Base | None:
    kind = stun.message_class(data)
    if kind is stun.MessageClass.REQUEST:
        fragment = stun.called_fragment(data)
        streams = [session.streams.get(base.stream) for base in bases]
        named = (stream is not None and fragment in stream.keys for stream in streams)
        return next((base for base, called in zip(bases, named, strict=True) if called), None)
    if kind in (stun.MessageClass.SUCCESS, stun.MessageClass.ERROR):
        transaction = session.transactions.find(stun.transaction_id(data))
        if transaction is not None and transaction.base in bases:
            return transaction.base
    return None
