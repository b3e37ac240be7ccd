"""The rate that receiver reports allow, for peers that tell nothing else (RFC 3550 §6.4.1)."""

from math import inf

MIN_PACKETS = 20
"""Of a sample."""
CALM, HEAVY = 0.02, 0.1
"""Losses up to which a rate rises, and beyond which it falls."""
GROWTH, MIN_GROWTH = 1.08, 1_000.0
MEMORY = 1.0
"""Seconds whose lowest rate is the one that rises."""
PATIENCE = 0.3
"""Seconds from one decrease to the next, with a round trip."""


class LossReports:
    """The losses that a peer counted, of all streams of a path."""

    __slots__ = ("_decreased", "_expected", "_lost", "_lowest", "_since", "part")

    def __init__(self) -> None:
        self.part = 0.0
        """What was lost of the latest sample."""
        self._lost = self._expected = 0
        self._decreased = -inf
        self._since = -inf
        self._lowest = 0.0

    def add(self, lost: int, expected: int, bitrate: float, round_trip: float, now: float) -> float:
        """Take what a report adds; returns the rate that follows, in bits per second."""
        self._lost += max(0, lost)
        self._expected += max(0, expected)
        if self._expected < MIN_PACKETS:
            return bitrate
        part = self.part = min(1.0, self._lost / self._expected)
        self._lost = self._expected = 0
        if part > HEAVY:
            if now - self._decreased < PATIENCE + round_trip:
                return bitrate
            self._decreased = now
            return bitrate * (1 - part / 2)
        if part > CALM:
            return bitrate
        if now - self._since >= MEMORY:
            self._since, self._lowest = now, bitrate
        self._lowest = min(self._lowest, bitrate)
        return max(bitrate, self._lowest * GROWTH + MIN_GROWTH)
