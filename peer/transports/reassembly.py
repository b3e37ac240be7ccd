"""Putting the messages of one SCTP stream together (RFC 9260 §6.9), each fragment at little cost.

aiortc's own goes through all fragments for each that comes. This has the names that aiortc's
association calls.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, Protocol

_LAST, _FIRST, _UNORDERED = 1, 2, 4


class Fragment(Protocol):
    """What is needed of a DATA chunk."""

    flags: int
    tsn: int
    stream_id: int
    stream_seq: int
    protocol: int
    user_data: bytes


class MessageTooLongError(Exception):
    """A message is longer than was announced that one may be."""


class _Message(NamedTuple):
    """A whole message; `tsn` is its last."""

    tsn: int
    fragments: int
    stream_id: int
    protocol: int
    data: bytes


class _Run:
    """Fragments with consecutive TSNs, of one message."""

    __slots__ = ("fragments", "size")

    def __init__(self, fragment: Fragment) -> None:
        self.fragments = deque([fragment])
        self.size = len(fragment.user_data)

    @property
    def first(self) -> Fragment:
        return self.fragments[0]

    @property
    def last(self) -> Fragment:
        return self.fragments[-1]

    def join(self, following: "_Run") -> "_Run":
        """Return both as one; the shorter is moved."""
        size = self.size + following.size
        if len(self.fragments) >= len(following.fragments):
            joined, moved = self, following.fragments
            joined.fragments.extend(moved)
        else:
            joined, moved = following, self.fragments
            joined.fragments.extendleft(reversed(moved))
        joined.size = size
        return joined


class Reassembly:
    """One incoming stream. `limit` is the most bytes of a message.

    `held_fragments` and `held_bytes` count what was not handed out yet.
    """

    __slots__ = (
        "_by_first",
        "_by_last",
        "_limit",
        "_ready",
        "_whole",
        "held_bytes",
        "held_fragments",
        "sequence_number",
    )

    def __init__(self, limit: int) -> None:
        self.sequence_number = self.held_fragments = self.held_bytes = 0
        self._limit = limit
        self._by_first: dict[int, _Run] = {}
        self._by_last: dict[int, _Run] = {}
        # Ordered messages that wait for one before, by their sequence number.
        self._ready: dict[int, list[_Message]] = {}
        self._whole: deque[_Message] = deque()

    @property
    def reassembly(self) -> list[Fragment]:
        """The fragments of messages that are not whole."""
        return [one for run in self._by_first.values() for one in run.fragments]

    def add_chunk(self, chunk: Fragment) -> None:
        """Add a fragment that is new; MessageTooLongError when it belongs to too long a message."""
        self.held_fragments += 1
        self.held_bytes += len(chunk.user_data)
        run = _Run(chunk)
        before = None if chunk.flags & _FIRST else self._by_last.get((chunk.tsn - 1) & 0xFFFFFFFF)
        if before is not None and not before.last.flags & _LAST:
            self._take_out(before)
            run = before.join(run)
        after = None if chunk.flags & _LAST else self._by_first.get((chunk.tsn + 1) & 0xFFFFFFFF)
        if after is not None and not after.first.flags & _FIRST:
            self._take_out(after)
            run = run.join(after)
        if run.size > self._limit:
            raise MessageTooLongError
        if run.first.flags & _FIRST and run.last.flags & _LAST:
            self._finish(run)
        else:
            self._by_first[run.first.tsn] = self._by_last[run.last.tsn] = run

    def pop_messages(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield the stream, protocol and data of messages that are whole and in order."""
        while self._whole:
            yield self._hand_out(self._whole.popleft())
        while self.sequence_number in self._ready:
            messages = self._ready.pop(self.sequence_number)
            self.sequence_number = (self.sequence_number + 1) & 0xFFFF
            for message in messages:
                yield self._hand_out(message)

    def prune_chunks(self, tsn: int) -> int:
        """Give up what the peer has, up to a TSN (RFC 3758 §3.6); returns how many bytes.

        A message that goes on after it, and of which nothing is missing before, is kept.
        """
        pruned = self.held_bytes
        for run in list(self._by_first.values()):
            begins = run.first.flags & _FIRST and not _is_after(tsn, run.last.tsn)
            if not _is_after(run.first.tsn, tsn) and not begins:
                self._take_out(run)
                self.held_fragments -= len(run.fragments)
                self.held_bytes -= run.size
        for number, messages in list(self._ready.items()):
            if not _is_after(messages[0].tsn, tsn):
                for message in self._ready.pop(number):
                    self._hand_out(message)
        return pruned - self.held_bytes

    def _hand_out(self, message: _Message) -> tuple[int, int, bytes]:
        self.held_fragments -= message.fragments
        self.held_bytes -= len(message.data)
        return message.stream_id, message.protocol, message.data

    def _take_out(self, run: _Run) -> None:
        del self._by_first[run.first.tsn], self._by_last[run.last.tsn]

    def _finish(self, run: _Run) -> None:
        last = run.last
        data = b"".join([fragment.user_data for fragment in run.fragments])
        message = _Message(last.tsn, len(run.fragments), last.stream_id, last.protocol, data)
        ahead = (last.stream_seq - self.sequence_number) & 0xFFFF
        if last.flags & _UNORDERED or ahead >= 0x8000:
            self._whole.append(message)
        else:
            self._ready.setdefault(last.stream_seq, []).append(message)


def _is_after(tsn: int, other: int) -> bool:
    return 0 < (tsn - other) & 0xFFFFFFFF < 0x80000000
