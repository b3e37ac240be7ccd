"""Whether the queue at the bottleneck grows: the trend of the delays, against a threshold that
follows what is usual on the path.

A line is fitted through the smoothed sums of the delay differences of the latest groups. Its slope,
made larger by how many of them there are, is compared with the threshold.
"""

import enum
from collections import deque

from .groups import GroupDelta

SMOOTHING = 0.9
WINDOW = 20
"""Points that the line is fitted through."""
GAIN = 4.0
MAX_COUNTED = 60
"""Groups that make the slope weigh more."""
OVERUSE_TIME = 10.0
"""Milliseconds over the threshold before it counts."""
FIRST_THRESHOLD, LEAST_THRESHOLD, MOST_THRESHOLD = 12.5, 6.0, 600.0
RISE, FALL = 0.0087, 0.039
"""How fast the threshold follows, per millisecond."""
MAX_EXCESS = 15.0
"""A trend so far beyond the threshold is an event, and not what is usual."""
_MAX_STEP = 100.0
_MANY = 1000


class Usage(enum.Enum):
    """What the delays say of the rate that is sent."""

    NORMAL = enum.auto()
    OVER = enum.auto()
    UNDER = enum.auto()


class DelayTrend:
    """The trend of one path. Its own times are in milliseconds."""

    __slots__ = (
        "_count",
        "_delay",
        "_first",
        "_over",
        "_over_time",
        "_points",
        "_slope",
        "_smooth",
        "_updated",
        "threshold",
        "usage",
    )

    def __init__(self) -> None:
        self.usage = Usage.NORMAL
        self.threshold = FIRST_THRESHOLD
        self._count = 0
        self._delay = self._smooth = self._slope = 0.0
        self._first: float | None = None
        self._points: deque[tuple[float, float]] = deque(maxlen=WINDOW)
        self._updated: float | None = None
        self._over = 0
        self._over_time: float | None = None

    def add(self, delta: GroupDelta) -> None:
        """Take the difference between two groups."""
        arrival = delta.arrival * 1000
        if self._first is None:
            self._first = arrival
        self._count = min(_MANY, self._count + 1)
        self._delay += (delta.arrived - delta.sent) * 1000
        self._smooth = SMOOTHING * self._smooth + (1 - SMOOTHING) * self._delay
        self._points.append((arrival - self._first, self._smooth))
        slope_before = self._slope
        if len(self._points) == WINDOW:
            self._slope = _slope(self._points, slope_before)
        self._detect(delta.sent * 1000, slope_before, arrival)

    def _detect(self, sent: float, slope_before: float, arrival: float) -> None:
        if self._count < 2:
            self.usage = Usage.NORMAL
            return
        trend = min(self._count, MAX_COUNTED) * self._slope * GAIN
        if trend > self.threshold:
            self._over_time = sent / 2 if self._over_time is None else self._over_time + sent
            self._over += 1
            if self._over_time > OVERUSE_TIME and self._over > 1 and self._slope >= slope_before:
                self._over_time, self._over = 0.0, 0
                self.usage = Usage.OVER
        else:
            self._over_time, self._over = None, 0
            self.usage = Usage.UNDER if trend < -self.threshold else Usage.NORMAL
        self._follow(abs(trend), arrival)

    def _follow(self, size: float, arrival: float) -> None:
        """Let the threshold follow what is usual."""
        passed = 0.0 if self._updated is None else min(arrival - self._updated, _MAX_STEP)
        self._updated = arrival
        if size > self.threshold + MAX_EXCESS:
            return
        speed = FALL if size < self.threshold else RISE
        followed = self.threshold + speed * (size - self.threshold) * passed
        self.threshold = max(LEAST_THRESHOLD, min(MOST_THRESHOLD, followed))


def _slope(points: "deque[tuple[float, float]]", otherwise: float) -> float:
    """Return the slope of the line with the least squares."""
    count = len(points)
    # Counted from the first, so that hours do not cost the sums their precision.
    first, level = points[0]
    sum_x = sum_y = sum_xx = sum_xy = 0.0
    for x, y in points:
        x -= first
        y -= level
        sum_x += x
        sum_y += y
        sum_xx += x * x
        sum_xy += x * y
    spread = count * sum_xx - sum_x * sum_x
    return (count * sum_xy - sum_x * sum_y) / spread if spread > 0 else otherwise
