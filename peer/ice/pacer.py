"""Pacing of new transactions (RFC 8445 §14.2): Ta per agent, 5 ms for all agents on each path.

A path is what leads to one remote host: the NATs and links that the floor is for (§B.1) are
those on the way, and a server's thousand peers are at the ends of a thousand ways.

Who has started the least of late goes first. A call whose peer names a hundred dead candidates has
as many checks to send, and many such calls together more than a path may carry; those that begin
do not wait behind them.
"""

from bisect import bisect_left, bisect_right
from math import inf
from typing import Protocol

GLOBAL_INTERVAL = 0.005
"""All agents of a process together start no more than one transaction per 5 ms (§14.2)."""
MEMORY = 10.0
"""Seconds after which a transaction that was started counts half."""

# A float sum such as 0.1 + 0.05 may land a hair before the slot it stands for.
_ROUNDING = 1e-9


class Budget(Protocol):
    """What agents share to keep the floor of each path, which is named by the remote host.

    `rank` tells who goes first: the number of transactions started of late.
    """

    def reserve(self, path: str, now: float, rank: int) -> float:
        """Reserve the first slot that nobody of this rank or a lower one holds; gives its time."""

    def is_free(self, path: str, now: float, rank: int) -> bool:
        """Tell whether a transaction may start now."""

    def commit(self, path: str, now: float) -> None:
        """A transaction starts now."""

    def release(self, path: str, slot: float, rank: int) -> None:
        """Give a reserved slot back."""


class _Lane:
    """The slots of one path.

    An agent gets the first gap between the slots that others hold, so who has not sent for a
    while need not wait behind a slot far ahead. It takes the slot of one with a higher rank, who
    finds it gone and reserves again, as does a holder that comes late when another agent has just
    started something.
    """

    __slots__ = ("_interval", "_last_start", "_reserved")

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._reserved: list[tuple[float, int]] = []
        self._last_start = -inf

    def is_empty(self, now: float) -> bool:
        """Tell whether nothing is reserved from now on and the last start says nothing more.

        Who reserved a slot and had no use for it may hold it for as long as its call lasts.
        """
        reserved_until = self._reserved[-1][0] if self._reserved else -inf
        return max(reserved_until, self._last_start) + self._interval <= now

    def reserve(self, now: float, rank: int) -> float:
        """Reserve the first slot that nobody of this rank or a lower one holds; gives its time."""
        reserved, interval = self._reserved, self._interval
        slot = max(now, self._last_start + interval)
        index, _ = self._near(slot)
        while index < len(reserved) and reserved[index][0] < slot + interval - _ROUNDING:
            time, holder = reserved[index]
            if holder <= rank:
                slot = time + interval
            index += 1
        first, last = self._near(slot)
        reserved[first:last] = [(slot, rank)]
        return slot

    def _near(self, slot: float) -> tuple[int, int]:
        """Give the range of reservations that exclude a start at this time."""
        first = bisect_right(self._reserved, (slot - self._interval + _ROUNDING, inf))
        return first, bisect_left(self._reserved, (slot + self._interval - _ROUNDING,))

    def is_free(self, now: float, rank: int) -> bool:
        """Tell whether a transaction may start now: no other just did, nobody goes first."""
        if now + _ROUNDING < self._last_start + self._interval:
            return False
        first, last = self._near(now)
        return all(holder >= rank for _, holder in self._reserved[first:last])

    def commit(self, now: float) -> None:
        """A transaction starts now; slots of the past are forgotten."""
        self._last_start = now
        del self._reserved[: bisect_right(self._reserved, (now, inf))]

    def release(self, slot: float, rank: int) -> None:
        """Give a reserved slot back; one of the past may be forgotten already."""
        if (slot, rank) in self._reserved:
            self._reserved.remove((slot, rank))


class PacingBudget:
    """The budget that all agents of a process share, passed to each of them."""

    __slots__ = ("_interval", "_lanes")

    def __init__(self, interval: float = GLOBAL_INTERVAL) -> None:
        self._interval = interval
        self._lanes: dict[str, _Lane] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that are remembered, the one used last at the end."""
        return tuple(self._lanes)

    def reserve(self, path: str, now: float, rank: int = 0) -> float:
        """Reserve the first slot that nobody of this rank or a lower one holds; gives its time."""
        lane = self._lanes.get(path)
        if lane is None:
            lane = self._lanes[path] = _Lane(self._interval)
        return lane.reserve(now, rank)

    def is_free(self, path: str, now: float, rank: int = 0) -> bool:
        """Tell whether a transaction may start now: no other just did, nobody goes first."""
        lane = self._lanes.get(path)
        return lane is None or lane.is_free(now, rank)

    def commit(self, path: str, now: float) -> None:
        """A transaction starts now; paths on which nothing starts are forgotten."""
        # The one used longest ago is first: what is used goes to the end.
        lane = self._lanes.pop(path, None) or _Lane(self._interval)
        while self._lanes and (oldest := next(iter(self._lanes))):
            if not self._lanes[oldest].is_empty(now):
                break
            del self._lanes[oldest]
        self._lanes[path] = lane
        lane.commit(now)

    def release(self, path: str, slot: float, rank: int = 0) -> None:
        """Give a reserved slot back; one of the past may be forgotten already."""
        lane = self._lanes.get(path)
        if lane is not None:
            lane.release(slot, rank)


class Pacer:
    """Says when one agent may start its next transaction, and on which path.

    A path that is None leads to this machine itself: there is nothing on the way, and Ta is all.
    """

    __slots__ = ("_budget", "_last_start", "_recent", "_slots", "ta")

    def __init__(self, ta: float, budget: Budget) -> None:
        self.ta = ta
        self._budget = budget
        self._last_start = -inf
        self._recent = 0.0
        self._slots: dict[str, tuple[float, int]] = {}

    def next_slot(self, now: float, path: str | None) -> float:
        """Give the time of the next possible start on a path, reserving it in the shared budget."""
        earliest = max(now, self._last_start + self.ta)
        if path is None:
            return earliest
        if path not in self._slots:
            self._reserve(path, now, earliest)
        return max(self._slots[path][0], self._last_start + self.ta)

    def _reserve(self, path: str, now: float, earliest: float) -> None:
        rank = int(self._started_of_late(now))
        self._slots[path] = self._budget.reserve(path, earliest, rank), rank

    def _started_of_late(self, now: float) -> float:
        """Count the transactions started, those of the past less and less."""
        since = now - self._last_start
        return self._recent * 0.5 ** (since / MEMORY) if self._recent else 0.0

    def is_ready(self, now: float, path: str | None) -> bool:
        """Tell whether a transaction may start now on a path."""
        if now + _ROUNDING < self.next_slot(now, path):
            return False
        if path is not None and not self._budget.is_free(path, now, self._slots[path][1]):
            self._reserve(path, now, now)
            return False
        return True

    def started(self, now: float, path: str | None) -> None:
        """A transaction starts now: its slot is used up, and those before the next Ta useless."""
        if path is not None:
            self._slots.pop(path, None)
            self._budget.commit(path, now)
        self._recent = self._started_of_late(now) + 1
        self._last_start = now
        self._leave(until=now + self.ta)

    def close(self) -> None:
        """Leave the slots reserved to others: nothing starts any more."""
        self._leave(until=inf)

    def _leave(self, until: float) -> None:
        for path, (slot, rank) in list(self._slots.items()):
            if slot < until:
                del self._slots[path]
                self._budget.release(path, slot, rank)
