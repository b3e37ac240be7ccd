"""Which TSNs have come, and the SACK that says so (RFC 9260 §6.2)."""

from bisect import bisect_right

from .wire import LONG, MASK, PAIR, SACK, SACK_HEAD

MAX_AHEAD = 65535
"""How far ahead of the first one missing a TSN is taken: gap blocks can say no more."""
MAX_GAPS = 8192
"""Runs of TSNs that are kept beyond the first one missing."""
MAX_BLOCKS = 20
"""Gap blocks of a SACK, and duplicates."""


class Received:
    """The TSNs of the peer. `cumulative` is the last before which none is missing."""

    __slots__ = ("_duplicates", "_ends", "_starts", "cumulative")

    def __init__(self, cumulative: int) -> None:
        self.cumulative = cumulative
        # The runs above it, sorted, none of which touches another.
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._duplicates: list[int] = []

    @property
    def gaps(self) -> int:
        """The number of runs beyond the first TSN that is missing."""
        return len(self._starts)

    def add(self, tsn: int) -> bool:
        """Note a TSN; False when it was there before."""
        if tsn == self.cumulative + 1:
            self.cumulative = tsn
            if self._starts:
                self._close_up()
            return True
        if tsn <= self.cumulative or not self._insert(tsn):
            if len(self._duplicates) < MAX_BLOCKS:
                self._duplicates.append(tsn)
            return False
        return True

    def has(self, tsn: int) -> bool:
        """Tell whether a TSN has come."""
        at = bisect_right(self._starts, tsn)
        return tsn <= self.cumulative or (at > 0 and tsn <= self._ends[at - 1])

    def advance(self, tsn: int) -> None:
        """Go on as if all up to a TSN had come (RFC 3758 §3.6)."""
        if tsn > self.cumulative:
            self.cumulative = tsn
            self._close_up()

    def sack(self, window: int) -> bytes:
        """Return the chunk; duplicates are told once."""
        cumulative, window = self.cumulative & MASK, max(0, window)
        if not self._starts and not self._duplicates:
            return SACK_HEAD.pack(SACK, 0, SACK_HEAD.size, cumulative, window, 0, 0)
        runs = zip(self._starts[:MAX_BLOCKS], self._ends, strict=False)
        base = self.cumulative
        blocks = [PAIR.pack(start - base, end - base) for start, end in runs]
        duplicates = [LONG.pack(tsn & MASK) for tsn in self._duplicates]
        self._duplicates.clear()
        size = SACK_HEAD.size + 4 * (len(blocks) + len(duplicates))
        counts = len(blocks), len(duplicates)
        head = SACK_HEAD.pack(SACK, 0, size, cumulative, window, *counts)
        return b"".join((head, *blocks, *duplicates))

    def _close_up(self) -> None:
        """Have the cumulative point take in the runs that it has reached."""
        reached = bisect_right(self._starts, self.cumulative + 1)
        if reached:
            self.cumulative = max(self.cumulative, self._ends[reached - 1])
            del self._starts[:reached], self._ends[:reached]

    def _insert(self, tsn: int) -> bool:
        starts, ends = self._starts, self._ends
        at = bisect_right(starts, tsn)
        if at and tsn <= ends[at - 1]:
            return False
        joins_before = at > 0 and ends[at - 1] == tsn - 1
        joins_after = at < len(starts) and starts[at] == tsn + 1
        if joins_before and joins_after:
            ends[at - 1] = ends[at]
            del starts[at], ends[at]
        elif joins_before:
            ends[at - 1] = tsn
        elif joins_after:
            starts[at] = tsn
        else:
            starts.insert(at, tsn)
            ends.insert(at, tsn)
        return True
