"""What tests of calls over simulated networks share."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from peer import (
    MediaStreamError,
    MediaStreamTrack,
    RTCDataChannelEvent,
    RTCPeerConnection,
    RTCTrackEvent,
)


@asynccontextmanager
async def closing(*connections: RTCPeerConnection) -> AsyncIterator[tuple[RTCPeerConnection, ...]]:
    """Close connections in the end, whatever happens."""
    try:
        yield connections
    finally:
        await asyncio.gather(*(connection.close() for connection in connections))


def first_message(connection: RTCPeerConnection) -> asyncio.Future[Any]:
    """Return what will be the first message on a channel that the peer opens."""
    heard: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def take(data: object) -> None:
        if not heard.done():
            heard.set_result(data)

    def note(event: RTCDataChannelEvent) -> None:
        event.channel.on("message", take)

    connection.addEventListener("datachannel", note)
    return heard


class Heard:
    """Reads the first track that a connection receives, and notes when frames came."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        self.times: list[float] = []
        self.samples = 0
        self._task: asyncio.Task[None] | None = None
        connection.addEventListener("track", self._begin)

    def _begin(self, event: RTCTrackEvent) -> None:
        self._task = asyncio.get_running_loop().create_task(self._read(event.track))

    async def _read(self, track: MediaStreamTrack) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                self.times.append(loop.time())
                self.samples += getattr(frame, "samples", 0)

    @property
    def longest_gap(self) -> float:
        """The longest time without a frame, in seconds."""
        return max(later - earlier for earlier, later in itertools.pairwise(self.times))
