"""How much feedback may be sent: browsers send each at once, where RFC 4585 §3.5 has one early
packet in an interval; a share of what is received bounds them instead."""

SHARE = 0.05
"""The part of the bytes received that feedback may have."""
FLOOR = 2000.0
"""Bytes a second that it has in any case."""
BURST = 8000
"""Bytes that may leave at once after a time without."""


class FeedbackBudget:
    """The bytes of feedback that have leave; times are in seconds."""

    __slots__ = ("_left", "_received", "_since")

    def __init__(self) -> None:
        self._left = float(BURST)
        self._received = 0
        self._since: float | None = None

    def note_received(self, size: int) -> None:
        """Note that so many bytes of media came."""
        self._received += size

    def allows(self, size: int, now: float) -> bool:
        """Take what feedback costs, or tell that there is not so much."""
        elapsed = 0.0 if self._since is None else max(0.0, now - self._since)
        self._left = min(BURST, self._left + max(SHARE * self._received, FLOOR * elapsed))
        self._received, self._since = 0, now
        if size > self._left:
            return False
        self._left -= size
        return True
