"""Pacing of new transactions: Ta per agent, 5 ms for all agents together (RFC 8445 §14.2)."""

from bisect import bisect_right
from typing import Protocol

GLOBAL_INTERVAL = 0.005
"""All agents of a process together start no more than one transaction per 5 ms (§14.2)."""

# A float sum such as 0.1 + 0.05 may land a hair before the slot it stands for.
_ROUNDING = 1e-9


class Budget(Protocol):
    """What agents share to keep the process-wide floor."""

    def reserve(self, now: float) -> float:
        """Reserve the first free slot; returns its time, `now` or later."""

    def is_free(self, now: float) -> bool:
        """Tell whether a transaction may start now."""

    def commit(self, now: float) -> None:
        """A transaction starts now."""

    def release(self, slot: float) -> None:
        """Give a reserved slot back."""


class PacingBudget:
    """The budget that all agents of a process share, passed to each of them.

    An agent gets the first gap between the slots that others hold, so who has not sent for a
    while need not wait behind a slot far ahead. A holder that comes late cannot use the slot it
    held when another agent has just started something: it reserves again.
    """

    __slots__ = ("_interval", "_last_start", "_reserved")

    def __init__(self, interval: float = GLOBAL_INTERVAL) -> None:
        self._interval = interval
        self._reserved: list[float] = []
        self._last_start = float("-inf")

    def reserve(self, now: float) -> float:
        """Reserve the first free slot; returns its time, `now` or later."""
        reserved, interval = self._reserved, self._interval
        slot = max(now, self._last_start + interval)
        index = bisect_right(reserved, slot - interval + _ROUNDING)
        while index < len(reserved) and reserved[index] < slot + interval - _ROUNDING:
            slot = reserved[index] + interval
            index += 1
        reserved.insert(index, slot)
        return slot

    def is_free(self, now: float) -> bool:
        """Tell whether a transaction may start now."""
        return now + _ROUNDING >= self._last_start + self._interval

    def commit(self, now: float) -> None:
        """A transaction starts now; slots of the past are forgotten."""
        self._last_start = now
        del self._reserved[: bisect_right(self._reserved, now)]

    def release(self, slot: float) -> None:
        """Give a reserved slot back; one of the past may be forgotten already."""
        if slot in self._reserved:
            self._reserved.remove(slot)


class Pacer:
    """Says when one agent may start its next transaction."""

    __slots__ = ("_budget", "_last_start", "_slot", "ta")

    def __init__(self, ta: float, budget: Budget) -> None:
        self.ta = ta
        self._budget = budget
        self._last_start = float("-inf")
        self._slot: float | None = None

    def next_slot(self, now: float) -> float:
        """Give the time of the next possible start, reserving it in the shared budget."""
        if self._slot is None:
            self._slot = self._budget.reserve(max(now, self._last_start + self.ta))
        return max(self._slot, self._last_start + self.ta)

    def is_ready(self, now: float) -> bool:
        """Tell whether a transaction may start now."""
        if now + _ROUNDING < self.next_slot(now):
            return False
        if not self._budget.is_free(now):
            self._slot = self._budget.reserve(now)
            return False
        return True

    def started(self, now: float) -> None:
        """A transaction starts now: the slot is used up."""
        self._budget.commit(now)
        self._slot = None
        self._last_start = now

    def close(self) -> None:
        """Leave the slot reserved to others: nothing starts any more."""
        if self._slot is not None:
            self._budget.release(self._slot)
            self._slot = None
