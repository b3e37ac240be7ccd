"""What the link was seen to carry when it was full, and how sure that is."""

from math import sqrt

WEIGHT = 0.05
"""Of a new sample."""
LEAST_DEVIATION, MOST_DEVIATION = 0.4, 2.5
SIGMAS = 3


class LinkCapacity:
    """The capacity, in bits per second; its deviation is counted in kilobits."""

    __slots__ = ("_deviation", "_estimate")

    def __init__(self) -> None:
        self._estimate: float | None = None
        self._deviation = LEAST_DEVIATION

    @property
    def estimate(self) -> float | None:
        """The capacity, None when it is not known."""
        return None if self._estimate is None else self._estimate * 1000

    def exceeded_by(self, bitrate: float) -> bool:
        """Tell whether a rate is more than the link was thought to carry."""
        return self._estimate is not None and bitrate / 1000 > self._estimate + self._margin()

    def missed_by(self, bitrate: float) -> bool:
        """Tell whether a rate is less than the link was thought to carry when it is full."""
        return self._estimate is not None and bitrate / 1000 < self._estimate - self._margin()

    def add(self, bitrate: float) -> None:
        """Note what the link carried while it was full."""
        sample = bitrate / 1000
        if self._estimate is None:
            self._estimate = sample
        else:
            self._estimate += WEIGHT * (sample - self._estimate)
        error = self._estimate - sample
        spread = error * error / max(self._estimate, 1.0)
        followed = (1 - WEIGHT) * self._deviation + WEIGHT * spread
        self._deviation = max(LEAST_DEVIATION, min(MOST_DEVIATION, followed))

    def forget(self) -> None:
        """Know nothing any more."""
        self._estimate = None

    def _margin(self) -> float:
        return SIGMAS * sqrt(self._deviation * (self._estimate or 0.0))
