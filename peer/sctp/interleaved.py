"""Putting the messages of I-DATA chunks together (RFC 8260 §2.2)."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

from .ordering import Ordering
from .reassembly import WHOLE, ContradictionError
from .wire import BEGIN, END, HALF, MASK, UNORDERED


class _Partial:
    """A message that is not whole; what is too long is counted and not kept."""

    __slots__ = ("end", "flags", "parts", "protocol", "size", "too_long")

    def __init__(self, flags: int) -> None:
        self.flags = flags
        self.protocol = 0
        self.parts: dict[int, bytes] = {}
        self.end = -1
        self.size = 0
        self.too_long = False

    @property
    def whole(self) -> bool:
        """Tell whether no fragment is missing."""
        return len(self.parts) == self.end + 1


class _Partials(dict[int, _Partial]):
    """The messages of a stream that are not whole, by their numbers, which are sorted as well."""

    __slots__ = ("_sorted",)

    def __init__(self) -> None:
        super().__init__()
        self._sorted: list[int] = []

    def begin(self, number: int, flags: int) -> _Partial:
        """Take another one in."""
        message = self[number] = _Partial(flags)
        insort(self._sorted, number)
        return message

    def remove(self, number: int) -> _Partial:
        """Take one out."""
        del self._sorted[bisect_left(self._sorted, number)]
        return self.pop(number)

    def up_to(self, last: int) -> list[int]:
        """Return the numbers that are not after another, which wrap."""
        numbers, first = self._sorted, (last - HALF + 1) & MASK
        end = bisect_right(numbers, last)
        if first <= last:
            return numbers[bisect_left(numbers, first) : end]
        return numbers[bisect_left(numbers, first) :] + numbers[:end]


class InterleavedReassembly:
    """The messages of all streams; as `Reassembly`, but chunks say which message they are of."""

    __slots__ = ("_limit", "_partial", "count", "held", "ordering")

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._partial: dict[tuple[int, bool], _Partials] = {}
        self.held = self.count = 0
        self.ordering = Ordering(MASK)

    def add(
        self,
        _tsn: int,
        flags: int,
        stream: int,
        number: int,
        protocol: int,
        place: int,
        data: bytes,
    ) -> None:
        """Take a fragment whose TSN is new; raises ContradictionError."""
        if flags & WHOLE == WHOLE and len(data) <= self._limit:
            self.ordering.put(flags, stream, number, protocol, data)
            return
        key = stream, bool(flags & UNORDERED)
        messages = self._partial.get(key)
        if messages is None:
            messages = self._partial[key] = _Partials()
        message = messages.get(number)
        if message is None:
            message = messages.begin(number, flags)
        place = 0 if flags & BEGIN else place
        if place in message.parts or (message.end >= 0 and (place > message.end or flags & END)):
            raise ContradictionError
        if flags & END and any(at > place for at in message.parts):
            raise ContradictionError
        if flags & BEGIN:
            message.protocol = protocol
        if flags & END:
            message.end = place
        self._fill(message, stream, place, data)
        if message.whole:
            self._drop(key, number)
            whole = b"".join([message.parts[at] for at in range(message.end + 1)])
            result = None if message.too_long else whole
            self.ordering.put(message.flags, stream, number, message.protocol, result)

    def forward(self, _before: int, _point: int, skipped: dict[tuple[int, bool], int]) -> None:
        """Give up messages up to the number named for their stream, ordered or not."""
        for key, last in skipped.items():
            messages = self._partial.get(key)
            for number in messages.up_to(last) if messages else ():
                self._drop(key, number)
        self.ordering.skip({stream: last for (stream, loose), last in skipped.items() if not loose})

    def reset(self, streams: frozenset[int] | None) -> None:
        """Begin anew with streams, with all for None."""
        self.ordering.reset(streams)
        for key in self._of(streams):
            for number in list(self._partial.get(key, {})):
                self._drop(key, number)

    def _of(self, streams: frozenset[int] | None) -> Iterable[tuple[int, bool]]:
        if streams is None:
            return list(self._partial)
        return [(stream, loose) for stream in streams for loose in (False, True)]

    def _fill(self, message: _Partial, stream: int, place: int, data: bytes) -> None:
        message.size += len(data)
        if message.size > self._limit and not message.too_long:
            message.too_long = True
            self.ordering.refused.append(stream)
            self.held -= sum(map(len, message.parts.values()))
            message.parts = dict.fromkeys(message.parts, b"")
        message.parts[place] = b"" if message.too_long else data
        self.held += len(message.parts[place])
        self.count += 1

    def _drop(self, key: tuple[int, bool], number: int) -> None:
        message = self._partial[key].remove(number)
        if not self._partial[key]:
            del self._partial[key]
        self.held -= sum(map(len, message.parts.values()))
        self.count -= len(message.parts)
