"""The sending side: packets of pictures are collected to groups, and sums made of them.

A group ends with a picture: with a key frame, when it has packets enough, or when the next picture
would come too late for what is missing of the first. The more packets a group has the less of it
is lost for good at the same price, but the longer it takes.
"""

from collections.abc import Sequence

from .masks import share_out
from .parity import Parity, make_parity
from .strength import KEY_FACTOR

ENOUGH = 16
"""Packets of a group that need no others."""
MOST = 48
"""Packets of a group at most: what one parity of RFC 5109 reaches."""
ROUND_TRIPS = 0.3
"""Of a round trip, that a group may take."""


class Groups:
    """The groups of one stream; `add` the packets of each picture as they are summed up.

    Set `strength`, sums for each packet, and `round_trip`, in seconds, at any time.
    """

    def __init__(self) -> None:
        self.strength = 0.0
        self.round_trip = 0.0
        self._group: list[bytes] = []
        self._begun = self._latest = 0.0

    def add(self, packets: Sequence[bytes], now: float, *, is_key: bool) -> list[Parity]:
        """Return the sums that are to be sent behind a picture."""
        interval, self._latest = now - self._latest, now
        if is_key or now - self._begun > self.round_trip:
            # What came before is not needed any more, or was asked for by now.
            self._group.clear()
        if not self._group:
            self._begun = now
        self._group += packets
        if not (is_key or len(self._group) >= ENOUGH or now + interval - self._begun > self._span):
            return []
        group, self._group = self._group, []
        return self._sums(group, self.strength * (KEY_FACTOR if is_key else 1.0))

    def clear(self) -> None:
        """Forget what was collected."""
        self._group.clear()

    @property
    def _span(self) -> float:
        return ROUND_TRIPS * self.round_trip

    def _sums(self, group: list[bytes], strength: float) -> list[Parity]:
        """Return the sums of a group; of one that is too large, those of equal parts of it."""
        parts = -(-len(group) // MOST)
        found: list[Parity] = []
        for part in range(parts):
            packets = group[part * len(group) // parts : (part + 1) * len(group) // parts]
            count = max(1, min(len(packets), round(strength * len(packets))))
            found += (
                make_parity([packets[index] for index in members])
                for members in share_out(len(packets), count)
            )
        return found
