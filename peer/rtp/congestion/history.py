"""What was sent over a transport, and what its receiver says became of it.

One endless number covers all packets of a transport, in the order in which they left. A report
says of some of them when they arrived, by the receiver's clock: only differences of its times mean
anything.
"""

from collections.abc import Sequence
from operator import sub
from typing import NamedTuple, Protocol, TypeAlias

from ..serial import SEQUENCE_BITS, extend, signed_difference
from ..transport_feedback import REFERENCE_TICKS, TICKS, TransportFeedback

MEMORY = 60.0
"""Seconds for which a packet may still be reported."""
MAX_PACKETS = 1 << 15
Arrivals: TypeAlias = Sequence[tuple[int, float | None]]
"""Numbers of packets in order, and when each arrived, by the receiver's clock."""
_REFERENCE_BITS = 24
_make_tuple = tuple.__new__


class Carried(NamedTuple):
    """The packet of a stream that is sent, for the first time or again."""

    ssrc: int
    sequence_number: int


class LostPacket(NamedTuple):
    """A packet that did not arrive: the number it was sent with, and what it was."""

    number: int
    carries: Carried


_Sent: TypeAlias = tuple[int, float, int | None, int, tuple[int, int] | None]
"""Bytes and time of a packet, the probe it was part of, the bytes sent before it, and SSRC and
sequence number of what it carries."""


class SentPacket(Protocol):
    """A packet that has left."""

    @property
    def size(self) -> int:
        """Its bytes with all headers."""

    @property
    def carries(self) -> tuple[int, int] | None:
        """SSRC and sequence number of what can be sent again of it."""


class PacketResult(NamedTuple):
    """What became of a packet of `size` bytes: `arrived` is None when it did not.

    Times are in seconds, `sent` by our clock, `arrived` by one of its own. `besides` are bytes that
    arrived with it and that no report tells of; `probe` is the cluster it was part of.
    """

    number: int
    size: int
    sent: float
    arrived: float | None
    probe: int | None
    besides: float


class Report(NamedTuple):
    """What one message tells that was not known, in the order of sending.

    `round_trip` is the longest from sending to this report, `propagation` the shortest time that a
    packet and its report were under way, or waited to be reported; `transit` the shortest from
    sending to arrival, by two clocks, so that only differences mean anything. All None when
    nothing arrived.
    """

    results: tuple[PacketResult, ...]
    round_trip: float | None
    propagation: float | None
    transit: float | None

    def without_losses(self) -> "Report":
        """Return what it tells of the packets that arrived."""
        return self._replace(results=tuple(one for one in self.results if one.arrived is not None))


class SentPackets:
    """The packets of one transport that were not reported as received."""

    __slots__ = (
        "_clock",
        "_covered",
        "_next",
        "_octets",
        "_octets_covered",
        "_packets",
        "_received_share",
        "_reference",
        "_unnumbered",
    )

    def __init__(self) -> None:
        self._next = 1
        self._packets: dict[int, _Sent] = {}
        self._octets = self._octets_covered = 0
        self._covered = 0
        self._unnumbered = 0
        self._clock = 0
        self._reference: int | None = None
        self._received_share = 1.0

    @property
    def next_number(self) -> int:
        """The number of the next packet; 16 bits of it go with the packet."""
        return self._next

    @property
    def in_flight(self) -> int:
        """The bytes sent after the latest packet that a report was about."""
        return self._octets - self._octets_covered

    def add(self, sent: Sequence[SentPacket], now: float, probe: int | None = None) -> int:
        """Note that the next packets have left together; returns their bytes."""
        packets, number, octets = self._packets, self._next, self._octets
        before = octets + self._unnumbered
        for packet in sent:
            size = packet.size + self._unnumbered
            self._unnumbered = 0
            packets[number] = size, now, probe, octets, packet.carries
            number += 1
            octets += size
        self._next, self._octets = number, octets
        self._forget_oldest(now)
        return octets - before

    def _forget_oldest(self, now: float) -> None:
        packets, least = self._packets, now - MEMORY
        while packets:
            oldest = next(iter(packets))
            if len(packets) <= MAX_PACKETS and packets[oldest][1] >= least:
                return
            del packets[oldest]

    def add_unnumbered(self, size: int) -> None:
        """Note a packet that is not reported; it counts with the next one that is."""
        self._unnumbered += size

    def forget(self) -> None:
        """Begin anew: what is reported of packets sent before means nothing any more."""
        self._packets.clear()
        self._octets_covered, self._covered = self._octets, self._next - 1
        self._reference, self._received_share = None, 1.0

    def take(self, message: TransportFeedback, now: float) -> Report | None:
        """Return what a message tells; None when it is about nothing that was sent."""
        base = extend(message.base, self._next - 1, SEQUENCE_BITS)
        if base >= self._next:
            # What is ahead of all that was sent is behind it by a whole round.
            base -= 1 << SEQUENCE_BITS
        clock = self._advance_clock(message)
        return self.take_arrivals(
            [
                (number, None if arrival is None else (clock + arrival) / TICKS)
                for number, arrival in enumerate(message.arrivals, base)
            ],
            now,
        )

    def take_arrivals(self, arrivals: Arrivals, now: float) -> Report | None:
        """Return what there is new in the times at which packets arrived."""
        missed = self._octets_between(self._covered + 1, arrivals[0][0]) if arrivals else 0
        results = self._results(arrivals)
        if not results:
            return None
        received = 1 - [result.arrived for result in results].count(None) / len(results)
        share = min(1.0, (received + self._received_share) / 2)
        self._received_share = received
        self._cover(min(arrivals[-1][0] + 1, self._next) - 1)
        return _report(_with_missed(results, missed * share), now)

    def lost(self, report: Report) -> list[LostPacket]:
        """Return what a report says is lost that can be sent again."""
        lost = []
        for result in report.results:
            packet = None if result.arrived is not None else self._packets.get(result.number)
            if packet is not None and packet[4] is not None:
                lost.append(LostPacket(result.number, Carried(*packet[4])))
        return lost

    def _results(self, arrivals: Arrivals) -> list[PacketResult]:
        results, packets, make = [], self._packets, _make_tuple
        for number, arrived in arrivals:
            packet = packets.get(number) if arrived is None else packets.pop(number, None)
            if packet is not None:
                size, sent, probe, _, _ = packet
                results.append(make(PacketResult, (number, size, sent, arrived, probe, 0.0)))
        return results

    def _advance_clock(self, message: TransportFeedback) -> int:
        """Return the reference time of a message in ticks; the first is 0."""
        if self._reference is not None:
            step = signed_difference(message.reference, self._reference, _REFERENCE_BITS)
            self._clock += step * REFERENCE_TICKS
        self._reference = message.reference
        return self._clock

    def _octets_between(self, first: int, end: int) -> int:
        """Return the bytes of the packets from `first` on, before `end`, that are remembered."""
        if not 0 < end - first <= MAX_PACKETS:
            return 0
        begin, behind = self._packets.get(first), self._packets.get(end)
        return behind[3] - begin[3] if begin and behind else 0

    def _cover(self, last: int) -> None:
        if last > self._covered:
            self._covered = last
            behind = self._packets.get(last + 1)
            self._octets_covered = self._octets if behind is None else behind[3]


def _with_missed(results: list[PacketResult], missed: float) -> tuple[PacketResult, ...]:
    """Count what was never reported with the first packet that was received."""
    if missed:
        for position, result in enumerate(results):
            if result.arrived is not None:
                results[position] = result._replace(besides=missed)
                break
    return tuple(results)


def _report(results: tuple[PacketResult, ...], now: float) -> Report:
    received = [result for result in results if result.arrived is not None]
    if not received:
        return Report(results, None, None, None)
    arrived, sent = [one.arrived or 0.0 for one in received], [one.sent for one in received]
    shortest = min(map(sub, arrived, sent))
    return Report(results, now - min(sent), now - max(arrived) + shortest, shortest)
