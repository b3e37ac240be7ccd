"""Sending: what goes into a packet, when it goes again, and what is given up."""

from collections.abc import Callable, Iterable
from math import inf

from .drops import SctpDrop
from .flight import MAX_OUTSTANDING, Flight, Ranges, read_blocks, unwrap_ahead
from .message import ABANDONED, Delivery, Fragment, OutgoingMessage
from .outgoing import SendQueue
from .rtt import RoundTrip
from .wire import (
    BEGIN,
    COMMON_HEADER,
    DATA,
    DATA_HEAD,
    DATA_HEADER,
    END,
    FORWARD_TSN,
    I_DATA,
    I_DATA_HEAD,
    I_DATA_HEADER,
    I_FORWARD_TSN,
    IMMEDIATE,
    LONG,
    MASK,
    PADDING,
    PAIR,
    UNORDERED,
    write_chunk,
)

CRUMB = 200
"""A long message is cut no smaller than this to fill up a packet."""
EAGER_PACKETS = 10
"""While the window has fewer packets, each is to be acknowledged at once (RFC 9260 §7.2.1)."""
_PROBE_SLACK = 0.01
_FORWARD_INTERVAL = 0.2
_MAX_FORWARD_WAIT = 0.5
_MAX_IDLE_STEPS = 10
_BESIDE = 300
"""Bytes of a packet with a FORWARD-TSN that a reset and a heartbeat may need."""


class Outbound:
    """The sending half of an association. `window` is what the peer last said it has room for.

    Timers are absolute times, infinity when they are off.
    """

    def __init__(
        self, tsn: int, packet: int, round_trip: RoundTrip, on_low: Callable[[int], object]
    ) -> None:
        self.queue = SendQueue(on_low)
        self.round_trip = round_trip
        self.limits = False
        """The peer understands that messages are given up."""
        self.window = 0
        self.errors = 0
        self.resent = self.abandoned = self.timeouts = 0
        self._packet = packet
        self.begin(tsn)

    def begin(self, tsn: int) -> None:
        """Begin with a TSN; what was sent before is forgotten."""
        self.flight = Flight(tsn, self._packet & ~3, self.round_trip)
        self.breakpoints: list[int] = []
        self._advanced = tsn - 1
        self._t3 = self._probe = self._loss = self._forward = inf
        self._forward_sent = -inf
        self._last_sent = inf
        self._probed = self._urgent = False

    @property
    def timer(self) -> float:
        """When the clock is wanted."""
        return min(self._t3, self._probe, self._loss, self._forward)

    def send(self, stream: int, protocol: int, data: bytes, delivery: Delivery, now: float) -> None:
        """Queue a message; one without bytes cannot be sent."""
        message = OutgoingMessage(self.queue.stream(stream), protocol, data, delivery, now)
        self.queue.push(message)

    # What goes into packets

    def fill(self, room: int, now: float) -> list[bytes]:
        """Return the DATA chunks, in parts, of a packet with so many bytes of room."""
        parts: list[bytes] = []
        self._urgent, urgent = False, self._urgent
        if now - self._last_sent > self.round_trip.rto and not self.queue.is_empty:
            self._end_idleness(now)
        left = self._fill_again(parts, room, now, urgent=urgent)
        if self.flight.next_lost() is None:
            self._fill_anew(parts, left, now)
        congestion = self.flight.congestion
        if not parts or congestion.flight >= congestion.window:
            congestion.is_full = congestion.flight >= congestion.window
        if parts:
            self._last_sent = now
            if self._t3 == inf:
                self._t3 = now + self.round_trip.back_off(self.errors)
            if self.round_trip.srtt is not None and not self._probed:
                self._probe = now + 2 * self.round_trip.srtt + _PROBE_SLACK
        return parts

    def _end_idleness(self, now: float) -> None:
        """Trust the window less for each time-out that nothing was sent (RFC 9260 §7.2.1)."""
        steps = min((now - self._last_sent) // self.round_trip.rto, _MAX_IDLE_STEPS)
        for _ in range(0 if self.flight.outstanding else int(steps)):
            self.flight.congestion.on_idle()

    def _fill_again(self, parts: list[bytes], room: int, now: float, *, urgent: bool) -> int:
        """Put in what was lost; returns the room that is left."""
        flight, whole = self.flight, (self._packet - COMMON_HEADER) & ~3
        while (fragment := flight.next_lost()) is not None:
            if fragment.message.has_expired(fragment, now):
                self._abandon(fragment.message)
                self._advance(now)
                continue
            if room < fragment.size <= whole or (parts and fragment.size > room):
                break
            if not urgent and flight.congestion.flight >= flight.congestion.window:
                break
            self._launch(fragment, parts, now)
            self.resent += fragment.end - fragment.begin
            room -= fragment.size
        return room

    def _fill_anew(self, parts: list[bytes], room: int, now: float) -> None:
        """Put in messages, in their turns."""
        flight, congestion, queue = self.flight, self.flight.congestion, self.queue
        header = I_DATA_HEADER if queue.mixed else DATA_HEADER
        while congestion.flight < congestion.window and flight.outstanding < MAX_OUTSTANDING:
            message = queue.next(now)
            if message is None:
                return
            size = len(message.data) - message.offset
            if size > room - header:
                size = (room - header) & ~3
                if size < CRUMB:
                    return
            if flight.count and size > self.window - self._bytes_in_flight(header):
                return
            fragment = self._cut(message, size, header)
            self._launch(fragment, parts, now)
            room -= fragment.size

    def _bytes_in_flight(self, header: int) -> int:
        return self.flight.congestion.flight - header * self.flight.count

    def _cut(self, message: OutgoingMessage, size: int, header: int) -> Fragment:
        """Cut a fragment off a message; only now it has its numbers (RFC 8260 §2.2.2)."""
        flight, congestion = self.flight, self.flight.congestion
        begin, place = message.offset, message.place
        if not self.limits:
            # The peer would wait for it for ever.
            message.fragments = None
        self.queue.take(message, size)
        message.place += 1
        whole = header + size + (-size & 3)
        flags = BEGIN if begin == 0 else 0
        if message.offset == len(message.data):
            flags |= END
        if message.unordered:
            flags |= UNORDERED
        eager = congestion.window < EAGER_PACKETS * congestion.packet or self.queue.is_empty
        if eager or congestion.flight + whole >= congestion.window:
            flags |= IMMEDIATE
        tsn, stream, number = flight.next_tsn & MASK, message.stream.id, message.number
        if header == DATA_HEADER:
            number = 0 if message.unordered else number & 0xFFFF
            head = DATA_HEAD.pack(DATA, flags, header + size, tsn, stream, number, message.protocol)
        else:
            kind = message.protocol if begin == 0 else place
            head = I_DATA_HEAD.pack(
                I_DATA, flags, header + size, tsn, stream, 0, number & MASK, kind
            )
        fragment = Fragment(flight.next_tsn, message, head, begin, message.offset, whole)
        if message.fragments is not None:
            message.fragments.append(fragment)
        flight.add(fragment)
        return fragment

    def _launch(self, fragment: Fragment, parts: list[bytes], now: float) -> None:
        if not parts:
            self.flight.begin_packet()
        self.flight.launch(fragment, now)
        data = fragment.message.data
        size = fragment.end - fragment.begin
        parts.append(fragment.head)
        parts.append(data if size == len(data) else data[fragment.begin : fragment.end])
        if size & 3:
            parts.append(PADDING[size & 3])

    # What the peer says, and what time says

    def on_sack(
        self,
        cumulative: int,
        window: int,
        pairs: Ranges,
        now: float,
        *,
        duplicates: Iterable[int] = (),
    ) -> SctpDrop | None:
        """Take in a SACK; returns why it was of no use."""
        flight, congestion = self.flight, self.flight.congestion
        ahead = unwrap_ahead(cumulative, flight.cumulative)
        if ahead is None:
            return SctpDrop.OLD_SACK
        left = flight.outstanding - ahead
        blocks = read_blocks(pairs, flight.cumulative + ahead, left) if left >= 0 else None
        if blocks is None:
            return SctpDrop.NOTHING_SENT
        recovering = congestion.recovering
        acked = flight.acknowledge(flight.cumulative + ahead, blocks, now)
        if duplicates:
            flight.note_duplicates(duplicates)
        self.window = window
        if acked:
            self.errors = 0
            self._probed = False
            congestion.on_acknowledged(acked)
        congestion.on_cumulative(flight.cumulative)
        self._detect(now)
        self._urgent = self._urgent or (congestion.recovering and not recovering)
        self._rearm(now, moved=bool(ahead))
        return None

    def on_timer(self, now: float) -> None:
        """Do what is due."""
        if self._loss <= now:
            self._detect(now)
        if self._t3 <= now:
            self._time_out(now)
        elif self._probe <= now:
            self._probe = inf
            self._probed = True
            self._urgent = self.flight.repeat_last(now)

    def hurry(self, now: float) -> None:
        """Try again at once what waits for its time: the path is there again."""
        if self._t3 < inf:
            self._t3 = now

    def _detect(self, now: float) -> None:
        self._loss = self.flight.detect(now)
        self._give_up(now)

    def _time_out(self, now: float) -> None:
        self.errors += 1
        self.timeouts += 1
        self._probe = self._loss = inf
        self.flight.congestion.on_timeout()
        self.flight.lose_all(now)
        self._give_up(now)
        self._t3 = now + self.round_trip.back_off(self.errors)

    def _rearm(self, now: float, *, moved: bool) -> None:
        """Let T3 run while anything is outstanding, from the last progress on (§6.3.2)."""
        if not self.flight.outstanding:
            self._t3 = self._probe = self._loss = inf
        elif moved or self._t3 == inf:
            self._t3 = now + self.round_trip.back_off(self.errors)
        if self.flight.count and self.round_trip.srtt is not None and not self._probed:
            self._probe = now + 2 * self.round_trip.srtt + _PROBE_SLACK
        elif not self.flight.count:
            self._probe = inf

    # Giving up (RFC 3758)

    def _give_up(self, now: float) -> None:
        expired, self.flight.expired = self.flight.expired, []
        for message in expired:
            self._abandon(message)
        self._advance(now)

    def _abandon(self, message: OutgoingMessage) -> None:
        """Give up all of a message; a TSN stands for what was not sent of it (§3.5 A3)."""
        fragments = message.fragments
        assert fragments is not None, "only what has a limit is given up"
        if fragments[0].state == ABANDONED or fragments[-1].state == ABANDONED:
            return
        if message.offset < len(message.data):
            end = len(message.data)
            rest = Fragment(self.flight.next_tsn, message, b"", end, end, 0)
            rest.state = ABANDONED
            fragments.append(rest)
            self.flight.add(rest)
            self.queue.give_up(message)
        self.flight.abandon(message)
        self.abandoned += 1

    def _advance(self, now: float) -> None:
        """Move the point up to which the peer is to wait for nothing (§3.5 C)."""
        flight = self.flight
        self.breakpoints = [tsn for tsn in self.breakpoints if tsn > flight.cumulative]
        before = self._advanced
        point = max(before, flight.cumulative)
        while point < flight.next_tsn - 1 and point not in self.breakpoints:
            if flight.fragment(point + 1).state != ABANDONED:
                break
            point += 1
        self._advanced = point
        if point <= flight.cumulative:
            self._forward = inf
        else:
            interval = min(self.round_trip.srtt or inf, _FORWARD_INTERVAL)
            if point > before or now >= self._forward_sent + interval:
                self._forward = now

    def forward(self, now: float) -> bytes:
        """Return a FORWARD-TSN that is due, nothing if none is."""
        if self._forward > now:
            return b""
        mixed, flight = self.queue.mixed, self.flight
        room = (self._packet - COMMON_HEADER - 8 - _BESIDE) // (8 if mixed else 4)
        skipped: dict[tuple[int, bool], int] = {}
        point = flight.cumulative
        for tsn in range(point + 1, self._advanced + 1):
            message = flight.fragment(tsn).message
            key = message.stream.id, message.unordered
            if mixed or not message.unordered:
                if key not in skipped and len(skipped) == room:
                    break
                skipped[key] = message.number
            point = tsn
        self._forward_sent = now
        self._forward = now + min(self.round_trip.rto, _MAX_FORWARD_WAIT)
        head = LONG.pack(point & MASK)
        if mixed:
            named = [
                PAIR.pack(stream, loose) + LONG.pack(number & MASK)
                for (stream, loose), number in skipped.items()
            ]
            return write_chunk(I_FORWARD_TSN, head + b"".join(named))
        named = [PAIR.pack(stream, number & 0xFFFF) for (stream, _), number in skipped.items()]
        return write_chunk(FORWARD_TSN, head + b"".join(named))
