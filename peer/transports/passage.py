"""The way of encoded frames through a program (W3C webrtc-encoded-transform §4)."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from .encoded_media import EncodedMedia
from .encoded_queue import MAX_FRAMES, EncodedQueue


class _Way(NamedTuple):
    """What a frame goes on with when it was written, or when it is given up."""

    go_on: Callable[[], object]
    give_up: Callable[[], object]


class Passage:
    """Frames that a program reads, and writes or not.

    Those it writes go on. It may drop and delay them: one that is written twice, after a later one,
    or that it has from elsewhere is ignored. What it does not read or write in time is given up, as
    is all that comes once it has ended. `begin` is called with the first frame.
    """

    def __init__(self, begin: Callable[[], object]) -> None:
        self.frames_dropped = 0
        self._begin: Callable[[], object] | None = begin
        self._waiting: EncodedQueue[_Way] = EncodedQueue()
        self._read: deque[tuple[EncodedMedia, _Way]] = deque()
        self._wake = asyncio.Event()
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Tell whether it has ended."""
        return self._is_closed

    def put(
        self, frame: EncodedMedia, go_on: Callable[[], object], give_up: Callable[[], object]
    ) -> None:
        """Send a frame through; one of the two is called when it is decided which."""
        begin, self._begin = self._begin, None
        if begin is not None and not self._is_closed:
            begin()
        way = _Way(go_on, give_up)
        self._drop([way] if self._is_closed else self._waiting.put(frame, way))
        self._wake.set()

    async def read(self) -> EncodedMedia | None:
        """Return the next frame, None when it has ended."""
        while not self._is_closed:
            entry = self._waiting.get()
            if entry is not None:
                self._read.append(entry)
                if len(self._read) > MAX_FRAMES:
                    self._drop([self._read.popleft()[1]])
                return entry[0]
            self._wake.clear()
            await self._wake.wait()
        return None

    def write(self, frame: object) -> bool:
        """Let a frame go on that was read; those read before it are dropped. False: ignored."""
        if not any(known is frame for known, _ in self._read):
            return False
        dropped: list[_Way] = []
        while True:
            known, way = self._read.popleft()
            if known is frame:
                self._drop(dropped)
                way.go_on()
                return True
            dropped.append(way)

    def close(self) -> None:
        """End it; whoever reads is told."""
        self._is_closed = True
        self._drop([*(way for _, way in self._read), *self._waiting.clear()])
        self._read.clear()
        self._wake.set()

    def _drop(self, ways: list[_Way]) -> None:
        self.frames_dropped += len(ways)
        for way in ways:
            way.give_up()
