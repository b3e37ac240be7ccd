"""Handing out whole messages, those of a stream in their order (RFC 9260 §6.6)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .wire import UNORDERED

MAX_WAITING_AHEAD = 65535
"""How far ahead of the next number one is taken: each number before it has a TSN of its own."""


class Message(NamedTuple):
    """A whole message, in its turn."""

    stream: int
    protocol: int
    data: bytes


class Ordering:
    """Whole messages of all streams. `mask` is that of their numbers: of SSNs or of MIDs.

    `ready` are those in their turn, `refused` the streams whose message was too long, `stale` the
    messages whose number was used before. `held` and `count` are the bytes and messages that wait.
    """

    __slots__ = ("_mask", "_next", "_waiting", "count", "held", "ready", "refused", "stale")

    def __init__(self, mask: int) -> None:
        self._mask = mask
        # Streams at zero and without anything that waits cost nothing.
        self._next: dict[int, int] = {}
        self._waiting: dict[int, dict[int, tuple[int, bytes | None]]] = {}
        self.held = self.count = self.stale = 0
        self.ready: list[Message] = []
        self.refused: list[int] = []

    def put(self, flags: int, stream: int, number: int, protocol: int, data: bytes | None) -> None:
        """Take a whole message; None for one that was too long, which has its turn all the same."""
        if flags & UNORDERED:
            if data is not None:
                self.ready.append(Message(stream, protocol, data))
            return
        expected = self._next.get(stream, 0)
        if number == expected:
            if data is not None:
                self.ready.append(Message(stream, protocol, data))
            self._next[stream] = (number + 1) & self._mask
            if stream in self._waiting:
                self._hand_out(stream)
            return
        waiting = self._waiting.setdefault(stream, {})
        ahead = (number - expected) & self._mask
        if ahead > min(self._mask >> 1, MAX_WAITING_AHEAD) or number in waiting:
            self.stale += 1
            return
        waiting[number] = protocol, data
        self.count += 1
        self.held += len(data or b"")

    def skip(self, numbers: Mapping[int, int]) -> None:
        """Go on after messages that were given up: streams with the last number of each."""
        for stream, last in numbers.items():
            expected = self._next.get(stream, 0)
            span = (last + 1 - expected) & self._mask
            if not 0 < span <= self._mask >> 1:
                continue
            for number in self._passed(stream, expected, span):
                self._take(stream, number)
            self._next[stream] = (last + 1) & self._mask
            self._hand_out(stream)

    def _passed(self, stream: int, expected: int, span: int) -> list[int]:
        """Return what waits within a span of numbers, in order, without a look at all the rest."""
        waiting, mask = self._waiting.get(stream, {}), self._mask
        if span > len(waiting):
            aheads = sorted((each - expected) & mask for each in waiting)
            return [(expected + ahead) & mask for ahead in aheads if ahead < span]
        numbers = ((expected + ahead) & mask for ahead in range(span))
        return [number for number in numbers if number in waiting]

    def reset(self, streams: Iterable[int] | None) -> None:
        """Begin anew with streams, with all for None (RFC 6525 §5.2.2)."""
        for stream in list(self._next) if streams is None else streams:
            self._next.pop(stream, None)
        for stream in list(self._waiting) if streams is None else streams:
            for _, data in self._waiting.pop(stream, {}).values():
                self.count -= 1
                self.held -= len(data or b"")

    def _hand_out(self, stream: int) -> None:
        waiting = self._waiting.get(stream, {})
        number = self._next[stream]
        while number in waiting:
            self._take(stream, number)
            number = self._next[stream] = (number + 1) & self._mask
        if not waiting:
            self._waiting.pop(stream, None)

    def _take(self, stream: int, number: int) -> None:
        protocol, data = self._waiting[stream].pop(number)
        self.count -= 1
        if data is not None:
            self.held -= len(data)
            self.ready.append(Message(stream, protocol, data))
