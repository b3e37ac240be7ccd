"""What tests of calls over simulated networks share."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from av import AudioFrame, VideoFrame

from peer import (
    MediaStreamError,
    MediaStreamTrack,
    RTCDataChannelEvent,
    RTCPeerConnection,
    RTCTrackEvent,
)
from peer.testing import picture_number


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


class _Received:
    """Reads the first track that a connection receives, and notes when frames came."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        self.times: list[float] = []
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
                self.note(frame)

    def note(self, frame: Any) -> None:
        """Look at a frame."""
        raise NotImplementedError

    @property
    def longest_gap(self) -> float:
        """The longest time without a frame, in seconds."""
        return max(later - earlier for earlier, later in itertools.pairwise(self.times))


class Heard(_Received):
    """What was heard of a track: `samples` are at the rate that is received."""

    samples = 0

    def note(self, frame: AudioFrame) -> None:
        """Count the samples of a frame."""
        self.samples += frame.samples


class Seen(_Received):
    """What was seen of a `PictureTrack`: the numbers of the pictures."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        super().__init__(connection)
        self.numbers: list[int] = []

    def note(self, frame: VideoFrame) -> None:
        """Read the number of a picture."""
        self.numbers.append(picture_number(frame))


def now() -> float:
    """The time of the running loop."""
    return asyncio.get_running_loop().time()
