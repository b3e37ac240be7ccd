"""When an SSRC of ours is to be another, because the peer sends by it too (RFC 3550 §8.2)."""

import math

MEMORY = 50.0
"""Seconds for which a peer that collided is known for it: ten intervals of reports, of 5 s each."""


class Collisions:
    """What the peer of a transport sends by SSRCs of ours.

    It has keys of its own, so what it sends is never a packet of ours that lost its way. Whoever
    goes on after ours has changed sends back what it gets, and would go on after any change.
    """

    def __init__(self) -> None:
        self._latest = -math.inf

    def note(self, now: float) -> bool:
        """Note a packet by an SSRC of ours; tells whether that is to be another from now on."""
        changes = now > self._latest + MEMORY
        self._latest = now
        return changes
