"""The TCP and TLS connections of one driver, by the agent's handles."""

import asyncio
from collections.abc import Callable

from peer.ice import ConnectionRequested, IceAgent

from .config import NetConfig
from .system import Incoming
from .tcp import TcpConnection


class Connections:
    """Opens connections when the agent asks, and passes on what happens to them.

    `done` is called after each of these inputs to the agent.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        agent: IceAgent,
        config: NetConfig,
        *,
        done: Callable[[], object],
    ) -> None:
        self._loop = loop
        self._agent = agent
        self._config = config
        self._done = done
        self._open: dict[int, TcpConnection] = {}
        self._handles: dict[TcpConnection, int] = {}
        self._incoming: set[TcpConnection] = set()
        self._closing: set[TcpConnection] = set()
        self._tap = config.tap
        self._ends: dict[TcpConnection, tuple[tuple[str, int], tuple[str, int]]] = {}

    def open(self, request: ConnectionRequested) -> None:
        """Open a connection in the background."""
        config = self._config
        connection = TcpConnection(self, self._loop, config.system, config.proxy)
        self._open[request.handle] = connection
        self._handles[connection] = request.handle
        connection.connect(request, self._config.ssl_context)

    def accept(self, connected: Incoming) -> None:
        """Take over a connection that came to a passive candidate."""
        connection = TcpConnection(self, self._loop, self._config.system)
        self._incoming.add(connection)
        connection.adopt(connected)

    def adopt(self, transport: asyncio.Transport, data: bytes) -> None:
        """Take over an open connection that came to a shared port, and what it has brought."""
        connection = TcpConnection(self, self._loop, self._config.system)
        self._incoming.add(connection)
        transport.set_protocol(connection)
        connection.connection_made(transport)
        connection.data_received(data)

    def write(self, handle: int, data: bytes) -> bool:
        """Write a message; False when it was dropped."""
        connection = self._open.get(handle)
        written = connection is not None and connection.write(data)
        if written and self._tap is not None and connection in self._ends:
            self._tap.stream(data, *self._ends[connection], leaves=True)
        return written

    def close(self, handle: int) -> None:
        """Close a connection the agent is done with."""
        connection = self._open.pop(handle, None)
        if connection is not None:
            del self._handles[connection]
            self._end(connection)

    def _end(self, connection: TcpConnection) -> None:
        connection.close()
        self._ends.pop(connection, None)
        self._closing = {each for each in self._closing if not each.gone}
        self._closing.add(connection)

    def close_all(self) -> None:
        """Close all connections; what was written before may still leave."""
        for handle in list(self._open):
            self.close(handle)
        for connection in self._incoming:
            self._end(connection)
        self._incoming.clear()

    async def wait_closed(self) -> None:
        """Wait until nothing of the closed connections is left in the loop."""
        for connection in list(self._closing):
            await connection.wait_closed()

    # What connections tell

    def connection_opened(
        self, connection: TcpConnection, local: tuple[str, int], remote: tuple[str, int]
    ) -> None:
        """Tell the agent that a connection is open, and close it when it is not wanted."""
        asked = self._handles.get(connection)
        self._incoming.discard(connection)
        if self._tap is not None:
            self._ends[connection] = local, remote
        now = self._loop.time()
        handle = self._agent.connection_opened(asked, local=local, remote=remote, now=now)
        if handle is not None:
            self._open[handle] = connection
            self._handles[connection] = handle
        elif asked is not None:
            self.close(asked)
        else:
            self._end(connection)
        self._done()

    def bytes_received(self, connection: TcpConnection, data: bytes) -> None:
        """Give the agent bytes that arrived."""
        if self._tap is not None:
            self._tap.stream(data, *self._ends[connection], leaves=False)
        self._agent.receive_bytes(self._handles[connection], data, now=self._loop.time())
        self._done()

    def connection_closed(self, connection: TcpConnection, reason: str) -> None:
        """Tell the agent that a connection is gone."""
        self._ends.pop(connection, None)
        handle = self._handles.pop(connection, None)
        self._incoming.discard(connection)
        if handle is None:
            return
        del self._open[handle]
        self._agent.connection_closed(handle, now=self._loop.time(), reason=reason)
        self._done()
