"""The frames of a receiver as they came, for programs that do not want them decoded."""

import asyncio
from collections.abc import Callable
from typing import Self
from weakref import WeakSet

from .encoded_media import EncodedMedia
from .encoded_queue import EncodedQueue
from .track import UNREAD, RemoteTrack


class EncodedFrames:
    """The encoded frames of a track in decoding order, as an asynchronous iterator.

    Pictures begin with a key frame, which is asked for; so they do after those that a slow reader
    has missed (`frames_dropped`). It ends with the track.
    """

    def __init__(self, kind: str, rid: str | None, now: float, ask: Callable[[], None]) -> None:
        self.frames_dropped = 0
        self._rid = rid
        self._ask = ask
        self._queue: EncodedQueue[None] = EncodedQueue()
        self._queue.needs_key = kind == "video"
        self._wake = asyncio.Event()
        self._readers = 0
        self._read_at = now
        self._is_closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> EncodedMedia:
        self._readers += 1
        try:
            while not self._is_closed:
                entry = self._queue.get()
                if entry is not None:
                    return entry[0]
                self._wake.clear()
                if self._queue.needs_key:
                    self._ask()
                await self._wake.wait()
        finally:
            self._readers -= 1
            self._read_at = asyncio.get_running_loop().time()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End it, for whoever reads as well."""
        self.close()

    # For the receiver

    @property
    def needs_key(self) -> bool:
        """Tell whether the next picture of use is a key frame."""
        return self._queue.needs_key

    def is_of(self, rid: str | None, *, shown: bool) -> bool:
        """Tell whether it has the frames of an encoding; `shown` is the one that is decoded."""
        return not self._is_closed and (shown if self._rid is None else self._rid == rid)

    def has_reader(self, now: float) -> bool:
        """Tell whether somebody wants frames; what waits for nobody is dropped."""
        if self._readers or now - self._read_at <= UNREAD:
            return True
        self.frames_dropped += len(self._queue.clear())
        return False

    def put(self, frame: EncodedMedia, now: float) -> None:
        """Add a frame, if somebody wants it."""
        if self.has_reader(now):
            self.frames_dropped += len(self._queue.put(frame, None))
            self._wake.set()

    def lose(self) -> None:
        """A frame is missing that others need."""
        self._queue.needs_key = True

    def close(self) -> None:
        """End it."""
        self._is_closed = True
        self._wake.set()


class EncodedReaders:
    """Who reads a track encoded. One that nobody holds any more is gone."""

    def __init__(self, track: RemoteTrack) -> None:
        self._track = track
        self._open: WeakSet[EncodedFrames] = WeakSet()
        track.at_end(self._close)

    def open(self, rid: str | None, ask: Callable[[], None]) -> EncodedFrames:
        """Begin to read an encoding, None for the one that is decoded; `ask` is for key frames.

        The track is decoded from now on only if somebody reads it.
        """
        self._track.expect_nobody()
        now = asyncio.get_running_loop().time()
        opened = EncodedFrames(self._track.kind, rid, now, ask)
        if self._track.readyState != "live":
            opened.close()
        self._open.add(opened)
        return opened

    @property
    def is_empty(self) -> bool:
        """Tell whether nobody reads it so."""
        return not self._open

    def of(self, rid: str | None, now: float, *, shown: bool) -> list[EncodedFrames]:
        """Return those that want the frames of an encoding now."""
        if self.is_empty:
            return []
        return [one for one in self._open if one.is_of(rid, shown=shown) and one.has_reader(now)]

    def _close(self) -> None:
        for one in list(self._open):
            one.close()
