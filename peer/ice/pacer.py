"""Pacing of new transactions: Ta per agent, 5 ms for all agents together (RFC 8445 §14.2).

Who has started the least of late goes first. A call whose peer names a hundred dead candidates has
as many checks to send, and many such calls together more than the process may; those that begin,
and those that only keep their consent, do not wait behind them.
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
    """What agents share to keep the process-wide floor.

    `rank` tells who goes first: the number of transactions started of late.
    """

    def reserve(self, now: float, rank: int) -> float:
        """Reserve the first slot that nobody of this rank or a lower one holds; gives its time."""

    def is_free(self, now: float, rank: int) -> bool:
        """Tell whether a transaction may start now."""

    def commit(self, now: float) -> None:
        """A transaction starts now."""

    def release(self, slot: float, rank: int) -> None:
        """Give a reserved slot back."""


class PacingBudget:
    """The budget that all agents of a process share, passed to each of them.

    An agent gets the first gap between the slots that others hold, so who has not sent for a
    while need not wait behind a slot far ahead. It takes the slot of one with a higher rank, who
    finds it gone and reserves again, as does a holder that comes late when another agent has just
    started something.
    """

    __slots__ = ("_interval", "_last_start", "_reserved")

    def __init__(self, interval: float = GLOBAL_INTERVAL) -> None:
        self._interval = interval
        self._reserved: list[tuple[float, int]] = []
        self._last_start = float("-inf")

    def reserve(self, now: float, rank: int = 0) -> float:
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

    def is_free(self, now: float, rank: int = 0) -> bool:
        """Tell whether a transaction may start now: no other just did, nobody goes first."""
        if now + _ROUNDING < self._last_start + self._interval:
            return False
        first, last = self._near(now)
        return all(holder >= rank for _, holder in self._reserved[first:last])

    def commit(self, now: float) -> None:
        """A transaction starts now; slots of the past are forgotten."""
        self._last_start = now
        del self._reserved[: bisect_right(self._reserved, (now, inf))]

    def release(self, slot: float, rank: int = 0) -> None:
        """Give a reserved slot back; one of the past may be forgotten already."""
        if (slot, rank) in self._reserved:
            self._reserved.remove((slot, rank))


class Pacer:
    """Says when one agent may start its next transaction."""

    __slots__ = ("_budget", "_last_start", "_rank", "_recent", "_slot", "ta")

    def __init__(self, ta: float, budget: Budget) -> None:
        self.ta = ta
        self._budget = budget
        self._last_start = float("-inf")
        self._recent = 0.0
        self._slot: float | None = None
        self._rank = 0

    def next_slot(self, now: float) -> float:
        """Give the time of the next possible start, reserving it in the shared budget."""
        if self._slot is None:
            self._reserve(now, max(now, self._last_start + self.ta))
        assert self._slot is not None
        return max(self._slot, self._last_start + self.ta)

    def _reserve(self, now: float, earliest: float) -> None:
        self._rank = int(self._started_of_late(now))
        self._slot = self._budget.reserve(earliest, self._rank)

    def _started_of_late(self, now: float) -> float:
        """Count the transactions started, those of the past less and less."""
        since = now - self._last_start
        return self._recent * 0.5 ** (since / MEMORY) if self._recent else 0.0

    def is_ready(self, now: float) -> bool:
        """Tell whether a transaction may start now."""
        if now + _ROUNDING < self.next_slot(now):
            return False
        if not self._budget.is_free(now, self._rank):
            self._reserve(now, now)
            return False
        return True

    def started(self, now: float) -> None:
        """A transaction starts now: the slot is used up."""
        self._budget.commit(now)
        self._slot = None
        self._recent = self._started_of_late(now) + 1
        self._last_start = now

    def close(self) -> None:
        """Leave the slot reserved to others: nothing starts any more."""
        if self._slot is not None:
            self._budget.release(self._slot, self._rank)
            self._slot = None
