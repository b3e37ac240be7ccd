"""Which delays are usual on a path, so that what chance does to them is not taken for a queue.

Radio holds packets up, some more and some less, and the latest delays rise and fall with that as
with a queue. But a queue that grows lets no packet through at once: the shortest delays of all
moments rise with it, above what they are otherwise.
"""

from collections import deque
from itertools import islice
from math import inf
from operator import sub

MOMENT = 0.2
"""Seconds of a moment, of which the shortest delay counts."""
MOMENTS = 50
"""Moments that tell what is usual."""
LEAST_MOMENTS = 5
"""Without so many nothing is known to be usual."""
SPREADS, MOST = 4.0, 0.025
"""How much longer than the shortest of all moments that of one may be by chance, in spreads, and in
seconds at most."""
LEAST_SPREAD = 0.002
"""Spread that is worth to be told from none."""
MAX_STEP = 3.0
"""Seconds that a delay may differ from the one before: by more than that a clock was set."""


class UsualDelay:
    """The shortest delays of one path: in seconds, by clocks that differ by anything."""

    __slots__ = ("_closed", "_least", "_moments", "_recent", "spread")

    def __init__(self) -> None:
        self._recent: deque[tuple[float, float]] = deque()
        self._moments: deque[float] = deque(maxlen=MOMENTS)
        self._closed = -inf
        self._least = 0.0
        self.spread = 0.0
        """By how many seconds the shortest delays of moments differ; 0 when that is not known."""

    def add(self, delay: float, now: float) -> None:
        """Note the shortest delay of packets that were reported together."""
        recent = self._recent
        if recent and abs(delay - recent[-1][1]) > MAX_STEP:
            recent.clear()
            self.forget()
        recent.append((now, delay))
        while recent[0][0] < now - MOMENT:
            recent.popleft()
        if now >= self._closed + MOMENT:
            self._closed = now
            self._close()

    def forget(self) -> None:
        """Begin anew: what the moments had in them was a queue."""
        self._moments.clear()
        self.spread = 0.0

    def _close(self) -> None:
        moments = self._moments
        moments.append(self._shortest)
        if len(moments) >= LEAST_MOMENTS:
            self._least = min(moments)
            steps = sorted(map(abs, map(sub, islice(moments, 1, None), moments)))
            spread = steps[len(steps) // 2]
            self.spread = spread if spread >= LEAST_SPREAD else 0.0

    @property
    def is_exceeded(self) -> bool:
        """Whether the shortest delay is longer than chance makes it, as far as that is known."""
        chance = min(MOST, SPREADS * self.spread)
        return not chance or self._shortest - self._least > chance

    @property
    def _shortest(self) -> float:
        return min(delay for _, delay in self._recent)
