"""The TCP and TLS connections of one driver, by the agent's handles."""

import asyncio
import socket
import ssl
from collections.abc import Callable

from peer.ice import IceAgent, StreamRequested

from .stream import Stream


class Connections:
    """Opens connections when the agent asks, and passes on what happens to them.

    `done` is called after each of these inputs to the agent.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        agent: IceAgent,
        context: ssl.SSLContext | None,
        *,
        done: Callable[[], object],
    ) -> None:
        self._loop = loop
        self._agent = agent
        self._context = context
        self._done = done
        self._streams: dict[int, Stream] = {}
        self._handles: dict[Stream, int] = {}
        self._incoming: set[Stream] = set()
        self._closing: set[Stream] = set()

    def open(self, request: StreamRequested) -> None:
        """Open a connection in the background."""
        stream = Stream(self, self._loop)
        self._streams[request.handle] = stream
        self._handles[stream] = request.handle
        stream.connect(request, self._context)

    def accept(self, connected: socket.socket) -> None:
        """Take over a connection that came to a passive candidate."""
        stream = Stream(self, self._loop)
        self._incoming.add(stream)
        stream.adopt(connected)

    def write(self, handle: int, data: bytes) -> bool:
        """Write a message; False when it was dropped."""
        stream = self._streams.get(handle)
        return stream is not None and stream.write(data)

    def close(self, handle: int) -> None:
        """Close a connection the agent is done with."""
        stream = self._streams.pop(handle, None)
        if stream is not None:
            del self._handles[stream]
            self._end(stream)

    def _end(self, stream: Stream) -> None:
        stream.close()
        self._closing = {each for each in self._closing if not each.gone}
        self._closing.add(stream)

    def close_all(self) -> None:
        """Close all connections; what was written before may still leave."""
        for handle in list(self._streams):
            self.close(handle)
        for stream in self._incoming:
            self._end(stream)
        self._incoming.clear()

    async def wait_closed(self) -> None:
        """Wait until nothing of the closed connections is left in the loop."""
        for stream in list(self._closing):
            await stream.wait_closed()

    # What streams tell

    def stream_opened(
        self, stream: Stream, local: tuple[str, int], remote: tuple[str, int]
    ) -> None:
        """Tell the agent that a connection is open, and close it when it is not wanted."""
        asked = self._handles.get(stream)
        self._incoming.discard(stream)
        now = self._loop.time()
        handle = self._agent.stream_opened(asked, local=local, remote=remote, now=now)
        if handle is not None:
            self._streams[handle] = stream
            self._handles[stream] = handle
        elif asked is not None:
            self.close(asked)
        else:
            self._end(stream)
        self._done()

    def stream_received(self, stream: Stream, data: bytes) -> None:
        """Give the agent bytes that arrived."""
        self._agent.receive_stream(self._handles[stream], data, now=self._loop.time())
        self._done()

    def stream_closed(self, stream: Stream, reason: str) -> None:
        """Tell the agent that a connection is gone."""
        handle = self._handles.pop(stream, None)
        self._incoming.discard(stream)
        if handle is None:
            return
        del self._streams[handle]
        self._agent.stream_closed(handle, now=self._loop.time(), reason=reason)
        self._done()
