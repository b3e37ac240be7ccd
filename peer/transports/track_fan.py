"""One reading of a track for several senders in one connection."""

import asyncio
from typing import Any

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack


class TrackFan:
    """Reads a track when somebody wants a frame, and gives each frame to all.

    Who is slow misses frames. What the track raises, all that wait for it get.
    """

    def __init__(self, track: MediaStreamTrack) -> None:
        self.track = track
        self._latest: Any = None
        self._count = self._waiting = 0
        self._reading: asyncio.Task[Any] | None = None

    def tap(self) -> MediaStreamTrack:
        """Return a track with its frames."""
        return _Tap(self)

    @property
    def count(self) -> int:
        """How many frames were read."""
        return self._count

    async def next(self, seen: int) -> tuple[int, Any]:
        """Return the number and the frame of the latest one after so many."""
        if self._count == seen:
            await self._read()
        return self._count, self._latest

    async def _read(self) -> None:
        reading = self._reading
        if reading is None:
            reading = self._reading = asyncio.get_running_loop().create_task(self._advance())
        self._waiting += 1
        try:
            await asyncio.shield(reading)
        finally:
            self._waiting -= 1
            if not self._waiting and not reading.done():
                reading.cancel()
                self._reading = None

    async def _advance(self) -> None:
        try:
            self._latest = await self.track.recv()
            self._count += 1
        finally:
            if self._reading is asyncio.current_task():
                self._reading = None


class _Tap(MediaStreamTrack):
    """The frames of a fan."""

    def __init__(self, fan: TrackFan) -> None:
        super().__init__()
        self.kind = fan.track.kind
        self._fan = fan
        self._seen = fan.count

    async def recv(self) -> Any:
        """Return the latest frame that was not given yet."""
        if self.readyState != "live":
            raise MediaStreamError
        self._seen, frame = await self._fan.next(self._seen)
        return frame
