"""The TCP connections that a driver opens and accepts for an agent."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from peer.ice import ConnectionRequested, TransportAddress
from peer.testing.internet import (
    CloseReason,
    ConnectionState,
    SimConnection,
    SimListener,
    TurnFramer,
)

if TYPE_CHECKING:
    from .agent_host import AgentHost


class _Frames:
    """Packets behind their 16-bit lengths (RFC 4571 §2)."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes from the stream and return the packets that are complete now."""
        self._buffer += data
        packets = []
        while len(self._buffer) >= 2:
            end = 2 + int.from_bytes(self._buffer[:2], "big")
            if len(self._buffer) < end:
                break
            packets.append(self._buffer[2:end])
            self._buffer = self._buffer[end:]
        return packets


class AgentConnections:
    """Connections of one agent by their handles; TLS is TCP here."""

    def __init__(self, owner: "AgentHost") -> None:
        self._owner = owner
        self.requested: list[ConnectionRequested] = []
        self.open: dict[int, SimConnection] = {}
        self.active: dict[str, TransportAddress] = {}
        """The active TCP bases by their hosts."""
        self._listeners: dict[TransportAddress, SimListener] = {}

    def connect(self, request: ConnectionRequested) -> None:
        """Open a connection that the agent asked for."""
        self.requested.append(request)
        owner, handle = self._owner, request.handle
        connection = owner.host.connect(request.local.host, request.remote, request.local.port)
        self.open[handle] = connection

        def connected() -> None:
            if handle in self.open:
                owner.agent.connection_opened(
                    handle, local=connection.local, remote=connection.remote, now=owner.now
                )
                owner.pump()

        connection.on_connected = connected
        self._attend(handle, connection)

    def listen(self, local: TransportAddress) -> None:
        """Accept connections on a passive base."""
        owner = self._owner

        def accept(connection: SimConnection) -> None:
            handle = owner.agent.connection_opened(
                None, local=connection.local, remote=connection.remote, now=owner.now
            )
            if handle is None:
                connection.abort()
            else:
                self.open[handle] = connection
                self._attend(handle, connection)
            owner.pump()

        self._listeners[local] = owner.host.listen(local.host, local.port, accept)

    def _attend(self, handle: int, connection: SimConnection) -> None:
        owner = self._owner
        note = self._recorder(connection)

        def receive(data: bytes) -> None:
            if handle in self.open:
                note(data)
                owner.agent.receive_bytes(handle, data, now=owner.now)
                owner.pump()

        def closed(reason: CloseReason) -> None:
            if self.open.pop(handle, None) is not None:
                owner.agent.connection_closed(handle, now=owner.now, reason=reason.value)
                owner.pump()

        connection.on_data, connection.on_close = receive, closed

    def _recorder(self, connection: SimConnection) -> Callable[[bytes], None]:
        """Something that writes down the messages that arrive on a connection."""
        to_server = connection.remote in self._owner.turn_servers
        feed = TurnFramer().feed if to_server else _Frames().feed
        # What an active candidate receives is told with the address of its base.
        active = None if to_server else self.active.get(connection.local.host)
        local = (
            connection.local if connection.local in self._listeners else active or connection.local
        )

        def note(data: bytes) -> None:
            for message in feed(data):
                self._owner.note_arrival(local, connection.remote, message)

        return note

    def send(self, handle: int, data: bytes) -> None:
        """Send bytes on a connection; on one that has just ended they are lost."""
        connection = self.open.get(handle)
        if connection is not None and connection.state is not ConnectionState.CLOSED:
            connection.send(data)

    def release(self, handle: int) -> None:
        """Close a connection that the agent is done with."""
        connection = self.open.pop(handle, None)
        if connection is not None:
            connection.close()

    def stop_listening(self, local: TransportAddress) -> None:
        """Accept no more connections on a base, if it is a passive one."""
        listener = self._listeners.pop(local, None)
        if listener is not None:
            listener.close()

    def close(self) -> None:
        """Close everything."""
        for handle in list(self.open):
            self.release(handle)
        for local in list(self._listeners):
            self.stop_listening(local)
