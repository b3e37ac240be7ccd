"""The TCP connections that a driver opens and accepts for an agent."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from peer.ice import StreamRequested, TransportAddress

from .tcp import CloseReason, SimListener, SimStream, StreamState
from .turn_framer import TurnFramer

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


class AgentStreams:
    """Connections of one agent by their handles; TLS is TCP here."""

    def __init__(self, owner: "AgentHost") -> None:
        self._owner = owner
        self.requested: list[StreamRequested] = []
        self.open: dict[int, SimStream] = {}
        self.active: dict[str, TransportAddress] = {}
        """The active TCP bases by their hosts."""
        self._listeners: dict[TransportAddress, SimListener] = {}

    def connect(self, request: StreamRequested) -> None:
        """Open a connection that the agent asked for."""
        self.requested.append(request)
        owner, handle = self._owner, request.handle
        stream = owner.host.connect(request.local.host, request.remote, request.local.port)
        self.open[handle] = stream

        def connected() -> None:
            if handle in self.open:
                owner.agent.stream_opened(
                    handle, local=stream.local, remote=stream.remote, now=owner.now
                )
                owner.pump()

        stream.on_connected = connected
        self._attend(handle, stream)

    def listen(self, local: TransportAddress) -> None:
        """Accept connections on a passive base."""
        owner = self._owner

        def accept(stream: SimStream) -> None:
            handle = owner.agent.stream_opened(
                None, local=stream.local, remote=stream.remote, now=owner.now
            )
            if handle is None:
                stream.abort()
            else:
                self.open[handle] = stream
                self._attend(handle, stream)
            owner.pump()

        self._listeners[local] = owner.host.listen(local.host, local.port, accept)

    def _attend(self, handle: int, stream: SimStream) -> None:
        owner = self._owner
        note = self._recorder(stream)

        def receive(data: bytes) -> None:
            if handle in self.open:
                note(data)
                owner.agent.receive_stream(handle, data, now=owner.now)
                owner.pump()

        def closed(reason: CloseReason) -> None:
            if self.open.pop(handle, None) is not None:
                owner.agent.stream_closed(handle, now=owner.now, reason=reason.value)
                owner.pump()

        stream.on_data, stream.on_close = receive, closed

    def _recorder(self, stream: SimStream) -> Callable[[bytes], None]:
        """Something that writes down the messages that arrive on a connection."""
        to_server = stream.remote in self._owner.turn_servers
        feed = TurnFramer().feed if to_server else _Frames().feed
        # What an active candidate receives is told with the address of its base.
        active = None if to_server else self.active.get(stream.local.host)
        local = stream.local if stream.local in self._listeners else active or stream.local

        def note(data: bytes) -> None:
            for message in feed(data):
                self._owner.note_arrival(local, stream.remote, message)

        return note

    def send(self, handle: int, data: bytes) -> None:
        """Send bytes on a connection; on one that has just ended they are lost."""
        stream = self.open.get(handle)
        if stream is not None and stream.state is not StreamState.CLOSED:
            stream.send(data)

    def release(self, handle: int) -> None:
        """Close a connection that the agent is done with."""
        stream = self.open.pop(handle, None)
        if stream is not None:
            stream.close()

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
