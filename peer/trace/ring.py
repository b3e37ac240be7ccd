"""What a connection remembers of itself, within bounds: how it began, and what was last."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import TypeAlias

from .entry import LOST, TraceEntry

HEAD = 300
"""Entries of the beginning, which are kept for good."""
TAIL = 500
"""Entries of the end."""
MAX_TEXT = 1 << 17
"""Characters of the descriptions that are kept, all together; of further ones only the types."""
ALIKE = 16
"""Entries about things of one kind that are kept one by one; then each time they have doubled."""

_Kept: TypeAlias = TraceEntry | Callable[[], TraceEntry]


class Ring:
    """The first entries of a connection and the latest; how many fell out between is told.

    With entries of usual size it takes half a megabyte at most.
    """

    def __init__(self) -> None:
        self._head: list[_Kept] = []
        self._tail: deque[_Kept] = deque(maxlen=TAIL)
        self._lost = 0
        self._text = 0
        self._alike: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self._head) + len(self._tail)

    def __iter__(self) -> Iterator[TraceEntry]:
        """Give the entries in order, with one of `LOST` where some are missing."""
        yield from map(_written, self._head)
        if self._lost:
            first = _written(self._tail[0])
            yield TraceEntry(first.time, first.connection, LOST, self._lost)
        yield from map(_written, self._tail)

    def is_due(self, kind: str) -> bool:
        """Count something of a kind; tell whether there were not too many of it already."""
        self._alike[kind] += 1
        count = self._alike[kind]
        return count <= ALIKE or count & (count - 1) == 0

    def has_room(self, text: str) -> bool:
        """Count the text of a description; tell whether there was not too much of it already."""
        self._text += len(text)
        return self._text <= MAX_TEXT

    def add(self, entry: TraceEntry | Callable[[], TraceEntry]) -> None:
        """Remember an entry, at the cost of the oldest that is not of the beginning.

        Or what writes one when it is asked for, which few ever are; it gives the same whenever it
        is called.
        """
        if len(self._head) < HEAD:
            self._head.append(entry)
            return
        self._lost += len(self._tail) == TAIL
        self._tail.append(entry)


def _written(kept: _Kept) -> TraceEntry:
    return kept if isinstance(kept, TraceEntry) else kept()
