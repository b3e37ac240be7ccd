"""A UDP socket that many drivers share: whom each datagram is for."""

from collections.abc import Callable
from typing import Protocol

from peer.ice import MessageClass, called_fragment, message_class, transaction_id

from .claims import Address, Claims
from .datagrams import DatagramSocket, Post
from .faults import Faults
from .strangers import Stranger, Strangers, move_calls
from .udp import Receiver

MAX_TRANSACTIONS = 512
"""Requests of one driver whose responses are waited for; of more, the oldest are given up."""
LIFETIME = 60.0
"""Seconds after which no response is waited for: RFC 8489 §6.2.1 gives a request 39.5."""
_LAST_STUN = 3
"""The largest first byte of STUN (RFC 7983 §7)."""

Open = Callable[[Receiver, Callable[[], object]], DatagramSocket]
"""Opens the socket, given who takes each datagram and who is called after each batch."""

Refused = Callable[[Address, float], object]
"""Told from where, and when."""


class Clock(Protocol):
    """Tells the time, as the loop does."""

    def time(self) -> float:
        """Give the seconds."""


class SharedUdp:
    """One socket, and the shares of it that drivers have; it closes with the last of them.

    A check goes to who is called by its username fragment, a response to who sent the request, and
    anything else to who has its peer at the source (`Claims`). The rest is counted and dropped, and
    nothing is answered. What a datagram costs does not depend on how many share the socket.
    """

    def __init__(
        self, clock: Clock, open_: Open, strangers: Strangers, ended: Callable[[], object]
    ) -> None:
        """Open the socket; raises OSError as `open_` does."""
        self.clock = clock
        self._strangers = strangers
        self._ended = ended
        self._shares: set[UdpShare] = set()
        self._touched: dict[UdpShare, None] = {}
        self.fragments: dict[str, UdpShare] = {}
        self.claims: Claims[UdpShare] = Claims()
        self.requests: dict[bytes, UdpShare] = {}
        self.socket = open_(self._receive, self._batch_read)

    def share(self, receive: Receiver, done: Callable[[], object], refused: Refused) -> "UdpShare":
        """Let somebody else have the socket as well.

        `refused` is called when a check for them comes from where another one has its peer.
        """
        share = UdpShare(self, receive, done, refused)
        self._shares.add(share)
        return share

    def __len__(self) -> int:
        return len(self._shares)

    def leave(self, share: "UdpShare") -> None:
        """Forget a share, and close the socket with the last one."""
        self._shares.discard(share)
        self._touched.pop(share, None)
        self.claims.release_all(share)
        if not self._shares:
            self.socket.close()
            self._ended()

    def read(self, share: "UdpShare", limit: int) -> int:
        """Read because one of them wants to; the others are told, as after any batch."""
        count = self.socket.read(limit)
        self._touched.pop(share, None)
        self._batch_read()
        return count

    def drop(self, reason: Stranger) -> None:
        """Count what is for nobody."""
        self._strangers[reason] += 1

    def _receive(self, data: bytes, source: Address, now: float) -> None:
        if data and data[0] <= _LAST_STUN:
            share = self._find(data, source, now)
        else:
            share = self._at(source)
        if share is not None:
            self._touched[share] = None
            share.receive(data, source, now)

    def _at(self, source: Address) -> "UdpShare | None":
        owner = self.claims.owner(source)
        if owner is None:
            self.drop(Stranger.UNKNOWN_SOURCE)
        return owner

    def _find(self, data: bytes, source: Address, now: float) -> "UdpShare | None":
        kind = message_class(data)
        if kind is MessageClass.REQUEST:
            return self._called(data, source, now)
        if kind in (MessageClass.SUCCESS, MessageClass.ERROR):
            return self._answered(data, source, now, proves=kind is MessageClass.SUCCESS)
        return self._at(source)

    def _called(self, data: bytes, source: Address, now: float) -> "UdpShare | None":
        fragment = called_fragment(data)
        share = None if fragment is None else self.fragments.get(fragment)
        if share is None:
            known = fragment is not None
            self.drop(Stranger.UNKNOWN_FRAGMENT if known else Stranger.NO_FRAGMENT)
        elif not self.claims.hear(source, share, now):
            self.drop(Stranger.ADDRESS_TAKEN)
            share.refused(source, now)
            return None
        return share

    def _answered(
        self, data: bytes, source: Address, now: float, *, proves: bool
    ) -> "UdpShare | None":
        tid = transaction_id(data)
        share = self.requests.get(tid)
        if share is None:
            self.drop(Stranger.UNKNOWN_TRANSACTION)
            return None
        if share.is_from_asked(tid, source) and proves:
            share.take(source, now, proven=True)
        return share

    def _batch_read(self) -> None:
        touched, self._touched = self._touched, {}
        for share in touched:
            share.done()


class UdpShare:
    """One driver's share of a socket, which is a `DatagramSocket` as others are."""

    __slots__ = (
        "_asked",
        "_closed",
        "_fragments",
        "_shared",
        "done",
        "outbox",
        "receive",
        "refused",
    )

    def __init__(
        self,
        shared: SharedUdp,
        receive: Receiver,
        done: Callable[[], object],
        refused: Refused,
    ) -> None:
        self._shared = shared
        self.refused = refused
        self.receive = receive
        self.done = done
        self._fragments: set[str] = set()
        self._asked: dict[bytes, tuple[Address, float]] = {}
        self._closed = False
        self.outbox: Post = shared.socket.another_outbox()

    @property
    def address(self) -> Address:
        """Where the socket is bound."""
        return self._shared.socket.address

    @property
    def faults(self) -> Faults:
        """What the system has refused to send for any who share the socket."""
        return self._shared.socket.faults

    def another_outbox(self) -> Post:
        """Give one to somebody who has runs of datagrams of their own."""
        return self._shared.socket.another_outbox()

    def send(self, data: bytes, remote: Address) -> bool:
        """Send at once, as `DatagramSocket.send` does."""
        if self._closed:
            return False
        self.outbox.flush()
        if message_class(data) is MessageClass.REQUEST:
            self._ask(transaction_id(data), remote)
        return self._shared.socket.send(data, remote)

    def read(self, limit: int) -> int:
        """Read what has arrived for all who share the socket."""
        return 0 if self._closed else self._shared.read(self, limit)

    # Whom datagrams are for

    def call(self, fragments: set[str]) -> None:
        """Take the checks for these username fragments, and for no others any more."""
        move_calls(self._shared.fragments, self, self._fragments, fragments)
        self._fragments = set(fragments)

    def claim(self, remote: Address) -> None:
        """Take what comes from an address that a check of ours came from."""
        self.take(remote, self._shared.clock.time(), proven=False)

    def release(self, remote: Address) -> None:
        """Take nothing from there any more."""
        self._shared.claims.release(remote, self)

    def take(self, remote: Address, now: float, *, proven: bool) -> None:
        """Take what comes from an address, unless it is for somebody else."""
        if not self._shared.claims.take(remote, self, now, proven=proven):
            self._shared.drop(Stranger.TOO_MANY_ADDRESSES)

    def _ask(self, tid: bytes, remote: Address) -> None:
        now, asked = self._shared.clock.time(), self._asked
        asked.pop(tid, None)
        while asked:
            oldest = next(iter(asked))
            if len(asked) < MAX_TRANSACTIONS and now < asked[oldest][1] + LIFETIME:
                break
            self._forget(oldest)
        asked[tid] = (remote, now)
        self._shared.requests[tid] = self

    def is_from_asked(self, tid: bytes, source: Address) -> bool:
        """Tell whether a response comes from where its request went; it is the last one then."""
        if self._asked[tid][0] != source:
            return False
        self._forget(tid)
        return True

    def _forget(self, tid: bytes) -> None:
        del self._asked[tid]
        self._shared.requests.pop(tid, None)

    # The end

    def close(self) -> None:
        """Give the share back, at once. Calling it again does nothing."""
        if self._closed:
            return
        self.outbox.flush()
        self._closed = True
        self.call(set())
        for tid in list(self._asked):
            self._forget(tid)
        self._shared.leave(self)

    async def wait_closed(self) -> None:
        """Wait until nothing of the socket is left in the loop, if this was the last share."""
        if not len(self._shared):
            await self._shared.socket.wait_closed()
