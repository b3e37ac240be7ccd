"""The track of a receiver."""

import asyncio

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.frame import Frame

from .emitter import Emitter

MAX_FRAMES = 60
"""Decoded frames kept for a reader that is late; the oldest are dropped beyond."""


class RemoteTrack(Emitter, MediaStreamTrack):
    """Media of the peer; emits "ended", "mute" and "unmute"."""

    def __init__(self, kind: str, track_id: str | None = None) -> None:
        super().__init__()
        self.kind = kind
        if track_id is not None:
            self._id = track_id
        # Named as in aiortc: programs empty it to catch up.
        self._queue: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._muted = True
        self._dropped = 0

    @property
    def muted(self) -> bool:
        """Tell whether the peer sends nothing at present."""
        return self._muted

    @property
    def frames_dropped(self) -> int:
        """How many frames nobody came to read."""
        return self._dropped

    async def recv(self) -> Frame:
        """Return the next frame; MediaStreamError when the track has ended."""
        if self.readyState != "live":
            raise MediaStreamError
        frame = await self._queue.get()
        if frame is None:
            self._queue.put_nowait(None)
            raise MediaStreamError
        return frame

    def deliver(self, frame: Frame) -> None:
        """Add a frame."""
        if self.readyState != "live":
            return
        if self._queue.qsize() >= MAX_FRAMES:
            self._queue.get_nowait()
            self._dropped += 1
        self._queue.put_nowait(frame)

    def set_muted(self, muted: bool) -> None:
        """Note whether the peer sends."""
        if muted != self._muted and self.readyState == "live":
            self._muted = muted
            self.emit("mute" if muted else "unmute")

    def stop(self) -> None:
        """End the track; whoever waits for a frame is told."""
        if self.readyState == "live":
            super().stop()
            self._queue.put_nowait(None)
