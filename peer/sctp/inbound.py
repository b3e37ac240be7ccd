"""Receiving: DATA chunks, what is held of them, and when they are acknowledged."""

from collections import Counter
from math import inf

from .config import MAX_STREAMS
from .drops import SctpDrop
from .interleaved import InterleavedReassembly
from .reassembly import Reassembly
from .received import MAX_AHEAD, MAX_GAPS, Received
from .wire import (
    BEGIN,
    DATA_HEAD,
    DATA_HEADER,
    HALF,
    I_DATA_HEAD,
    I_DATA_HEADER,
    IMMEDIATE,
    INVALID_STREAM,
    MASK,
    NO_USER_DATA,
    PAIR,
)

MAX_HELD = 16384
"""Fragments and messages held, however small."""
MAX_FORWARD = 100000
"""TSNs that a peer may give up at a time."""
MAX_SACK_DELAY = 0.1
SACK_EVERY = 2
"""Packets that one SACK acknowledges at most, once nothing is missing."""
SACK_EVERY_OURS = 8
"""The same to a sender that counts bytes, as ours does."""
_SILLY_WINDOW = 2400

_Arguments = tuple[int, int, int, int, int, int, bytes]


class NoRoomError(Exception):
    """What all others wait for does not fit either."""


class Inbound:
    """The receiving half of an association. `errors` are causes to be told to the peer.

    It takes packet by packet: `data` for each chunk, then `end_packet`. A SACK is due when that
    says so, when `sack_now` says so once all packets at hand are taken, or at `sack_at`.
    """

    def __init__(
        self,
        tsn: int,
        *,
        window: int,
        limit: float,
        streams: int,
        mixed: bool,
        drops: Counter[SctpDrop],
    ) -> None:
        self.received = Received(tsn)
        self.reassembly = InterleavedReassembly(limit) if mixed else Reassembly(limit)
        self._ordering = self.reassembly.ordering
        self.drops = drops
        self.errors: list[tuple[int, bytes]] = []
        self.sack_now = False
        self.sack_at = inf
        self.duplicates = 0
        self.every = SACK_EVERY
        self._window, self._streams = window, streams
        self._reserve = max(window // 10, 0 if limit == inf else int(limit))
        self._told = window
        self._packets = 0
        self._touched = False
        self._first = True
        # A reset that waits for the last TSN before it, and what has come for after it.
        self._deferred: tuple[int, frozenset[int] | None] | None = None
        self._waiting: list[_Arguments] = []
        self._waiting_bytes = 0

    @property
    def held(self) -> int:
        """The bytes that wait for others."""
        return self.reassembly.held + self._ordering.held + self._waiting_bytes

    @property
    def is_reset_due(self) -> bool:
        """Tell whether nothing is missing any more before a reset that waited."""
        return self._deferred is not None and self._deferred[0] <= self.received.cumulative

    def data(self, packet: bytes, flags: int, start: int, end: int) -> None:
        """Take a DATA chunk; raises ContradictionError and NoRoomError."""
        _, _, _, tsn, stream, number, protocol = DATA_HEAD.unpack_from(packet, start)
        self._take(flags, tsn, stream, number, protocol, 0, packet[start + DATA_HEADER : end])

    def i_data(self, packet: bytes, flags: int, start: int, end: int) -> None:
        """Take an I-DATA chunk; raises ContradictionError and NoRoomError."""
        head = I_DATA_HEAD.unpack_from(packet, start)
        _, _, _, tsn, stream, _, number, kind = head
        protocol, place = (kind, 0) if flags & BEGIN else (0, kind)
        body = packet[start + I_DATA_HEADER : end]
        self._take(flags, tsn, stream, number, protocol, place, body)

    def _take(
        self,
        flags: int,
        number_on_wire: int,
        stream: int,
        number: int,
        protocol: int,
        place: int,
        data: bytes,
    ) -> None:
        received = self.received
        self._touched = True
        ahead = (number_on_wire - received.cumulative) & MASK
        tsn = received.cumulative + ahead
        if ahead == 0 or ahead >= HALF or (ahead > 1 and received.has(tsn)):
            self._note_duplicate(tsn if ahead < HALF else tsn - MASK - 1)
            return
        if flags & IMMEDIATE:
            self.sack_now = True
        reassembly, ordering = self.reassembly, self._ordering
        if (
            ahead > 1
            or not data
            or stream >= self._streams
            or reassembly.held + ordering.held > self._window
            or reassembly.count + ordering.count >= MAX_HELD
            or self._deferred is not None
        ):
            if not self._judge(ahead, stream, len(data), number_on_wire):
                return
        received.add(tsn)
        if stream >= self._streams:
            return
        if self._deferred is None:
            reassembly.add(tsn, flags, stream, number, protocol, place, data)
        else:
            self._take_deferred((tsn, flags, stream, number, protocol, place, data))

    def _judge(self, ahead: int, stream: int, size: int, tsn: int) -> bool:
        """Tell whether an unusual chunk is taken; room is left for what all others wait for."""
        if not size:
            self.drops[SctpDrop.NO_USER_DATA] += 1
            self.errors.append((NO_USER_DATA, tsn.to_bytes(4, "big")))
            return False
        count = self.reassembly.count + self._ordering.count + len(self._waiting)
        reason = None
        if ahead > MAX_AHEAD:
            reason = SctpDrop.TOO_FAR_AHEAD
        elif ahead > 1 and self.received.gaps >= MAX_GAPS:
            reason = SctpDrop.TOO_MANY_GAPS
        elif ahead > 1 and (self.held + size > self._window or count >= MAX_HELD):
            reason = SctpDrop.NO_ROOM
        elif self.held + size > self._window + self._reserve or count >= 2 * MAX_HELD:
            self.drops[SctpDrop.NO_ROOM] += 1
            raise NoRoomError
        if reason is not None:
            self.drops[reason] += 1
            self.sack_now = True
            return False
        if stream >= self._streams:
            self.drops[SctpDrop.NO_SUCH_STREAM] += 1
            self.errors.append((INVALID_STREAM, PAIR.pack(stream, 0)))
        return True

    def _note_duplicate(self, tsn: int) -> None:
        self.received.add(tsn)
        self.duplicates += 1
        self.sack_now = True

    # FORWARD-TSN and resets

    def forward(self, number_on_wire: int, skipped: dict[tuple[int, bool], int]) -> None:
        """Take it that the peer has given up all up to a TSN (RFC 3758 §3.6)."""
        received = self.received
        self._touched = True
        ahead = (number_on_wire - received.cumulative) & MASK
        if ahead >= HALF or ahead == 0:
            self.sack_now = True
            return
        if ahead > MAX_FORWARD:
            self.drops[SctpDrop.TOO_FAR_AHEAD] += 1
            return
        before, point = received.cumulative, received.cumulative + ahead
        received.advance(point)
        self.reassembly.forward(before, point, skipped)

    def reset(self, last: int, streams: frozenset[int] | None) -> bool:
        """Begin anew with streams after a TSN; False when that has to wait for TSNs before it."""
        if last <= self.received.cumulative:
            self.reassembly.reset(streams)
            return True
        if self._deferred is not None:
            before, others = self._deferred
            together = None if others is None or streams is None else others | streams
            last, streams = max(last, before), together
        self._deferred = last, streams
        return False

    def finish_reset(self) -> frozenset[int] | None:
        """Do the reset that waited, and take in what has come for after it; returns the streams.

        Raises ContradictionError.
        """
        assert self._deferred is not None
        (_, streams), self._deferred = self._deferred, None
        self.reassembly.reset(streams)
        waiting, self._waiting = self._waiting, []
        self._waiting_bytes = 0
        for arguments in waiting:
            self.reassembly.add(*arguments)
        return streams

    def add_streams(self, count: int) -> bool:
        """Take so many streams more, if there are any (RFC 6525 §5.2.5)."""
        if self._streams + count > MAX_STREAMS:
            return False
        self._streams += count
        return True

    def _take_deferred(self, arguments: _Arguments) -> None:
        assert self._deferred is not None
        last, streams = self._deferred
        tsn, _, stream, *_, data = arguments
        if tsn > last and (streams is None or stream in streams):
            self._waiting.append(arguments)
            self._waiting_bytes += len(data)
        else:
            self.reassembly.add(*arguments)

    # Acknowledging

    def end_packet(self, now: float, delay: float) -> bool:
        """Tell whether a SACK is due although more packets are at hand (RFC 9260 §6.2)."""
        if not self._touched:
            return False
        self._touched = False
        self._packets += 1
        reopened = self._told < _SILLY_WINDOW <= self._window - self.held
        if self._first or self.received.gaps or reopened:
            self._first = False
            self.sack_now = True
        if self._packets >= self.every:
            return True
        self.sack_at = min(self.sack_at, now + min(delay, MAX_SACK_DELAY))
        return self.sack_now and self.received.gaps > 0 and self.every == SACK_EVERY

    @property
    def has_news(self) -> bool:
        """Tell whether packets have come that no SACK has told of."""
        return self._packets > 0

    def is_due(self, now: float, *, company: bool) -> bool:
        """Tell whether a SACK is to go, with other chunks if there are any."""
        return self.sack_now or self.sack_at <= now or (company and self.has_news)

    def sack(self) -> bytes:
        """Return a SACK, after which none is due."""
        self.sack_now = False
        self.sack_at = inf
        self._packets = 0
        self._told = max(0, self._window - self.held)
        return self.received.sack(self._told)
