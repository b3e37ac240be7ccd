"""Packets that were sent together, and how much closer or farther apart they arrived.

Senders let packets go in bursts. What tells of a queue that grows is not how long a single packet
took, but how the time between bursts changed on the way.
"""

from collections.abc import Sequence
from typing import NamedTuple

from .history import PacketResult

MAX_GROUP_SPAN = 0.005
"""Seconds from the first to the last sending of a group."""
MAX_BURST_GAP = 0.005
"""Seconds between arrivals of packets that were held up on their way and let go together."""
MAX_BURST_SPAN = 0.1
MAX_CLOCK_STEP = 3.0
"""Seconds that the receiver's clock may gain on ours between two groups."""
MAX_REORDERED = 3
"""Groups in a row that may seem to arrive before the one before."""


class GroupDelta(NamedTuple):
    """The seconds between two groups, when they were sent and when they arrived."""

    sent: float
    arrived: float
    arrival: float
    """When the later one was complete."""


class _Group:
    """Packets sent in one burst: its first sending, its latest, and its arrivals."""

    __slots__ = ("arrived", "first_arrived", "first_sent", "reported", "sent")

    def __init__(self, sent: float, arrived: float, reported: float) -> None:
        self.first_sent = self.sent = sent
        self.first_arrived = self.arrived = arrived
        self.reported = reported

    def follows(self, sent: float, arrived: float) -> bool:
        """Tell whether a packet was held up on the way and let go with it: such packets say nothing
        of a queue that grows."""
        gap = arrived - self.arrived
        return (
            gap <= MAX_BURST_GAP
            and gap < sent - self.sent
            and arrived - self.first_arrived < MAX_BURST_SPAN
        )

    def add(self, sent: float, arrived: float, reported: float) -> None:
        """Take a packet."""
        if sent > self.sent:
            self.sent = sent
        self.arrived, self.reported = arrived, reported


class PacketGroups:
    """Makes groups of packets, given in the order of their arrival."""

    __slots__ = ("_before", "_current", "_reordered")

    def __init__(self) -> None:
        self._before: _Group | None = None
        self._current: _Group | None = None
        self._reordered = 0

    def add_all(self, arrivals: Sequence[PacketResult], now: float) -> list[GroupDelta]:
        """Take packets reported at `now`; returns how each two groups before them differ."""
        deltas = []
        for _, _, sent, arrived, _, _ in arrivals:
            current = self._current
            if arrived is None:
                continue
            if current is not None and 0 <= sent - current.first_sent <= MAX_GROUP_SPAN:
                if sent > current.sent:
                    current.sent = sent
                current.arrived, current.reported = arrived, now
                continue
            delta = self.add(sent, arrived, now)
            if delta is not None:
                deltas.append(delta)
        return deltas

    def add(self, sent: float, arrived: float, now: float) -> GroupDelta | None:
        """Take a packet reported at `now`; returns how the two groups before it differ."""
        current = self._current
        if current is None:
            self._current = _Group(sent, arrived, now)
            return None
        passed = sent - current.first_sent
        if passed < 0:
            return None
        if passed <= MAX_GROUP_SPAN or current.follows(sent, arrived):
            current.add(sent, arrived, now)
            return None
        before, self._before, self._current = self._before, current, _Group(sent, arrived, now)
        return None if before is None else self._difference(before, current)

    def _difference(self, before: _Group, after: _Group) -> GroupDelta | None:
        passed = after.arrived - before.arrived
        if passed - (after.reported - before.reported) >= MAX_CLOCK_STEP:
            self._restart()
            return None
        if passed < 0:
            self._reordered += 1
            if self._reordered >= MAX_REORDERED:
                self._restart()
            return None
        self._reordered = 0
        return GroupDelta(after.sent - before.sent, passed, after.arrived)

    def _restart(self) -> None:
        self._before = self._current = None
        self._reordered = 0
