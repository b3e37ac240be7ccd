"""The rate at which packets arrive, over a window that single stalls and bursts do not bend."""

from bisect import bisect_left, bisect_right
from operator import sub

from .history import PacketResult

MIN_PACKETS, MAX_PACKETS = 20, 500
MIN_SPAN, MAX_SPAN = 1.0, 5.0
"""Seconds of the window: the shortest that has enough of both."""
REQUIRED = 10
"""Packets without which nothing is said."""
RECENT = 0.3
"""Seconds in which a rate is seen that has just become another."""
MAX_REORDERING = 1.0
_SHORTEST = 0.001


class Throughput:
    """The acknowledged rate of one path, in bits per second.

    It is asked for with each report: what the window adds up to is kept, and is looked for anew
    only where packets were sent in another order than they came.
    """

    __slots__ = (
        "_arrived",
        "_discarded_until",
        "_disordered",
        "_gaps",
        "_longest",
        "_received",
        "_sent",
        "_sizes",
    )

    def __init__(self) -> None:
        # The window in the order of arrival, each figure for itself: it is summed up as a whole.
        self._arrived: list[float] = []
        self._gaps: list[float] = []
        self._sent: list[float] = []
        self._sizes: list[float] = []
        self._forget_sums()

    def _forget_sums(self) -> None:
        self._discarded_until = 0.0
        self._received = 0.0
        """The bytes of the window."""
        self._longest: tuple[float, float] | None = None
        """The second longest of the gaps and the longest, None where they are to be looked for."""
        self._disordered = 0
        """How many packets of the window, from its beginning on, may not be as they were sent."""

    def add(self, packets: list[PacketResult]) -> None:
        """Take packets that arrived, in the order of their arrival."""
        times = self._arrived
        begin = 0
        for packet in packets:
            arrived = packet.arrived
            if arrived is None or not times or arrived >= times[-1]:
                break
            # It came before one that was reported earlier.
            self._insert(packet, arrived)
            begin += 1
        self._append(packets[begin:] if begin else packets)
        self._discard(self._surplus())

    def _insert(self, packet: PacketResult, arrived: float) -> None:
        times = self._arrived
        if arrived < times[-1] - MAX_REORDERING:
            self.forget()
        size = packet.size + packet.besides
        place = bisect_right(times, arrived)
        times.insert(place, arrived)
        self._sent.insert(place, packet.sent)
        self._sizes.insert(place, size)
        self._gaps = list(map(sub, times[1:], times))
        self._received += size
        self._longest = None
        self._disordered = len(times)

    def _append(self, packets: list[PacketResult]) -> None:
        """Add packets that arrived after all others."""
        if not packets:
            return
        arrived = [one.arrived or 0.0 for one in packets]
        sent = [one.sent for one in packets]
        sizes = [one.size + one.besides for one in packets]
        before = self._arrived[-1:] or arrived[:1]
        gaps = list(map(sub, arrived, before + arrived))
        if not self._arrived:
            del gaps[0]
        if self._longest is not None:
            second, longest = sorted((*self._longest, *gaps))[-2:]
            self._longest = second, longest
        is_ordered = sent == sorted(sent) and (not self._sent or self._sent[-1] <= sent[0])
        self._gaps += gaps
        self._arrived += arrived
        self._sent += sent
        self._sizes += sizes
        self._received += sum(sizes)
        if not is_ordered:
            self._disordered = len(self._arrived)

    def _discard(self, count: int) -> None:
        """Forget the first packets."""
        if not count:
            return
        self._discarded_until = max(self._discarded_until, *self._sent[:count])
        self._received -= sum(self._sizes[:count])
        self._disordered = max(0, self._disordered - count)
        if self._longest is not None and max(self._gaps[:count]) >= self._longest[0]:
            self._longest = None
        for figures in (self._arrived, self._sent, self._sizes, self._gaps):
            del figures[:count]

    def bitrate(self) -> float | None:
        """Return the rate; None when too little arrived."""
        times = self._arrived
        if len(times) < REQUIRED:
            return None
        sent_rate = self._sent_rate()
        if sent_rate is None:
            return None
        if self._longest is None:
            second, longest = sorted(self._gaps)[-2:]
            self._longest = second, longest
        # The longest pause may be the network's, or ours; it counts as the second longest.
        second, longest = self._longest
        span = times[-1] - times[0] - longest + second
        rate = (self._received - self._sizes[0]) / max(_SHORTEST, span)
        return 8 * min(sent_rate, rate)

    def _sent_rate(self) -> float | None:
        """Return the bytes per second of sending; None when nothing is known of it.

        What was sent before others that are forgotten says nothing of it.
        """
        sent, sizes, received = self._sent, self._sizes, self._received
        if not self._disordered:
            first, last = sent[0], sent[-1]
            if first >= self._discarded_until:
                size = received - sizes[bisect_left(sent, last)]
                return size / max(_SHORTEST, last - first)
        kept = [each for each in zip(sent, sizes, strict=True) if each[0] >= self._discarded_until]
        if not kept:
            return None
        sent, sizes = [each[0] for each in kept], [each[1] for each in kept]
        last = max(sent)
        return (sum(sizes) - sizes[sent.index(last)]) / max(_SHORTEST, last - min(sent))

    def recent(self) -> float | None:
        """Return the rate of the last moments; None when too little arrived in them."""
        times = self._arrived
        latest = times[-1] if times else 0.0
        begin = bisect_right(times, latest - RECENT)
        if len(times) - begin < REQUIRED or latest - times[begin] < RECENT / 2:
            return None
        sent, sizes = self._sent[begin:], self._sizes[begin:]
        size = sum(sizes)
        received = (size - sizes[0]) / (latest - times[begin])
        return 8 * min(received, (size - sizes[-1]) / max(_SHORTEST, max(sent) - min(sent)))

    def _surplus(self) -> int:
        """Return how many may go, because what remains is long enough."""
        times = self._arrived
        if not times:
            return 0
        latest, count = times[-1], len(times)
        # One before the shortest span stays, and all that are needed of it.
        enough = min(bisect_left(times, latest - MIN_SPAN) - 1, count - MIN_PACKETS - 1)
        return max(0, count - MAX_PACKETS, bisect_left(times, latest - MAX_SPAN), enough)

    def forget(self) -> None:
        """Begin anew."""
        for figures in (self._arrived, self._sent, self._sizes, self._gaps):
            figures.clear()
        self._forget_sums()
