"""When each packet leaves, so that what is sent at once never fills a queue on the way.

Packets wait by what they are for, and among those for the same by turns of their streams. What has
left is owed, and time pays at the pacing rate: packets go while little is owed, then none until all
is paid. Who is woken late finds some of it paid in advance. Sound never waits, but is owed like the
rest. A probe has its own rate: it takes what waits, and padding when nothing does.
"""

import enum
from collections import deque
from collections.abc import Callable, Sequence
from math import inf
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from .probe_results import ProbeCluster

BURST, LONG_BURST = 0.010, 0.025
"""Seconds at the pacing rate that leave at once, at most: the second where it is fast."""
FAST = 4_000_000.0
"""The pacing rate from which on longer bursts spare more than they cost: a packet takes less than
3 ms of it, and pictures of several streams leave in one pass. Chromium has bursts of 40 ms."""
MAX_CREDIT = 0.030
"""Seconds at the pacing rate that packets may make up for when they were let go too late."""
MAX_WAIT = 1.0
"""Seconds in which what waits is to have left: with more of it, it leaves faster."""
MAX_ELAPSED = 2.0
MAX_DEBT = 0.5
"""Seconds at the rate that may be owed: sound goes on however much that is."""
PROBE_BURST = 0.002
"""Seconds at the rate of a probe that leave at once."""
MAX_PROBE_DELAY = 0.010
"""Seconds that a burst of a probe may be late: more measures us, not the path."""
MAX_PROBES = 5
PROBE_LIFETIME = 5.0
"""Seconds that a probe waits for something to be sent."""
FILLING_BURST = 0.005
_SHORTEST = 0.001
_RESIDUE = 0.001
"""Bytes that rounding may leave."""


class Priority(enum.IntEnum):
    """What a packet is for; the first leaves first."""

    AUDIO = 0
    AUDIO_REPAIR = 1
    VIDEO_REPAIR = 2
    VIDEO = 3


class Sized(Protocol):
    """A packet, or what becomes one when it leaves."""

    @property
    def size(self) -> int:
        """Its bytes with all headers."""


PacketT = TypeVar("PacketT", bound=Sized)
_Lane: TypeAlias = dict[int, deque[tuple[float, PacketT]]]
"""What waits for one purpose, by its stream, whose turn is next first, each with when it came."""


class Release(NamedTuple, Generic[PacketT]):
    """Packets that leave now, as part of a probe or not."""

    packets: Sequence[PacketT]
    probe: int | None


class _Probe:
    __slots__ = ("begun", "cluster", "count", "octets", "planned")

    def __init__(self, cluster: ProbeCluster, now: float) -> None:
        self.cluster = cluster
        self.planned = now
        self.begun: float | None = None
        self.octets = self.count = 0

    @property
    def due(self) -> float:
        """When the next burst leaves."""
        if self.begun is None:
            return -inf
        return self.begun + 8 * self.octets / self.cluster.bitrate

    @property
    def is_complete(self) -> bool:
        return self.octets >= self.cluster.octets and self.count >= self.cluster.packets


class Pacer(Generic[PacketT]):
    """The packets of one transport that wait to leave.

    `pad` makes padding of about so many bytes, or nothing when there is nothing to make it of.
    Call `due` after each packet that is added, and at the `deadline`.
    """

    def __init__(self, pad: Callable[[int], Sequence[PacketT]]) -> None:
        self._pad = pad
        self._queues: tuple[_Lane[PacketT], ...] = tuple({} for _ in Priority)
        self._count = self._octets = 0
        self._entered = 0.0
        self._rate = self._filling = 0.0
        self._debt = self._filled = 0.0
        self._is_resting = self._is_starved = False
        self._settled = 0.0
        self._probes: deque[_Probe] = deque(maxlen=MAX_PROBES)

    @property
    def octets(self) -> int:
        """The bytes that wait."""
        return self._octets

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._count

    def backlog(self) -> float:
        """Return the seconds in which what waits will have left."""
        return 8 * self._octets / self._rate if self._count else 0.0

    def set_rates(self, pacing: float, filling: float, now: float) -> None:
        """Set the rate at which packets leave, and that up to which padding is added."""
        self._settle(now)
        self._rate, self._filling = pacing, filling

    def add(self, packets: Sequence[PacketT], priority: Priority, stream: int, now: float) -> None:
        """Let packets of a stream wait."""
        if not packets:
            return
        if not self._count:
            self._settle(now)
        waiting = self._queues[priority].setdefault(stream, deque())
        waiting.extend([(now, packet) for packet in packets])
        self._octets += sum([packet.size for packet in packets])
        self._count += len(packets)
        self._entered += now * len(packets)
        # Of pictures that are sent padding can be made.
        self._is_starved &= priority is Priority.AUDIO

    def pass_by(self, packet: PacketT, now: float) -> bool:
        """Tell whether a packet of sound leaves at once and nothing else does; it counts then.

        It is what `add` and `due` come to where nothing waits, and where no padding can be made
        for what would be probed or filled.
        """
        begun = bool(self._probes) and self._probes[0].begun is not None
        pads = not self._is_starved and bool(self._probes or self._filling)
        if self._count or begun or pads or not self._rate:
            return False
        self._settle(now)
        self._owe(packet.size)
        return True

    def probe(self, cluster: ProbeCluster, now: float) -> None:
        """Send a probe as soon as there is something to send."""
        self._probes.append(_Probe(cluster, now))

    def clear(self) -> None:
        """Let nothing wait any more."""
        for queue in self._queues:
            queue.clear()
        self._probes.clear()
        self._count = self._octets = 0
        self._entered = 0.0

    def drop(self, stream: int) -> None:
        """Let nothing of a stream wait any more."""
        for queue in self._queues:
            for entered, packet in queue.pop(stream, ()):
                self._forget(1, packet.size, entered)

    def rests(self, now: float) -> bool:
        """Tell whether all but sound waits for the deadline, with what was added, too."""
        if not self._is_resting or self._probes or self._present_rate(now) > self._rate:
            return False
        return 8 * self._debt > self._rate * (now - self._settled)

    def due(self, now: float) -> list[Release[PacketT]]:
        """Return what leaves now, in this order."""
        self._settle(now)
        released: list[Release[PacketT]] = []
        if self._probes:
            self._drop_probes(now)
        if self._queues[Priority.AUDIO]:
            self._release(self._take(self._queues[:1], inf), released)
        if self._probes:
            self._send_probe(self._probes[0], now, released)
        if self._count and not self._is_resting:
            burst = LONG_BURST if self._rate >= FAST else BURST
            enough = burst * self._present_rate(now) / 8
            if self._debt < enough:
                self._release(self._take(self._queues, enough - self._debt), released)
            self._is_resting = self._count > 0
        if not self._count:
            self._debt = max(0.0, self._debt)
            if not self._probes:
                self._fill(released)
        return released

    def deadline(self) -> float | None:
        """Return when something is due next, None when nothing waits."""
        deadlines = []
        if self._probes and self._probes[0].begun is not None and self._has_something:
            deadlines.append(self._probes[0].due)
        if self._count:
            debt = max(0.0, self._debt) if self._is_resting else 0.0
            deadlines.append(self._settled + 8 * debt / self._present_rate(self._settled))
        elif self._filling and not self._probes and self._has_something:
            owed = max(self._debt / self._rate, self._filled / self._filling)
            deadlines.append(self._settled + 8 * owed)
        return min(deadlines, default=None)

    def _settle(self, now: float) -> None:
        """Let time pay what is owed."""
        if now == self._settled and self._debt > 0:
            # No time has passed, and nothing was paid in advance that might not count any more.
            return
        passed = max(0.0, min(now - self._settled, MAX_ELAPSED))
        self._settled = max(self._settled, now)
        rate = self._present_rate(now)
        # Nothing is paid in advance while nothing waits.
        least = -MAX_CREDIT * rate / 8 if self._count else 0.0
        self._debt = max(least, _less(self._debt, passed * rate / 8))
        self._filled = max(0.0, _less(self._filled, passed * self._filling / 8))
        if self._debt <= 0:
            self._is_resting = False

    def _present_rate(self, now: float) -> float:
        """Return the pacing rate, or what brings out in time what waits."""
        if not self._count:
            return self._rate
        waited = now - self._entered / self._count
        return max(self._rate, 8 * self._octets / max(_SHORTEST, MAX_WAIT - waited))

    def _release(self, packets: Sequence[PacketT], released: list[Release[PacketT]]) -> None:
        octets = sum([packet.size for packet in packets])
        probe = self._probes[0] if self._probes else None
        number = None
        if probe is not None and probe.begun is not None:
            number = probe.cluster.number
            probe.octets += octets
            probe.count += len(packets)
        self._owe(octets)
        released.append(Release(packets, number))

    def _owe(self, octets: int) -> None:
        self._debt = min(self._debt + octets, MAX_DEBT * self._rate / 8)
        if self._filling:
            self._filled = min(self._filled + octets, MAX_DEBT * self._filling / 8)

    def _take(self, lanes: Sequence[_Lane[PacketT]], room: float) -> list[PacketT]:
        """Take so many bytes, or one packet more than fits, the first lane's before others'."""
        taken: list[PacketT] = []
        octets, entered_all = 0, 0.0
        for lane in lanes:
            while lane and octets < room:
                stream, waiting = next(iter(lane.items()))
                entered, packet = waiting.popleft()
                if not waiting:
                    del lane[stream]
                elif len(lane) > 1:
                    # Its next packet is behind those of the other streams.
                    lane[stream] = lane.pop(stream)
                taken.append(packet)
                octets += packet.size
                entered_all += entered
        self._forget(len(taken), octets, entered_all)
        return taken

    def _forget(self, count: int, octets: int, entered: float) -> None:
        self._count -= count
        self._octets -= octets
        self._entered = self._entered - entered if self._count else 0.0

    def _drop_probes(self, now: float) -> None:
        probes = self._probes
        while probes:
            first = probes[0]
            late = first.begun is not None and now > first.due + MAX_PROBE_DELAY
            if not (first.is_complete or late or now > first.planned + PROBE_LIFETIME):
                return
            probes.popleft()

    def _send_probe(self, probe: _Probe, now: float, released: list[Release[PacketT]]) -> None:
        """Send the next burst of a probe, of what waits and of padding."""
        if now < probe.due:
            return
        end = probe.octets + int(probe.cluster.bitrate * PROBE_BURST / 8)
        while probe.octets < end:
            missing = end - probe.octets
            if self._count:
                batch: Sequence[PacketT] = self._take(self._queues, missing)
            else:
                batch = self._make_padding(missing)
            if not batch:
                return
            if probe.begun is None:
                probe.begun = now
            self._release(batch, released)

    def _fill(self, released: list[Release[PacketT]]) -> None:
        """Pad up to what may be sent."""
        if self._filling and not self._debt and not self._filled and self._has_something:
            padding = self._make_padding(int(self._filling * FILLING_BURST / 8))
            if padding:
                self._release(padding, released)

    @property
    def _has_something(self) -> bool:
        """Whether something can be sent that nobody waits for: packets, or padding made of them."""
        return self._count > 0 or not self._is_starved

    def _make_padding(self, size: int) -> Sequence[PacketT]:
        padding = self._pad(size)
        self._is_starved = not padding
        return padding


def _less(owed: float, paid: float) -> float:
    """Return what is still owed."""
    left = owed - paid
    return left if abs(left) > _RESIDUE else 0.0
