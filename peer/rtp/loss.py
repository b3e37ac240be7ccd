"""How much of what is sent gets lost, from reports that each tell of few packets."""

import math

RISE = 1.0
FALL = 5.0
"""Seconds in which the estimate has come most of the way up to what reports say, and down."""


class LossEstimate:
    """The share of packets that is lost, 0 to 1; times are in seconds.

    Rising quickly, because what is lost meanwhile is heard; falling slowly, because losses come in
    crowds.
    """

    def __init__(self) -> None:
        self.fraction = 0.0
        self._noted: float | None = None

    def note(self, fraction: float, now: float) -> None:
        """Take in what a report says of the packets since the one before."""
        if self._noted is None:
            self.fraction = fraction
        else:
            time = RISE if fraction > self.fraction else FALL
            weight = 1 - math.exp(-max(0.0, now - self._noted) / time)
            self.fraction += weight * (fraction - self.fraction)
        self._noted = now
