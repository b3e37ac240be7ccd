"""The rate of a path whose receiver tells less: what it takes at most (REMB), or only losses.

Losses alone would keep the queue of a narrow path full: round trips tell of it.
"""

from math import inf

from ..round_trip import MAX_ROUND_TRIP
from .loss_reports import LossReports
from .rate_control import DEFAULT_ROUND_TRIP
from .standing_queue import REPORT_WINDOW, StandingQueue

GROWTH = 1.08
"""Per second, towards what the receiver takes."""
MAX_AGE = 5.0
"""Seconds after which what it takes is no reason to send more, and losses count again."""
MAX_FACTOR = 4.0
"""Of the rate in the beginning, with nothing but losses known."""


class ReportEstimate:
    """The estimate, in bits per second."""

    __slots__ = ("_losses", "_most", "_queue", "_raised", "_taken", "bitrate")

    def __init__(self, bitrate: float) -> None:
        self.bitrate = bitrate
        self._most = MAX_FACTOR * bitrate
        self._losses = LossReports()
        self._queue = StandingQueue(REPORT_WINDOW)
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

    def note_loss(self, lost: int, expected: int, round_trip: float | None, now: float) -> None:
        """Note what a report adds to what was lost and expected, and the round trip it tells of."""
        if self._taken is not None and now - self._raised < MAX_AGE:
            return
        measured = DEFAULT_ROUND_TRIP if round_trip is None else min(round_trip, MAX_ROUND_TRIP)
        follows = self._losses.add(lost, expected, self.bitrate, measured, now)
        if round_trip is not None:
            self._queue.add(measured, now)
            arriving = self.bitrate * (1 - self._losses.part)
            emptying = self._queue.judge(self.bitrate, arriving, now)
            follows = follows if emptying is None else emptying
        self.bitrate = min(self._most if self._taken is None else self._taken, follows)
