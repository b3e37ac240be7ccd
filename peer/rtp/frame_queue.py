"""Frames on their way to a decoder that may be slower than they come."""

from collections import deque
from typing import Generic

from .audio_queue import Packet
from .frame_buffer import VideoFrame

MAX_FRAMES = 60
"""Frames that wait: as many may come at once behind a packet that was sent again."""
MAX_BYTES = 16 << 20
"""Bytes of those that wait."""
MAX_WAIT = 0.25
"""Seconds that a frame may wait for the decoder."""


class FrameQueue(Generic[Packet]):
    """Holds frames for a decoder, in order, and drops what spoils no other.

    When it is full it goes on at the newest key frame, else without the frames that no other
    needs, else from the next key frame, for which `needs_key` asks.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self.needs_key = False
        self._frames: deque[tuple[float, VideoFrame[Packet]]] = deque()

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: VideoFrame[Packet], now: float) -> None:
        """Take a frame."""
        if self.needs_key:
            if not frame.is_key:
                self.dropped += 1
                return
            self.needs_key = False
        self._frames.append((now, frame))
        if self._is_full(now):
            self._shorten(now)

    def get(self) -> VideoFrame[Packet] | None:
        """Return the next frame, None when there is none."""
        return self._frames.popleft()[1] if self._frames else None

    def lose(self) -> None:
        """The frame handed out last was lost: what follows is of use from the next key frame on."""
        self.needs_key = True
        while self._frames and not self._frames[0][1].is_key:
            self._frames.popleft()
            self.dropped += 1
        if self._frames:
            self.needs_key = False

    def _is_full(self, now: float) -> bool:
        frames = self._frames
        if not frames:
            return False
        if len(frames) > MAX_FRAMES or now - frames[0][0] > MAX_WAIT:
            return True
        return len(frames) > 1 and sum(len(frame.data) for _, frame in frames) > MAX_BYTES

    def _shorten(self, now: float) -> None:
        before = len(self._frames)
        keys = [index for index, (_, frame) in enumerate(self._frames) if frame.is_key]
        if keys:
            for _ in range(keys[-1]):
                self._frames.popleft()
        if self._is_full(now):
            self._frames = deque(entry for entry in self._frames if entry[1].is_reference)
        if self._is_full(now):
            self._frames.clear()
            self.needs_key = True
        self.dropped += before - len(self._frames)
