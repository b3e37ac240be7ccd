"""TCP connections of simulated hosts, as transports of asyncio."""

import asyncio
import errno
from typing import Any, cast

from .internet import CloseReason, ConnectionState, SimConnection

_ERRORS = {
    CloseReason.REFUSED: errno.ECONNREFUSED,
    CloseReason.RESET: errno.ECONNRESET,
    CloseReason.TIMEOUT: errno.ETIMEDOUT,
}


class StreamTransport(asyncio.Transport):
    """What a protocol of asyncio sees of a simulated connection that is open."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connection: SimConnection,
        protocol: asyncio.Protocol,
    ) -> None:
        super().__init__({"sockname": connection.local, "peername": connection.remote})
        self._loop = loop
        self._connection = connection
        self._protocol = protocol
        self._closing = False
        self._paused = False
        self._waiting: list[bytes] = []
        connection.on_data = self.feed
        connection.on_close = self._lose
        protocol.connection_made(self)

    def write(self, data: "bytes | bytearray | memoryview[Any]") -> None:
        """Send bytes; none after `close`."""
        if not self._closing:
            self._connection.send(bytes(data))

    def get_write_buffer_size(self) -> int:
        """Give the bytes that wait for the network: the simulated one takes them all."""
        return 0

    def is_closing(self) -> bool:
        """Tell whether it is closed, or being closed."""
        return self._closing

    def close(self) -> None:
        """Close it after what was written."""
        if not self._closing:
            self._connection.close()
            self._end(None)

    def abort(self) -> None:
        """Close it at once."""
        if not self._closing:
            self._connection.abort()
            self._end(None)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand on what comes to another protocol from now on."""
        self._protocol = cast("asyncio.Protocol", protocol)

    def pause_reading(self) -> None:
        """Keep what arrives."""
        self._paused = True

    def resume_reading(self) -> None:
        """Hand on what was kept."""
        self._paused = False
        while self._waiting and not self._paused and not self._closing:
            self._protocol.data_received(self._waiting.pop(0))

    def feed(self, data: bytes) -> None:
        """Take what the connection brings."""
        if self._paused:
            self._waiting.append(data)
        else:
            self._protocol.data_received(data)

    def _lose(self, reason: CloseReason) -> None:
        if not self._closing:
            self._end(None if reason is CloseReason.FINISHED else as_error(reason))

    def _end(self, error: OSError | None) -> None:
        self._closing = True
        self._loop.call_soon(self._protocol.connection_lost, error)


def as_error(reason: CloseReason) -> OSError:
    """Give the error a socket would raise."""
    return OSError(_ERRORS.get(reason, errno.ECONNRESET), reason.value)


async def opened(connection: SimConnection) -> None:
    """Wait until a connection is open; raises OSError when it ends before."""
    if connection.state is ConnectionState.OPEN:
        return
    outcome: asyncio.Future[CloseReason | None] = asyncio.get_running_loop().create_future()

    def settle(reason: CloseReason | None) -> None:
        if not outcome.done():
            outcome.set_result(reason)

    connection.on_connected = lambda: settle(None)
    connection.on_close = settle
    try:
        reason = await outcome
    except asyncio.CancelledError:
        connection.abort()
        raise
    if reason is not None:
        raise as_error(reason)
