"""How much of what is sent may be sent again.

Who repeats a packet once on a path that loses one in ten waits for every tenth repair for another
round, which is when pictures stand still. So what was lost as often as that is sent twice at once.
"""

from .meter import WINDOW, RateMeter

SHARE = 0.15
"""Of the target, that repair may take, and twice as much more as the path loses."""
MAX_LOSS = 0.15
"""Loss that makes room for repair: with more of it the path is full."""
TWICE_FROM = 0.07
"""Loss from which on two copies are sent at once."""
LEAST_PACKETS = 2
"""Packets that may be sent again in a second, however low the target is."""


class RepairBudget:
    """What one transport sent again lately."""

    __slots__ = ("_sent",)

    def __init__(self) -> None:
        self._sent = RateMeter()

    def take(self, size: int, target: float, now: float, *, loss: float = 0.0) -> bool:
        """Tell whether a packet of so many bytes may be sent again now; it counts then."""
        share = SHARE + 2 * min(loss, MAX_LOSS)
        return self._take(size, share * target, now, least=LEAST_PACKETS)

    def take_second(
        self, size: int, target: float, now: float, *, loss: float = 0.0, again: bool = False
    ) -> bool:
        """Tell whether a second copy is worth it, and may go along; it counts then.

        `again` tells that a copy is known to be lost as well. First copies keep their room.
        """
        if not again and loss < TWICE_FROM:
            return False
        return self._take(size, (SHARE + min(loss, MAX_LOSS)) * target, now, least=0)

    def _take(self, size: int, bitrate: float, now: float, *, least: int) -> bool:
        sent = self._sent
        sent.advance(now)
        if 8 * (sent.octets + size) > bitrate * WINDOW and len(sent) >= least:
            return False
        sent.add(size, now)
        return True
