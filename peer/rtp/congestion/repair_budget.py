"""How much of what is sent may be sent again."""

from collections import deque

WINDOW = 1.0
SHARE = 0.15
"""Of the target, that repair may take."""
LEAST_PACKETS = 2
"""Packets that may be sent again in a window, however low the target is."""


class RepairBudget:
    """What one transport sent again lately."""

    __slots__ = ("_octets", "_sent")

    def __init__(self) -> None:
        self._sent: deque[tuple[float, int]] = deque()
        self._octets = 0

    def take(self, size: int, target: float, now: float) -> bool:
        """Tell whether a packet of so many bytes may be sent again now; it counts then."""
        sent = self._sent
        while sent and sent[0][0] <= now - WINDOW:
            self._octets -= sent.popleft()[1]
        fits = 8 * (self._octets + size) <= SHARE * target * WINDOW
        if not fits and len(sent) >= LEAST_PACKETS:
            return False
        sent.append((now, size))
        self._octets += size
        return True

    def rate(self, now: float) -> float:
        """Return the bits per second of repair, lately."""
        return 8 * sum(size for at, size in self._sent if at > now - WINDOW) / WINDOW
