"""The track of a receiver."""

import asyncio
import math
from collections import deque
from collections.abc import Callable

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame
from av.frame import Frame

from .emitter import Emitter
from .share import MediaShare

MAX_FRAMES = 60
"""Decoded frames kept for a reader that is late; the oldest are dropped beyond."""
MAX_SOUND = 1.2
"""Seconds of sound kept for such a reader, in however many frames."""
MAX_BURST, MAX_BURST_FRAMES = 10.0, 500
"""Seconds and frames of sound kept for a reader who waits: what comes all at once is not late."""
MAX_UNREAD_PICTURES = 4
"""Pictures kept of a track that nobody has read yet."""

UNREAD = 5.0
"""Seconds since somebody asked for a frame after which none are made."""


class _FrameQueue(asyncio.Queue[Frame | None]):
    """Frames of which pictures count as held by their connection while they are in it.

    Also those that a program takes out itself, as aiortc's do to catch up. `seconds` is how much
    sound they hold, which is bounded by that.
    """

    share: MediaShare | None = None
    seconds = 0.0

    def _init(self, maxsize: int) -> None:
        self._queue: deque[Frame | None] = deque()
        self._sizes: deque[int] = deque()

    def put_picture(self, picture: VideoFrame, size: int) -> None:
        """Add a picture of so many bytes, which the share has taken."""
        self._sizes.append(size)
        self.put_nowait(picture)

    def _put(self, item: Frame | None) -> None:
        self._queue.append(item)
        if isinstance(item, AudioFrame):
            self.seconds += _duration(item)

    def _get(self) -> Frame | None:
        frame = self._queue.popleft()
        if isinstance(frame, AudioFrame):
            self.seconds -= _duration(frame)
        elif isinstance(frame, VideoFrame):
            size = self._sizes.popleft()
            if self.share is not None:
                self.share.give_back(size)
        return frame


class RemoteTrack(Emitter, MediaStreamTrack):
    """Media of the peer; emits "ended", "mute" and "unmute"."""

    def __init__(self, kind: str, track_id: str | None = None) -> None:
        super().__init__()
        self.kind = kind
        if track_id is not None:
            self._id = track_id
        # Named as in aiortc: programs empty it to catch up.
        self._queue = _FrameQueue()
        self._unread = True
        self._readers = 0
        self._read_at: float | None = None
        self._muted = True
        self._dropped = 0
        self._at_end: list[Callable[[], object]] = []

    @property
    def muted(self) -> bool:
        """Tell whether the peer sends nothing at present."""
        return self._muted

    @property
    def frames_dropped(self) -> int:
        """How many frames nobody came to read."""
        return self._dropped

    def hold_within(self, share: MediaShare) -> None:
        """Say whose share the frames count in that wait for a reader."""
        self._queue.share = share

    def has_reader(self, now: float) -> bool:
        """Tell whether somebody wants frames; what waits for nobody is dropped.

        A track that nobody has read yet is given the time to be, from the first call on.
        """
        if self.readyState != "live":
            return False
        if self._readers:
            return True
        if self._read_at is None:
            self._read_at = now
        if now - self._read_at <= UNREAD:
            return True
        while not self._queue.empty():
            self._drop()
        return False

    def expect_nobody(self) -> None:
        """Give a track that nobody has read yet no time to be: it is read as it came."""
        if self._unread:
            self._read_at = -math.inf

    def at_end(self, callback: Callable[[], object]) -> None:
        """Call this when the track ends."""
        self._at_end.append(callback)

    async def recv(self) -> Frame:
        """Return the next frame; MediaStreamError when the track has ended."""
        self._unread = False
        if self.readyState != "live":
            raise MediaStreamError
        self._readers += 1
        try:
            frame = await self._queue.get()
        finally:
            self._readers -= 1
            self._read_at = asyncio.get_running_loop().time()
        if frame is None:
            self._queue.put_nowait(None)
            raise MediaStreamError
        return frame

    def deliver(self, frame: Frame) -> None:
        """Add a frame; the oldest make room for it, and it is dropped when that is not enough."""
        if self.readyState != "live":
            return
        queue = self._queue
        frames, seconds = self._bounds
        while queue.qsize() >= frames or queue.seconds > seconds:
            self._drop()
        if not isinstance(frame, VideoFrame):
            queue.put_nowait(frame)
            return
        share, size = queue.share, _size(frame)
        while share is not None and not share.take(size):
            if queue.empty():
                self._dropped += 1
                return
            self._drop()
        queue.put_picture(frame, size)

    @property
    def _bounds(self) -> tuple[int, float]:
        """The frames, and the seconds of sound, that may wait."""
        if self.kind == "video":
            return MAX_UNREAD_PICTURES if self._unread else MAX_FRAMES, MAX_SOUND
        return (MAX_BURST_FRAMES, MAX_BURST) if self._readers else (MAX_FRAMES, MAX_SOUND)

    def _drop(self) -> None:
        self._queue.get_nowait()
        self._dropped += 1

    def set_muted(self, muted: bool) -> None:
        """Note whether the peer sends."""
        if muted != self._muted and self.readyState == "live":
            self._muted = muted
            self.emit("mute" if muted else "unmute")

    def stop(self) -> None:
        """End the track; whoever waits for a frame is told."""
        if self.readyState == "live":
            super().stop()
            while not self._queue.empty():
                self._queue.get_nowait()
            self._queue.put_nowait(None)
            for callback in self._at_end:
                callback()


def _duration(frame: AudioFrame) -> float:
    """Return the seconds of sound in a frame, which need not say how many it has."""
    rate = frame.sample_rate
    return frame.samples / rate if rate else 0.0


def _size(frame: VideoFrame) -> int:
    """Return the bytes of a picture."""
    return sum(plane.buffer_size for plane in frame.planes)
