"""A queue that stands: delays that are long and no longer grow, which a trend cannot see.

It is emptied by sending less, unless it is that of others: a download fills it however little is
sent beside it, and who yields again and again ends with nothing. So each time it is found out what
sending less has emptied. Where that is little, the rate is again what it was, and for a while
delays alone do not lower it: only losses do, as they do with the others.
"""

from collections import deque
from math import inf
from typing import NamedTuple

BASE_WINDOW = 30.0
"""Seconds in which the shortest time is taken for that of the empty path."""
RECENT_WINDOW, RECENT_SPAN = 1.0, 0.8
REPORT_WINDOW = 2.2
"""Seconds that are recent where receiver reports tell of round trips, once a second or so."""
MAX_DELAY = 0.1
"""Seconds of delay for which the rate is lowered."""
REST = 1.0
"""Seconds until it is lowered again, and those for which packets wait."""
BACKOFF = 0.7
"""The part of what arrived that is sent then."""
OWN_PART = 0.4
"""Of what that would empty if nobody else sent; where it is less the queue is that of others."""
ARRIVING_PART = 0.9
"""Of what is sent then; where less arrives the path has become slower, and the queue is ours."""
CONTEST, MAX_CONTEST = 20.0, 60.0
"""Seconds for which a queue is taken for that of others; twice as long each time."""
EMPTY = 0.03
"""Seconds of delay with less of which, all the time, nobody fills the queue any more."""


class _Trial(NamedTuple):
    """The rate was lowered: until when that shows, and from and to what."""

    until: float
    before: float
    bitrate: float


class StandingQueue:
    """The times that packets take on one path: the shortest lately, and in a long time.

    They are round trips, or times one way, whose zero may be anywhere.
    """

    __slots__ = ("_base", "_contest", "_contested_until", "_recent", "_trial", "_window", "delay")

    def __init__(self, window: float = RECENT_WINDOW) -> None:
        self.delay = 0.0
        """The seconds that packets waited lately, the shortest."""
        self._window = window
        self._base: deque[tuple[float, float]] = deque()
        self._recent: deque[tuple[float, float]] = deque()
        self._trial: _Trial | None = None
        self._contest, self._contested_until = CONTEST, -inf

    def add(self, time: float, now: float) -> None:
        """Note the shortest time of a report."""
        # A monotonic queue: what is older and longer than a new one is never the shortest again.
        base = self._base
        while base and base[-1][1] >= time:
            base.pop()
        base.append((now, time))
        while base[0][0] < now - BASE_WINDOW:
            base.popleft()
        self._recent.append((now, time))
        while self._recent[0][0] < now - self._window:
            self._recent.popleft()
        self.delay = min([value for _, value in self._recent]) - base[0][1]

    def forget(self) -> None:
        """Compare the times to come with none before: they have another zero."""
        self._base.clear()
        self._recent.clear()

    def is_contested(self, now: float) -> bool:
        """Tell whether others fill the queue."""
        return now < self._contested_until

    def judge(self, bitrate: float, arriving: float, now: float) -> float | None:
        """Return the rate to go to, None to stay at this one.

        It is lower where the queue stands, and what it was where that has emptied too little. Where
        nothing arrives no rate would tell.
        """
        trial = self._trial
        if trial is not None:
            if now < trial.until:
                return None
            self._trial = None
            if self._is_of_others(arriving / trial.bitrate):
                self._contested_until = now + self._contest
                self._contest = min(MAX_CONTEST, 2 * self._contest)
                return trial.before
            self._contest = CONTEST
        if self._is_empty():
            self._contest, self._contested_until = CONTEST, -inf
        if not arriving or self.is_contested(now) or not self._is_standing():
            return None
        # What arrives until then was sent before.
        until = now + self._recent[-1][1] - self._base[0][1] + REST
        self._trial = _Trial(until, min(bitrate, arriving), BACKOFF * arriving)
        return self._trial.bitrate

    def _is_of_others(self, part: float) -> bool:
        """Tell whether the queue stands nevertheless; `part` is what arrives of what is sent."""
        if not self._is_standing() or part < ARRIVING_PART:
            return False
        delays = [delay for _, delay in self._recent]
        count = max(1, len(delays) // 4)
        emptied = min(delays[:count]) - min(delays[-count:])
        return emptied < OWN_PART * (1 - BACKOFF) * RECENT_SPAN

    def _is_standing(self) -> bool:
        return self._is_known and self.delay > MAX_DELAY

    def _is_empty(self) -> bool:
        if not self._is_known or self.delay >= EMPTY:
            return False
        return max([delay for _, delay in self._recent]) - self._base[0][1] < EMPTY

    @property
    def _is_known(self) -> bool:
        """Whether there is a delay of long enough."""
        recent = self._recent
        return bool(recent) and recent[-1][0] - recent[0][0] >= RECENT_SPAN
