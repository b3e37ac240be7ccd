"""A TCP port that many drivers share: the first frame of a connection says whom it is for."""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from peer.ice import MessageClass, called_fragment, message_class

from .strangers import Stranger, Strangers, move_calls
from .system import Incoming, Listening, System

MAX_UNDECIDED = 256
"""Connections that have not said whom they are for."""
MAX_UNDECIDED_PER_HOST = 16
"""Those from one address."""
DECIDE = 5.0
"""Seconds in which a connection has to say so."""
MAX_FIRST_FRAME = 2048
"""Bytes of a check, with its DTLS handshake."""

Accepted = Callable[[asyncio.Transport, bytes], object]
"""Takes over an open connection, with what it has brought already."""


class Registry(Protocol):
    """Knows who listens for which fragment."""

    def called(self, fragment: str | None) -> Accepted | None:
        """Give who takes a connection whose first check has this fragment."""

    def begun(self, frame: "FirstFrame") -> None:
        """A connection is open."""

    def decided(self, frame: "FirstFrame", stranger: Stranger | None) -> None:
        """A connection has been given to somebody, or dropped for a reason."""


class FirstFrame(asyncio.Protocol):
    """A connection until its first frame (RFC 4571 §2) is there."""

    def __init__(self, registry: Registry, loop: asyncio.AbstractEventLoop) -> None:
        self._registry = registry
        self._transport: asyncio.Transport | None = None
        self._data = b""
        self._timer = loop.call_later(DECIDE, self.drop, Stranger.SILENT)
        self.host = ""
        self.over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read, unless the time is over."""
        # Those of uvloop are no subclasses.
        self._transport = cast("asyncio.Transport", transport)
        if self.over:
            self._transport.abort()
            return
        peer = self._transport.get_extra_info("peername")
        if peer is None:
            # Whoever it was has reset it already.
            self.drop(Stranger.SILENT)
            return
        self.host = peer[0]
        self._registry.begun(self)

    def data_received(self, data: bytes) -> None:
        """Collect the first frame, and judge it."""
        if self.over:
            return
        self._data += data
        length = int.from_bytes(self._data[:2], "big")
        if len(self._data) >= 2 and not 0 < length <= MAX_FIRST_FRAME:
            self.drop(Stranger.NOT_A_CHECK)
        elif len(self._data) >= 2 + length > 2:
            self._judge(self._data[2 : 2 + length])

    def _judge(self, frame: bytes) -> None:
        if message_class(frame) is not MessageClass.REQUEST:
            self.drop(Stranger.NOT_A_CHECK)
            return
        fragment = called_fragment(frame)
        accepted = self._registry.called(fragment)
        if accepted is None:
            self.drop(Stranger.NO_FRAGMENT if fragment is None else Stranger.UNKNOWN_FRAGMENT)
            return
        self._decide(None)
        assert self._transport is not None
        accepted(self._transport, self._data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody will say any more whom it was for."""
        del exc
        self.drop(Stranger.SILENT)

    def drop(self, stranger: Stranger | None) -> None:
        """Close it, and count why if there is a reason. Calling it again does nothing."""
        if self.over:
            return
        self._decide(stranger)
        if self._transport is not None:
            self._transport.abort()

    def _decide(self, stranger: Stranger | None) -> None:
        self.over = True
        self._timer.cancel()
        self._registry.decided(self, stranger)


class SharedTcp:
    """One listening port, and the shares of it that drivers have; it closes with the last of them.

    Raises what `System.listen` raises.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        system: System,
        host: str,
        port: int,
        strangers: Strangers,
        ended: Callable[[], object],
    ) -> None:
        self._loop = loop
        self._system = system
        self._strangers = strangers
        self._ended = ended
        self._shares: set[TcpShare] = set()
        self._undecided: dict[FirstFrame, None] = {}
        self._adopting: set[asyncio.Task[None]] = set()
        self.fragments: dict[str, TcpShare] = {}
        self.listener: Listening = system.listen(host, self._accept, port=port)

    def share(self, accepted: Accepted) -> "TcpShare":
        """Let somebody else have the port as well."""
        share = TcpShare(self, accepted)
        self._shares.add(share)
        return share

    def __len__(self) -> int:
        return len(self._shares)

    def leave(self, share: "TcpShare") -> None:
        """Forget a share, and close the port with the last one."""
        self._shares.discard(share)
        if self._shares:
            return
        self.listener.close()
        for task in self._adopting:
            task.cancel()
        for frame in list(self._undecided):
            frame.drop(None)
        self._ended()

    async def wait_closed(self) -> None:
        """Wait until nothing of it is left in the loop."""
        if self._adopting:
            await asyncio.wait(self._adopting)

    # Connections

    def _accept(self, incoming: Incoming) -> None:
        task = self._loop.create_task(self._adopt(incoming))
        self._adopting.add(task)
        task.add_done_callback(self._adopting.discard)

    async def _adopt(self, incoming: Incoming) -> None:
        frame = FirstFrame(self, self._loop)
        try:
            await self._system.adopt(frame, incoming)
        except (OSError, MemoryError):
            incoming.close()
            frame.drop(Stranger.SILENT)
        except asyncio.CancelledError:
            incoming.close()
            frame.drop(None)
            raise

    def begun(self, frame: FirstFrame) -> None:
        """Wait for its first frame. Where too many are waited for, the oldest gives way."""
        same = [each for each in self._undecided if each.host == frame.host]
        oldest = None
        if len(same) >= MAX_UNDECIDED_PER_HOST:
            oldest = same[0]
        elif len(self._undecided) >= MAX_UNDECIDED:
            oldest = next(iter(self._undecided))
        if oldest is not None:
            oldest.drop(Stranger.TOO_MANY_CONNECTIONS)
        self._undecided[frame] = None

    def called(self, fragment: str | None) -> Accepted | None:
        """Give who takes a connection whose first check has this fragment."""
        share = None if fragment is None else self.fragments.get(fragment)
        return None if share is None else share.accepted

    def decided(self, frame: FirstFrame, stranger: Stranger | None) -> None:
        """A connection has been given to somebody, or dropped for a reason."""
        self._undecided.pop(frame, None)
        if stranger is not None:
            self._strangers[stranger] += 1


class TcpShare:
    """One driver's share of a listening port, which is `Listening` as others are."""

    __slots__ = ("_closed", "_fragments", "_shared", "accepted")

    def __init__(self, shared: SharedTcp, accepted: Accepted) -> None:
        self._shared = shared
        self.accepted = accepted
        self._fragments: set[str] = set()
        self._closed = False

    @property
    def address(self) -> tuple[str, int]:
        """Where the port is."""
        return self._shared.listener.address

    def call(self, fragments: set[str]) -> None:
        """Take the connections for these username fragments, and for no others any more."""
        move_calls(self._shared.fragments, self, self._fragments, fragments)
        self._fragments = set(fragments)

    def close(self) -> None:
        """Give the share back, at once. Calling it again does nothing."""
        if not self._closed:
            self._closed = True
            self.call(set())
            self._shared.leave(self)

    async def wait_closed(self) -> None:
        """Wait until nothing of the port is left in the loop, if this was the last share."""
        if not len(self._shared):
            await self._shared.wait_closed()
