"""How much of what is sent may be sent again."""

from .meter import WINDOW, RateMeter

SHARE = 0.15
"""Of the target, that repair may take, and as much more as the path loses."""
LEAST_PACKETS = 2
"""Packets that may be sent again in a second, however low the target is."""


class RepairBudget:
    """What one transport sent again lately."""

    __slots__ = ("_sent",)

    def __init__(self) -> None:
        self._sent = RateMeter()

    def take(self, size: int, target: float, now: float, *, loss: float = 0.0) -> bool:
        """Tell whether a packet of so many bytes may be sent again now; it counts then."""
        sent = self._sent
        sent.advance(now)
        fits = 8 * (sent.octets + size) <= (SHARE + loss) * target * WINDOW
        if not fits and len(sent) >= LEAST_PACKETS:
            return False
        sent.add(size, now)
        return True
