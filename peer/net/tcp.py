"""TCP and TLS connections for the agent: to TURN servers and between candidates."""

import asyncio
import os
import ssl
from typing import Protocol, cast

from peer.ice import ConnectionRequested, ConnectionTransport

from .proxy import Proxy
from .resolver import ResolutionError
from .system import MACHINE, Incoming, System

MAX_BUFFERED = 256 * 1024
"""Bytes waiting for a slow peer; what comes on top is dropped, whole messages at a time."""
SLICE = 8 * 1024
"""Bytes handed on in one iteration of the loop: they may be thousands of the smallest frames."""
CONNECT_TIMEOUT = 10.0
CLOSE_TIMEOUT = 1.0
"""Seconds a closed connection may go on sending what was written before."""


class ConnectionOwner(Protocol):
    """What a connection tells about itself."""

    def connection_opened(
        self, connection: "TcpConnection", local: tuple[str, int], remote: tuple[str, int]
    ) -> None:
        """It is open."""

    def bytes_received(self, connection: "TcpConnection", data: bytes) -> None:
        """Bytes arrived."""

    def connection_closed(self, connection: "TcpConnection", reason: str) -> None:
        """It is gone or never came to be; told once, and not after `close`."""


def cause(error: Exception) -> str:
    """Say what went wrong, without the addresses that asyncio writes into its errors."""
    number = error.errno if isinstance(error, OSError) else None
    if number is None or isinstance(error, ssl.SSLError):
        return str(error) or type(error).__name__
    return os.strerror(number)


class TcpConnection(asyncio.Protocol):
    """One connection, to servers through the proxy if there is one.

    `dropped` counts messages a slow peer had no room for.
    """

    def __init__(
        self,
        owner: ConnectionOwner,
        loop: asyncio.AbstractEventLoop,
        system: System = MACHINE,
        proxy: Proxy | None = None,
    ) -> None:
        self._owner: ConnectionOwner | None = owner
        self._loop = loop
        self._system = system
        self._proxy = proxy
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._abort: asyncio.TimerHandle | None = None
        self._gone = asyncio.Event()
        self._rest = b""
        self.dropped = 0

    def connect(self, request: ConnectionRequested, context: ssl.SSLContext | None) -> None:
        """Open the connection the agent asked for, in the background."""
        self._connecting = self._loop.create_task(self._connect(request, context))

    def adopt(self, connected: Incoming) -> None:
        """Take over a connection that came in."""
        self._connecting = self._loop.create_task(self._adopt(connected))

    async def _adopt(self, connected: Incoming) -> None:
        try:
            await self._system.adopt(self, connected)
        except (OSError, MemoryError) as error:
            connected.close()
            self._fail(cause(error))
        except asyncio.CancelledError:
            self._gone.set()
            connected.close()
            raise

    async def _connect(self, request: ConnectionRequested, context: ssl.SSLContext | None) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await self._open(request, context)
        except TimeoutError:
            self._fail("no connection in time")
        except (OSError, ValueError, MemoryError, ResolutionError) as error:
            # TLS errors are among these, server names no certificate can carry, and proxies
            # without an address.
            self._fail(cause(error))
        except asyncio.CancelledError:
            self._gone.set()
            raise

    async def _open(self, request: ConnectionRequested, context: ssl.SSLContext | None) -> None:
        secure = request.transport is ConnectionTransport.TLS
        name = (request.server_name or request.remote.host) if secure else None
        await self._system.connect(
            self,
            request.remote,
            host=request.local.host,
            server_name=name,
            context=context,
            shutdown_timeout=CLOSE_TIMEOUT,
            proxy=self._proxy if request.to_server else None,
        )

    def _fail(self, reason: str) -> None:
        self._gone.set()
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.connection_closed(self, reason)

    @property
    def gone(self) -> bool:
        """Tell whether nothing of it is left in the loop."""
        return self._gone.is_set()

    def write(self, data: bytes) -> bool:
        """Write a whole message; False when it was dropped."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        if transport.get_write_buffer_size() + len(data) > MAX_BUFFERED:
            self.dropped += 1
            return False
        transport.write(data)
        return True

    def close(self) -> None:
        """Close it after what was written has left, in bounded time."""
        self._owner = None
        if self._transport is None:
            if self._connecting is not None:
                self._connecting.cancel()
            return
        if self._abort is None and not self._gone.is_set():
            self._transport.close()
            self._abort = self._loop.call_later(CLOSE_TIMEOUT, self._transport.abort)

    def abort(self) -> None:
        """Close it without sending what was written before."""
        self.close()
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self) -> None:
        """Wait until nothing of it is left in the loop."""
        if self._connecting is not None:
            await asyncio.wait([self._connecting])
        if self._transport is not None:
            await self._gone.wait()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the open connection."""
        # Those of uvloop are no subclasses.
        self._transport = connected = cast("asyncio.Transport", transport)
        if self._owner is None:
            self.abort()
            return
        remote = connected.get_extra_info("peername")
        if remote is None:
            # The peer has reset it already; the loop tells so.
            connected.abort()
            return
        local = connected.get_extra_info("sockname")
        self._owner.connection_opened(self, local[:2], remote[:2])

    def data_received(self, data: bytes) -> None:
        """Hand bytes on, a slice at a time; nothing is read meanwhile."""
        if self._rest:
            # A transport may have had more when it was told to pause.
            self._rest += data
        else:
            self._hand_on(data)

    def _hand_on(self, data: bytes) -> None:
        if self._owner is None or self._transport is None:
            return
        self._owner.bytes_received(self, data[:SLICE])
        self._rest = data[SLICE:]
        if self._rest:
            self._transport.pause_reading()
            self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        rest, self._rest = self._rest, b""
        self._hand_on(rest)
        if not self._rest and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the owner, unless it closed the connection itself."""
        if self._abort is not None:
            self._abort.cancel()
        self._fail("closed by the peer" if exc is None else cause(exc))
