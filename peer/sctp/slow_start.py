"""Ending the search for the window before packets get lost (RFC 9406, HyStart++).

While the window doubles, a queue shows in round trips before it overflows. When the least one of a
round is well above that of the round before, the window grows by a quarter of what arrives; if
round trips are as short as before again it was jitter, and if not the search is over after a few
rounds.
"""

from math import inf

LEAST_RISE, MOST_RISE = 0.004, 0.016
"""Seconds: what a round trip has to be longer, an eighth of it within these bounds."""
SAMPLES = 8
"""Round trips measured in a round before it says something."""
CAREFUL_SHARE = 0.25
CAREFUL_ROUNDS = 5


class SlowStart:
    """The rounds of one search. `share` is by how much of what arrives the window is to grow."""

    __slots__ = ("_before", "_end", "_least", "_rounds", "_samples", "_suspected", "share")

    def __init__(self) -> None:
        self.share = 1.0
        self._end = -1
        self._before = self._least = inf
        self._samples = self._rounds = 0
        # The least round trip when a queue was suspected.
        self._suspected = inf

    def measure(self, sample: float, tsn: int, next_tsn: int) -> bool:
        """Take in the round trip of a TSN; True when the search is over."""
        if tsn >= self._end:
            self._end = next_tsn
            self._before, self._least, self._samples = self._least, inf, 0
            self._rounds += 1
        self._least = min(self._least, sample)
        self._samples += 1
        if self._samples >= SAMPLES:
            self._judge()
        return self._suspected < inf and self._rounds >= CAREFUL_ROUNDS

    def _judge(self) -> None:
        if self._suspected < inf:
            if self._least < self._suspected:
                self.share, self._suspected = 1.0, inf
            return
        rise = min(max(self._before / 8, LEAST_RISE), MOST_RISE)
        if self._least >= self._before + rise:
            self.share, self._suspected, self._rounds = CAREFUL_SHARE, self._least, 0
