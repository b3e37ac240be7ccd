"""The rate of a path whose receiver tells less: what it takes at most (REMB), or only losses."""

from math import inf

from .loss_reports import LossReports

GROWTH = 1.08
"""Per second, towards what the receiver takes."""
MAX_AGE = 5.0
"""Seconds after which what it takes is no reason to send more, and losses count again."""
MAX_FACTOR = 4.0
"""Of the rate in the beginning, with nothing but losses known."""


class ReportEstimate:
    """The estimate, in bits per second."""

    __slots__ = ("_losses", "_most", "_raised", "_taken", "bitrate")

    def __init__(self, bitrate: float) -> None:
        self.bitrate = bitrate
        self._most = MAX_FACTOR * bitrate
        self._losses = LossReports()
        self._taken: float | None = None
        self._raised = -inf

    def note_limit(self, bitrate: float, now: float) -> None:
        """Note what the receiver takes."""
        if self._taken is None:
            self.bitrate = bitrate
        passed, self._raised = now - self._raised, now
        self._taken = bitrate
        if bitrate <= self.bitrate:
            self.bitrate = bitrate
        elif passed < MAX_AGE:
            self.bitrate = min(bitrate, self.bitrate * GROWTH**passed)

    def note_loss(self, lost: int, expected: int, round_trip: float, now: float) -> None:
        """Note what a report adds to what was lost and expected."""
        if self._taken is not None and now - self._raised < MAX_AGE:
            return
        follows = self._losses.add(lost, expected, self.bitrate, round_trip, now)
        self.bitrate = min(self._most if self._taken is None else self._taken, follows)
