"""What a sender does that hears nothing: its packets, or the reports about them, are stuck."""

from math import inf

MIN_PACKETS = 20
"""Sent since the last report, before its absence means anything."""
PATIENCE, ROUND_TRIPS = 0.5, 3
"""Seconds, and round trips, without a report until nothing is raised any more."""
CUT_AFTER, CUT, CUT_INTERVAL = 1.0, 0.7, 1.0
"""Seconds until the rate is lowered to this part of it, and until it is again."""
RESUME_AFTER = 10.0
"""Seconds without a packet sent after which the estimate is too old to be used as it is."""


class Silence:
    """How long a transport has been sending without an answer."""

    __slots__ = ("_before", "_count", "_cut_at", "_latest", "_since", "round_trip")

    def __init__(self) -> None:
        self.round_trip = 0.2
        self._count = 0
        self._since = self._latest = inf
        self._cut_at = -inf
        self._before: float | None = None

    def sent(self, now: float, count: int = 1) -> bool:
        """Note packets; True when they are the first in a long time."""
        resumed = now - self._latest > RESUME_AFTER
        if not self._count or resumed:
            self._since, self._count = now, 0
        self._count += count
        self._latest = now
        return resumed

    def heard(self) -> float | None:
        """Note a report about packets; returns the rate before it was cut for want of one."""
        before, self._before = self._before, None
        self._count = 0
        self._since = inf
        return before

    def is_worrying(self, now: float) -> bool:
        """Tell whether nothing is to be raised."""
        return self._lasts(now, max(PATIENCE, ROUND_TRIPS * self.round_trip))

    def cut(self, bitrate: float, now: float) -> float:
        """Return what remains of a rate: less of it each time that it is to be lowered."""
        if now - self._cut_at < CUT_INTERVAL or not self._lasts(now, CUT_AFTER):
            return bitrate
        self._cut_at = now
        if self._before is None:
            self._before = bitrate
        return CUT * bitrate

    def _lasts(self, now: float, time: float) -> bool:
        return self._count >= MIN_PACKETS and now - self._since >= time
