"""Messages that wait to be sent, and whose turn it is (RFC 8260 §3, RFC 8831 §6.4)."""

import heapq
from collections.abc import Callable

from .message import DCEP, OutgoingMessage, OutgoingStream


class SendQueue:
    """Streams take turns by their weights; a message that opens a channel goes first.

    With `mixed` messages of several streams are under way at a time (RFC 8260); else one that was
    begun is finished first. `on_low` hears of a stream whose amount has fallen to its threshold.
    """

    __slots__ = ("_current", "_on_low", "_streams", "_time", "_turns", "amount", "mixed")

    def __init__(self, on_low: Callable[[int], object]) -> None:
        self.mixed = False
        self.amount = 0
        """Bytes that wait on all streams."""
        self._on_low = on_low
        self._streams: dict[int, OutgoingStream] = {}
        self._turns: list[tuple[float, int, OutgoingStream]] = []
        # The stream in turn is in no heap.
        self._current: OutgoingStream | None = None
        self._time = 0.0

    @property
    def is_empty(self) -> bool:
        """Tell whether no stream waits for its turn."""
        return self._current is None and not self._turns

    def stream(self, number: int) -> OutgoingStream:
        """Return a stream, made when it is first asked for."""
        stream = self._streams.get(number)
        if stream is None:
            stream = self._streams[number] = OutgoingStream(number)
        return stream

    def is_drained(self, number: int) -> bool:
        """Tell whether nothing of a stream waits to be cut."""
        stream = self._streams.get(number)
        return stream is None or not stream.messages

    def used(self, numbers: frozenset[int] | None) -> tuple[int, ...]:
        """Return those of some streams, of all for None, on which messages were begun."""
        streams = self._streams.values()
        found = [stream.id for stream in streams if any(stream.numbers)]
        return tuple(number for number in found if numbers is None or number in numbers)

    def push(self, message: OutgoingMessage) -> None:
        """Let a message wait for its turn."""
        stream = message.stream
        stream.messages.append(message)
        if message.counted:
            stream.amount += len(message.data)
            self.amount += len(message.data)
        if not stream.queued:
            self._line_up(stream)

    def clear(self, number: int) -> None:
        """Drop what waits on a stream but what was begun."""
        stream = self.stream(number)
        begun = [message for message in stream.messages if message.offset]
        for message in stream.messages:
            if not message.offset:
                self._count_out(message, len(message.data))
        stream.messages.clear()
        stream.messages.extend(begun)

    def hold(self, number: int, *, held: bool) -> None:
        """Have a stream begin no message, or begin them again."""
        stream = self.stream(number)
        stream.held = held
        if not stream.queued:
            self._line_up(stream)

    def next(self, now: float) -> OutgoingMessage | None:
        """Return the message whose turn it is; those whose time is up are dropped."""
        while True:
            stream = self._current
            if stream is None:
                if not self._turns:
                    return None
                start, _, stream = heapq.heappop(self._turns)
                self._time = max(self._time, start)
                self._current = stream
            if not stream.messages or stream.held:
                stream.queued = False
                self._current = None
                continue
            message = stream.messages[0]
            if message.offset or message.expires > now:
                return message
            stream.messages.popleft()
            self._count_out(message, len(message.data))

    def take(self, message: OutgoingMessage, size: int) -> None:
        """Note that so many bytes of the message in turn went into a packet."""
        stream = message.stream
        if message.offset == 0:
            message.number = stream.numbers[message.unordered]
            if self.mixed or not message.unordered:
                stream.numbers[message.unordered] += 1
        message.offset += size
        stream.start += size / stream.weight
        done = message.offset == len(message.data)
        if done:
            stream.messages.popleft()
        if done or self.mixed:
            self._current = None
            self._line_up(stream)
        self._count_out(message, size)

    def give_up(self, message: OutgoingMessage) -> None:
        """Drop what is left of a message that was begun."""
        stream = message.stream
        stream.messages.popleft()
        left = len(message.data) - message.offset
        message.offset = len(message.data)
        if self._current is stream:
            self._current = None
            self._line_up(stream)
        self._count_out(message, left)

    def restart(self, number: int) -> None:
        """Number the messages of a stream from zero again."""
        if number in self._streams:
            self._streams[number].numbers = [0, 0]

    def restart_all(self) -> None:
        """Do so for all streams, and cut what was begun anew: the peer has lost its state."""
        self._current = None
        self._turns.clear()
        for stream in self._streams.values():
            stream.numbers = [0, 0]
            stream.held = False
            if stream.messages and (begun := stream.messages[0]).offset:
                if begun.counted:
                    stream.amount += begun.offset
                    self.amount += begun.offset
                begun.offset = begun.place = 0
                if begun.fragments is not None:
                    begun.fragments = []
            self._line_up(stream)

    def _line_up(self, stream: OutgoingStream) -> None:
        """Have a stream wait for its turn: one that woke from the present time on."""
        stream.queued = bool(stream.messages) and not stream.held
        if stream.queued:
            stream.start = max(stream.start, self._time)
            urgent = stream.messages[0].protocol == DCEP
            turn = 0.0 if urgent else stream.start, stream.id, stream
            heapq.heappush(self._turns, turn)

    def _count_out(self, message: OutgoingMessage, size: int) -> None:
        """Count bytes that wait no more."""
        if not message.counted:
            return
        stream = message.stream
        before = stream.amount
        stream.amount -= size
        self.amount -= size
        if before > stream.low >= stream.amount:
            self._on_low(stream.id)
