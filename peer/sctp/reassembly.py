"""Putting the messages of DATA chunks together (RFC 9260 §6.9), each fragment at little cost.

The fragments of a message have consecutive TSNs, so runs of them are found by their first and
last. Neighbours that contradict each other end the association: no message could have both.
"""

from collections import deque

from .ordering import Ordering
from .wire import BEGIN, END, UNORDERED

WHOLE = BEGIN | END


class ContradictionError(Exception):
    """Fragments that stand next to each other are of no message."""


class _Run:
    """Fragments with consecutive TSNs, of one message; of `size` bytes `kept` are there."""

    __slots__ = (
        "begun",
        "ended",
        "first",
        "flags",
        "kept",
        "last",
        "number",
        "parts",
        "protocol",
        "size",
        "stream",
        "too_long",
    )

    def __init__(self, tsn: int, flags: int, stream: int, number: int, protocol: int) -> None:
        self.first = self.last = tsn
        self.flags, self.stream, self.number, self.protocol = flags, stream, number, protocol
        self.begun, self.ended = bool(flags & BEGIN), bool(flags & END)
        self.parts: deque[bytes] = deque()
        self.size = self.kept = 0
        self.too_long = False

    def belongs(self, flags: int, stream: int, number: int) -> bool:
        """Tell whether a fragment may be of the same message."""
        same = stream == self.stream and not (flags ^ self.flags) & UNORDERED
        return same and (number == self.number or bool(flags & UNORDERED))

    def take_in(self, following: "_Run") -> None:
        """Take in what follows; the shorter of the two is moved."""
        if len(self.parts) < len(following.parts):
            following.parts.extendleft(reversed(self.parts))
            self.parts = following.parts
        else:
            self.parts.extend(following.parts)
        self.last, self.ended = following.last, following.ended
        self.size += following.size
        self.kept += following.kept
        self.too_long = self.too_long or following.too_long


class Reassembly:
    """The messages of all streams; whole ones go to `ordering`.

    `limit` is the most bytes of a message. `held` and `count` are the bytes and the fragments of
    messages that are not whole.
    """

    __slots__ = ("_by_first", "_by_last", "_limit", "count", "held", "ordering")

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._by_first: dict[int, _Run] = {}
        self._by_last: dict[int, _Run] = {}
        self.held = self.count = 0
        self.ordering = Ordering(0xFFFF)

    def add(
        self,
        tsn: int,
        flags: int,
        stream: int,
        number: int,
        protocol: int,
        _place: int,
        data: bytes,
    ) -> None:
        """Take a fragment whose TSN is new; raises ContradictionError."""
        before, after = self._by_last.get(tsn - 1), self._by_first.get(tsn + 1)
        if before is not None and before.ended != bool(flags & BEGIN):
            raise ContradictionError
        if after is not None and after.begun != bool(flags & END):
            raise ContradictionError
        if flags & WHOLE == WHOLE and len(data) <= self._limit:
            self.ordering.put(flags, stream, number, protocol, data)
            return
        if before is None or flags & BEGIN:
            run = self._by_first[tsn] = _Run(tsn, flags, stream, number, protocol)
        elif before.belongs(flags, stream, number):
            run = before
            del self._by_last[tsn - 1]
            run.last, run.ended = tsn, bool(flags & END)
        else:
            raise ContradictionError
        self._fill(run, data)
        if after is not None and not flags & END:
            self._join(run, after)
        if run.begun and run.ended:
            self._finish(run)
        else:
            self._by_last[run.last] = run

    def forward(self, before: int, point: int, skipped: dict[tuple[int, bool], int]) -> None:
        """Give up what the peer has, up to a TSN, with the last number of each ordered stream.

        `before` is the TSN up to which nothing was missing.
        """
        for run in self._reached(before, point):
            del self._by_first[run.first], self._by_last[run.last]
            self._empty(run)
        self.ordering.skip({stream: last for (stream, _), last in skipped.items()})

    def reset(self, streams: frozenset[int] | None) -> None:
        """Begin anew with streams, with all for None."""
        self.ordering.reset(streams)

    def _reached(self, before: int, point: int) -> list[_Run]:
        """Return the runs that begin up to a TSN, and of which something is missing up to it.

        Where nothing was missing one run at most is not whole, that which ends there. Others are
        looked for without a look at those far ahead, which a peer may have come to thousands.
        """
        runs = self._by_first
        found = [run for run in (self._by_last.get(before),) if run is not None]
        if point - before < len(runs):
            found += [runs[tsn] for tsn in range(before + 1, point + 1) if tsn in runs]
        else:
            found += [run for tsn, run in runs.items() if before < tsn <= point]
        return [run for run in found if run.last <= point or not run.begun]

    def _fill(self, run: _Run, data: bytes) -> None:
        size = len(data)
        run.size += size
        run.kept += size
        run.parts.append(data)
        self.held += size
        self.count += 1
        self._judge(run)

    def _join(self, run: _Run, after: _Run) -> None:
        if not run.belongs(after.flags, after.stream, after.number):
            raise ContradictionError
        del self._by_first[after.first], self._by_last[after.last]
        run.take_in(after)
        self._judge(run)

    def _judge(self, run: _Run) -> None:
        if run.size > self._limit and not run.too_long:
            run.too_long = True
            self.ordering.refused.append(run.stream)
        if run.too_long:
            self._empty(run)

    def _empty(self, run: _Run) -> None:
        self.held -= run.kept
        self.count -= len(run.parts)
        run.kept = 0
        run.parts.clear()

    def _finish(self, run: _Run) -> None:
        del self._by_first[run.first]
        data = None if run.too_long else b"".join(run.parts)
        self._empty(run)
        self.ordering.put(run.flags, run.stream, run.number, run.protocol, data)
