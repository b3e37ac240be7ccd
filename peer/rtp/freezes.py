"""How evenly pictures come: gaps, freezes and pauses (webrtc-stats, totalFreezesDuration)."""

from collections import deque

RECENT = 30
"""Gaps whose mean says what is usual."""
FEWEST = 5
"""Gaps that are seen before one can be a freeze."""
PAUSE = 5.0
"""Seconds of a gap that is a pause, as when a sender is muted, and no freeze."""
LONGER = 0.15
"""Seconds by which a freeze is longer than a usual gap."""
_TIMES = 3


class Freezes:
    """Sums up the gaps between the pictures of one stream, in seconds."""

    def __init__(self) -> None:
        self.freezes = self.pauses = 0
        self.frozen = self.paused = 0.0
        self.gaps = self.squared_gaps = 0.0
        """All gaps together, and their squares."""
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._last: float | None = None

    def add(self, now: float) -> None:
        """Note a picture."""
        last, self._last = self._last, now
        if last is None:
            return
        gap = now - last
        self.gaps += gap
        self.squared_gaps += gap * gap
        if gap > PAUSE:
            self.pauses += 1
            self.paused += gap
            return
        if len(self._recent) >= FEWEST:
            mean = sum(self._recent) / len(self._recent)
            if gap >= max(_TIMES * mean, mean + LONGER):
                self.freezes += 1
                self.frozen += gap
        self._recent.append(gap)
