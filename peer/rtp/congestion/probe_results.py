"""What probes found: a burst that is sent faster than usual shows how fast it can arrive."""

from typing import NamedTuple

from .history import PacketResult

BURST_TIME, BURSTS = 0.015, 5
"""A probe takes so many seconds of its rate, in so many bursts, at least."""
LEAST_PART = 0.8
"""Of the packets and of the bytes of a probe, what must arrive."""
MAX_SPAN = 1.0
MAX_RATIO = 2.0
"""A probe that arrives so much faster than it was sent says nothing."""
CLEAR_RATIO, FULL_PART = 0.9, 0.95
"""One that arrives slower than the first part filled the link; the second is used of what came."""
MEMORY = 1.0
"""Seconds that a probe is waited for after its latest packet."""


class ProbeCluster(NamedTuple):
    """A probe: its number, its rate in bits per second, and the bytes and packets it takes.

    With `shares` others may send over the path, who are to have their part of what is left.
    """

    number: int
    bitrate: float
    octets: int
    packets: int = BURSTS
    shares: bool = False


class Found(NamedTuple):
    """The rate that a probe found, in bits per second."""

    cluster: ProbeCluster
    bitrate: float

    @property
    def is_all(self) -> bool:
        """Whether it is less than was tried."""
        return self.bitrate < CLEAR_RATIO * self.cluster.bitrate


class _Seen:
    __slots__ = (
        "cluster",
        "count",
        "first_arrived",
        "first_sent",
        "first_size",
        "last_arrived",
        "last_sent",
        "last_size",
        "octets",
    )

    def __init__(self, cluster: ProbeCluster) -> None:
        self.cluster = cluster
        self.count = self.octets = 0
        self.first_sent = self.first_arrived = float("inf")
        self.last_sent = self.last_arrived = float("-inf")
        self.first_size = self.last_size = 0

    def add(self, result: PacketResult, arrived: float) -> None:
        self.count += 1
        self.octets += result.size
        if arrived < self.first_arrived:
            self.first_arrived, self.first_size = arrived, result.size
        self.last_arrived = max(self.last_arrived, arrived)
        self.first_sent = min(self.first_sent, result.sent)
        if result.sent >= self.last_sent:
            self.last_sent, self.last_size = result.sent, result.size

    def found(self) -> Found | None:
        cluster = self.cluster
        if self.count < LEAST_PART * cluster.packets or self.octets < LEAST_PART * cluster.octets:
            return None
        sending, arriving = self.last_sent - self.first_sent, self.last_arrived - self.first_arrived
        if not (0 < sending <= MAX_SPAN and 0 < arriving <= MAX_SPAN):
            return None
        sent = 8 * (self.octets - self.last_size) / sending
        received = 8 * (self.octets - self.first_size) / arriving
        if received > MAX_RATIO * sent:
            return None
        if received < CLEAR_RATIO * sent:
            return Found(cluster, FULL_PART * received)
        return Found(cluster, min(sent, received))


class ProbeResults:
    """The probes that are under way."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: dict[int, _Seen] = {}

    def begin(self, cluster: ProbeCluster) -> None:
        """Note that a probe is sent."""
        self._seen[cluster.number] = _Seen(cluster)

    def add(self, arrivals: list[PacketResult]) -> Found | None:
        """Take packets that arrived; returns what the latest complete probe found."""
        found = None
        if not self._seen or not arrivals:
            return None
        for result in arrivals:
            seen = None if result.probe is None else self._seen.get(result.probe)
            if seen is not None and result.arrived is not None:
                seen.add(result, result.arrived)
                found = seen.found() or found
        if arrivals[-1].arrived is not None:
            self._forget(arrivals[-1].arrived)
        return found

    def _forget(self, arrived: float) -> None:
        for number, seen in list(self._seen.items()):
            if seen.count and seen.last_arrived < arrived - MEMORY:
                del self._seen[number]
