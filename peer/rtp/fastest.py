"""The shortest way through the network of late: what all delays are counted from."""

_WINDOW = 1.0
_PAUSE = 2.0


class Fastest:
    """The least of the delays of the last one to two seconds.

    A delay is an arrival less a time of the sender's, so that only differences mean anything.
    """

    __slots__ = ("_before", "_last", "_now", "_window_end")

    def __init__(self) -> None:
        self._now = self._before = self._window_end = 0.0
        self._last = -1e9

    @property
    def delay(self) -> float:
        """The delay of the fastest."""
        return min(self._now, self._before)

    def note(self, delay: float, now: float) -> float:
        """Note a delay; returns by how much it is more than that of the fastest."""
        if now >= self._window_end:
            # After a pause nobody knows how fast the way is now.
            self._before = delay if now - self._last > _PAUSE else self._now
            self._now = delay
            self._window_end = now + _WINDOW
        elif delay < self._now:
            self._now = delay
        self._last = now
        before = self._before
        return delay - (before if before < self._now else self._now)
