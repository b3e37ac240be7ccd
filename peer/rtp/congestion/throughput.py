"""The rate at which packets arrive, over a window that single stalls and bursts do not bend."""

from bisect import insort
from collections import deque
from itertools import takewhile
from math import inf
from typing import NamedTuple

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


class _Arrival(NamedTuple):
    arrived: float
    sent: float
    size: float


class Throughput:
    """The acknowledged rate of one path, in bits per second."""

    __slots__ = ("_discarded_until", "_window")

    def __init__(self) -> None:
        self._window: deque[_Arrival] = deque()
        self._discarded_until = 0.0

    def add(self, packets: list[PacketResult]) -> None:
        """Take packets that arrived, in the order of their arrival."""
        window = self._window
        for packet in packets:
            if packet.arrived is None:
                continue
            arrival = _Arrival(packet.arrived, packet.sent, packet.size + packet.besides)
            if window and packet.arrived < window[-1].arrived - MAX_REORDERING:
                self.forget()
            if window and packet.arrived < window[-1].arrived:
                insort(window, arrival)
            else:
                window.append(arrival)
        while self._is_too_long():
            gone = window.popleft()
            self._discarded_until = max(self._discarded_until, gone.sent)

    def bitrate(self) -> float | None:
        """Return the rate; None when too little arrived."""
        window = self._window
        if len(window) < REQUIRED:
            return None
        before = window[0].arrived
        longest = second = received = sent_size = last_size = 0.0
        first_sent, last_sent = inf, -inf
        for arrived, sent, size in window:
            gap, before = arrived - before, arrived
            if gap > longest:
                longest, second = gap, longest
            elif gap > second:
                second = gap
            received += size
            if sent >= self._discarded_until:
                sent_size += size
                if sent < first_sent:
                    first_sent = sent
                if sent > last_sent:
                    last_sent, last_size = sent, size
        if not sent_size:
            return None
        # The longest pause may be the network's, or ours; it counts as the second longest.
        span = window[-1].arrived - window[0].arrived - longest + second
        rate = (received - window[0].size) / max(_SHORTEST, span)
        sent_rate = (sent_size - last_size) / max(_SHORTEST, last_sent - first_sent)
        return 8 * min(sent_rate, rate)

    def recent(self) -> float | None:
        """Return the rate of the last moments; None when too little arrived in them."""
        latest = self._window[-1].arrived if self._window else 0.0
        recent = list(takewhile(lambda one: one.arrived > latest - RECENT, reversed(self._window)))
        if len(recent) < REQUIRED or latest - recent[-1].arrived < RECENT / 2:
            return None
        size = sum(one.size for one in recent)
        sent_span = max(one.sent for one in recent) - min(one.sent for one in recent)
        received = (size - recent[-1].size) / (latest - recent[-1].arrived)
        return 8 * min(received, (size - recent[0].size) / max(_SHORTEST, sent_span))

    def _is_too_long(self) -> bool:
        window = self._window
        if not window:
            return False
        span = window[-1].arrived - window[0].arrived
        if len(window) > MAX_PACKETS or span > MAX_SPAN:
            return True
        # The first may go when what remains is long enough.
        return len(window) > MIN_PACKETS + 1 and window[-1].arrived - window[1].arrived > MIN_SPAN

    def forget(self) -> None:
        """Begin anew."""
        self._window.clear()
        self._discarded_until = 0.0
