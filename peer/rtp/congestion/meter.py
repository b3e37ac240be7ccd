"""Bytes a second, lately."""

from collections import deque

WINDOW = 1.0
"""Seconds that are looked back."""
_SHORTEST = 0.1


class RateMeter:
    """Sums up what was sent in the last second."""

    __slots__ = ("_begun", "_entries", "octets", "useful")

    def __init__(self) -> None:
        self.octets = self.useful = 0
        """The bytes of the last second, when that was last asked for, and the useful ones."""
        self._entries: deque[tuple[float, int, int]] = deque()
        self._begun: float | None = None

    def add(self, size: int, now: float, useful: int = 0) -> None:
        """Note bytes, and how many of them are of use."""
        if self._begun is None:
            self._begun = now
        self._entries.append((now, size, useful))
        self.octets += size
        self.useful += useful
        self.advance(now)

    def advance(self, now: float) -> None:
        """Forget what was longer ago."""
        entries = self._entries
        while entries and entries[0][0] <= now - WINDOW:
            _, size, useful = entries.popleft()
            self.octets -= size
            self.useful -= useful

    def __len__(self) -> int:
        return len(self._entries)

    def bitrate(self, now: float) -> float:
        """Return the bits per second; in the first second those of the time since then."""
        self.advance(now)
        if self._begun is None:
            return 0.0
        return 8 * self.octets / max(_SHORTEST, min(WINDOW, now - self._begun))
