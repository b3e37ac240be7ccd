"""A queue that stands: delays that are long and no longer grow, which a trend cannot see."""

from collections import deque
from math import inf

BASE_WINDOW = 30.0
"""Seconds in which the shortest round trip is taken for that of the empty path."""
RECENT_WINDOW, RECENT_SPAN = 1.0, 0.8
MAX_DELAY = 0.1
"""Seconds of delay for which the rate is lowered."""
REST = 1.0
"""Seconds until it is lowered again."""
BACKOFF = 0.7
"""The part of what arrived that is sent then."""


class StandingQueue:
    """The round trips of one path: the shortest lately, and the shortest in a long time."""

    __slots__ = ("_base", "_recent", "_rest_until")

    def __init__(self) -> None:
        self._base: deque[tuple[float, float]] = deque()
        self._recent: deque[tuple[float, float]] = deque()
        self._rest_until = -inf

    @property
    def delay(self) -> float:
        """The seconds that packets waited lately, the shortest."""
        if not self._recent:
            return 0.0
        return min(value for _, value in self._recent) - self._base[0][1]

    def add(self, round_trip: float, now: float) -> None:
        """Note the shortest round trip of a report."""
        # A monotonic queue: what is older and longer than a new one is never the shortest again.
        base = self._base
        while base and base[-1][1] >= round_trip:
            base.pop()
        base.append((now, round_trip))
        while base[0][0] < now - BASE_WINDOW:
            base.popleft()
        self._recent.append((now, round_trip))
        while self._recent[0][0] < now - RECENT_WINDOW:
            self._recent.popleft()

    def is_standing(self, now: float) -> bool:
        """Tell whether the rate is to be lowered; then not again for a while."""
        recent = self._recent
        if now < self._rest_until or not recent or recent[-1][0] - recent[0][0] < RECENT_SPAN:
            return False
        if self.delay <= MAX_DELAY:
            return False
        self._rest_until = now + REST
        return True

    def forget(self) -> None:
        """Begin anew on another path."""
        self._base.clear()
        self._recent.clear()
