"""How long lost packets wait until they are sent again, for all but few of them.

It is a round trip and what a loss takes to show, unless requests and reports are lost themselves.
Where losses come in bursts, several of those in a row are: then it is several times as long.
"""

from collections import deque

QUANTILE = 0.95
WINDOW = 10.0
"""Seconds that count."""
MOST, LEAST = 200, 20
"""Packets that count at most, and without which nothing is said."""
SHOWING = 0.05
"""Seconds that a loss takes to show at the receiver, and to be told of."""
LOOK = 1.0
"""Seconds from one look at all of them to the next."""


class RepairTime:
    """The repairs of one stream; times are in seconds."""

    __slots__ = ("_looked", "_waits", "round_trip")

    def __init__(self) -> None:
        self.round_trip = 0.0
        """What the round trip would be if no request were lost; 0 while nothing is known."""
        self._waits: deque[tuple[float, float]] = deque(maxlen=MOST)
        self._looked = 0.0

    def note(self, waited: float, now: float) -> None:
        """Note that a packet is sent again for the first time, so long after it was sent."""
        self._waits.append((now, waited))

    def advance(self, now: float) -> None:
        """Find the figure anew, where it is time."""
        if now - self._looked < LOOK:
            return
        self._looked = now
        waits = self._waits
        while waits and waits[0][0] < now - WINDOW:
            waits.popleft()
        self.round_trip = 0.0
        if len(waits) >= LEAST:
            longest = sorted(waited for _, waited in waits)[int(QUANTILE * (len(waits) - 1))]
            self.round_trip = max(0.0, longest - SHOWING)
