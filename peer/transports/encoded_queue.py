"""Encoded frames that wait for a program, within a bound."""

from collections import deque
from typing import Generic, TypeVar

from .encoded_media import EncodedMedia, needs_another

MAX_FRAMES = 60
"""Encoded frames that wait for a program; beyond that it goes on at the next key frame."""

Entry = TypeVar("Entry")


class EncodedQueue(Generic[Entry]):
    """Frames, and what belongs to each, in order.

    When it is full the oldest group of pictures makes room, or the oldest packet of sound: what
    is left can be decoded. When that leaves nothing, pictures up to the next key frame are refused.
    """

    def __init__(self) -> None:
        self.needs_key = False
        """Pictures are of use from the next key frame on."""
        self._entries: deque[tuple[EncodedMedia, Entry]] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, frame: EncodedMedia, entry: Entry) -> list[Entry]:
        """Take a frame; returns what is dropped for it, the frame itself when it is of no use."""
        if self.needs_key:
            if needs_another(frame):
                return [entry]
            self.needs_key = False
        self._entries.append((frame, entry))
        return self._shorten() if len(self._entries) > MAX_FRAMES else []

    def get(self) -> tuple[EncodedMedia, Entry] | None:
        """Return the next frame, None when there is none."""
        return self._entries.popleft() if self._entries else None

    def clear(self) -> list[Entry]:
        """Drop all that waits."""
        dropped = [entry for _, entry in self._entries]
        self._entries.clear()
        return dropped

    def _shorten(self) -> list[Entry]:
        entries = self._entries
        dropped = [entries.popleft()[1]]
        while entries and needs_another(entries[0][0]):
            dropped.append(entries.popleft()[1])
        self.needs_key = not entries
        return dropped
