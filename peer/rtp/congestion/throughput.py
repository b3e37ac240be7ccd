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
    """The acknowledged rate of one path, in bits per second."""

    __slots__ = ("_arrived", "_discarded_until", "_gaps", "_sent", "_sizes")

    def __init__(self) -> None:
        # The window in the order of arrival, each figure for itself: it is summed up as a whole.
        self._arrived: list[float] = []
        self._gaps: list[float] = []
        self._sent: list[float] = []
        self._sizes: list[float] = []
        self._discarded_until = 0.0

    def add(self, packets: list[PacketResult]) -> None:
        """Take packets that arrived, in the order of their arrival."""
        times, sent, sizes = self._arrived, self._sent, self._sizes
        for packet in packets:
            arrived = packet.arrived
            if arrived is None:
                continue
            if times and arrived < times[-1]:
                if arrived < times[-1] - MAX_REORDERING:
                    self.forget()
                place = bisect_right(times, arrived)
                times.insert(place, arrived)
                sent.insert(place, packet.sent)
                sizes.insert(place, packet.size + packet.besides)
                self._gaps = list(map(sub, times[1:], times))
            else:
                if times:
                    self._gaps.append(arrived - times[-1])
                times.append(arrived)
                sent.append(packet.sent)
                sizes.append(packet.size + packet.besides)
        surplus = self._surplus()
        if surplus:
            self._discarded_until = max(self._discarded_until, *sent[:surplus])
            for figures in (times, sent, sizes, self._gaps):
                del figures[:surplus]

    def bitrate(self) -> float | None:
        """Return the rate; None when too little arrived."""
        times, sent, sizes = self._arrived, self._sent, self._sizes
        if len(times) < REQUIRED:
            return None
        received = sum(sizes)
        # The longest pause may be the network's, or ours; it counts as the second longest.
        gaps = self._gaps
        longest = max(gaps)
        place = gaps.index(longest)
        gaps[place] = 0.0
        span = times[-1] - times[0] - longest + max(gaps)
        gaps[place] = longest
        rate = (received - sizes[0]) / max(_SHORTEST, span)
        sent_size = received
        if min(sent) < self._discarded_until:
            # What was sent before others that are forgotten says nothing of the rate of sending.
            kept = [
                each for each in zip(sent, sizes, strict=True) if each[0] >= self._discarded_until
            ]
            if not kept:
                return None
            sent, sizes = [each[0] for each in kept], [each[1] for each in kept]
            sent_size = sum(sizes)
        last = max(sent)
        sent_rate = (sent_size - sizes[sent.index(last)]) / max(_SHORTEST, last - min(sent))
        return 8 * min(sent_rate, rate)

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
        self._discarded_until = 0.0
