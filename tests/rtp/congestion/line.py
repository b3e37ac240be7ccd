"""A sender under congestion control, a bottleneck and a receiver that reports, in virtual time.

The encoder is a fake one that makes frames of the sizes it is asked for, with the spread and the
lag that RFC 8593 §5 gives them.
"""

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from peer.rtp import ArrivalRecorder
from peer.rtp.congestion import Carried, CongestionController, Pacer, Priority

HEADERS = 28
PACKET = 1200
AUDIO_INTERVAL, AUDIO_SIZE = 0.02, 120


@dataclass
class Path:
    """What lies between: seconds one way, bits per second, seconds of queue, part lost."""

    rate: float = 1e9
    delay: float = 0.02
    queue: float = 0.25
    loss: float = 0.0
    jitter: float = 0.0
    burst: float = 0.0
    """The part of the packets that begin a run of five lost ones."""
    report_loss: float = 0.0
    is_cut: bool = False


@dataclass(frozen=True)
class Packet:
    """A packet on its way."""

    size: int
    kind: str
    frame: int
    carries: Carried | None = None


@dataclass
class Log:
    """What came out, in order."""

    received: list[tuple[float, int, str]] = field(default_factory=list)
    queued: list[tuple[float, float]] = field(default_factory=list)
    targets: list[tuple[float, float]] = field(default_factory=list)
    sent: list[tuple[float, int, str]] = field(default_factory=list)
    lost: int = 0

    def rate(self, begin: float, end: float, *kinds: str) -> float:
        """Return the bits per second received of these kinds, of all without any."""
        size = sum(
            size
            for at, size, kind in self.received
            if begin <= at < end and (kind in kinds or not kinds)
        )
        return 8 * size / (end - begin)

    def queue(self, begin: float, end: float, part: float = 0.95) -> float:
        """Return the seconds that this part of the packets waited at most."""
        waits = sorted(wait for at, wait in self.queued if begin <= at < end)
        return waits[int(part * (len(waits) - 1))] if waits else 0.0

    def target(self, at: float) -> float:
        """Return the target at a time."""
        return [target for when, target in self.targets if when <= at][-1]


class World:
    """Time, and what happens in it."""

    def __init__(self, seed: int = 0) -> None:
        self.now = 0.0
        self.rng = Random(seed)
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Call something at a time."""
        heapq.heappush(self._events, (max(when, self.now), next(self._order), call))

    def run(self, until: float) -> None:
        """Let time pass."""
        while self._events and self._events[0][0] <= until:
            self.now, _, call = heapq.heappop(self._events)
            call()
        self.now = until


class Bottleneck:
    """A queue that all calls of a world share."""

    def __init__(self, world: World, path: Path) -> None:
        self.world, self.path = world, path
        self._free = 0.0
        self._last = 0.0
        self._run = 0

    def send(self, size: int, arrive: Callable[[float, float], None]) -> bool:
        """Send a packet; `arrive` is called with its arrival and its wait, unless it is lost."""
        world, path = self.world, self.path
        now = world.now
        if path.is_cut:
            return False
        if self._run:
            self._run -= 1
            return False
        if path.burst and world.rng.random() < path.burst:
            self._run = 4
            return False
        if path.loss and world.rng.random() < path.loss:
            return False
        wait = max(0.0, self._free - now)
        if wait > path.queue:
            return False
        self._free = max(self._free, now) + 8 * size / path.rate
        arrival = self._free + path.delay
        if path.jitter:
            arrival += world.rng.random() * path.jitter
        arrival = self._last = max(arrival, self._last)
        world.at(arrival, lambda: arrive(arrival, wait))
        return True


class Call:
    """One direction of a call: sound, a picture from a fake encoder, and reports."""

    def __init__(
        self,
        bottleneck: Bottleneck,
        *,
        most: float = 1_700_000,
        audio: bool = True,
        clock: float = 0.0,
        begin: float = 0.0,
        pads: bool = True,
    ) -> None:
        self.world = bottleneck.world
        self.bottleneck = bottleneck
        self.most = most
        self.log = Log()
        self.clock = clock
        self.pads = pads
        self.controller = CongestionController()
        self.controller.has_feedback = True
        self.pacer: Pacer[Packet] = Pacer(self._pad)
        self.recorder = ArrivalRecorder()
        self.is_muted = False
        self.skipped = 0
        self._frame = 0
        self._applied: list[tuple[float, float]] = []
        self._timer: float | None = None
        self._report_at: float | None = None
        self.world.at(begin, self._start)
        self._audio = audio

    def _start(self) -> None:
        self.controller.set_wanted(self.most + 60_000 * self._audio, self.world.now)
        self._encode()
        if self._audio:
            self._speak()

    def _pad(self, size: int) -> Sequence[Packet]:
        if not self.pads or size < 50:
            return []
        return [Packet(min(PACKET, max(255, size)) + HEADERS, "padding", 0)]

    def _speak(self) -> None:
        now = self.world.now
        self.pacer.add([Packet(AUDIO_SIZE + HEADERS, "audio", 0)], Priority.AUDIO, 1, now)
        self._flush()
        self.world.at(now + AUDIO_INTERVAL, self._speak)

    def _encode(self) -> None:
        """Make a frame of the rate that was asked for 0.2 s ago, or skip it."""
        now, rng = self.world.now, self.world.rng
        share = self.controller.target - 56_000 * self._audio
        self._applied.append((now, min(self.most, max(30_000.0, 0.93 * share))))
        while len(self._applied) > 1 and self._applied[1][0] <= now - 0.2:
            self._applied.pop(0)
        self.world.at(now + 1 / 30 + rng.uniform(-0.002, 0.002), self._encode)
        if self.is_muted:
            return
        if self.pacer.backlog() > 0.15:
            self.skipped += 1
            return
        size = self._applied[0][1] / 8 / 30 * max(0.3, 1 + rng.gauss(0, 0.15))
        if self._frame == 0:
            size *= 5
        self._frame += 1
        while size > 0:
            part = min(PACKET, int(size) + 1)
            self.pacer.add([Packet(part + HEADERS, "video", self._frame)], Priority.VIDEO, 2, now)
            size -= part
        self._flush()

    def _flush(self) -> None:
        now, controller, pacer = self.world.now, self.controller, self.pacer
        pacer.set_rates(controller.pacing, controller.filling, now)
        for packets, probe in pacer.due(now):
            for packet in packets:
                number = controller.next_number & 0xFFFF
                controller.packets_sent([packet], now, probe=probe)
                self.log.sent.append((now, packet.size, packet.kind))
                if not self.bottleneck.send(packet.size, self._arrival(packet, number)):
                    self.log.lost += 1
        for cluster in controller.probes():
            pacer.probe(cluster, now)
        self._schedule()

    def _schedule(self) -> None:
        deadline = self.pacer.deadline()
        if deadline is None or (self._timer is not None and self._timer <= deadline):
            return
        self._timer = deadline = max(deadline, self.world.now + 0.0005)

        def fire() -> None:
            if self._timer == deadline:
                self._timer = None
                self._flush()

        self.world.at(deadline, fire)

    def _arrival(self, packet: Packet, number: int) -> Callable[[float, float], None]:
        def arrive(now: float, wait: float) -> None:
            self.log.received.append((now, packet.size, packet.kind))
            self.log.queued.append((now, wait))
            self.recorder.add(number, packet.size, now + self.clock)
            deadline = self.recorder.deadline()
            if deadline is not None and self._report_at is None:
                self._report_at = deadline - self.clock
                self.world.at(self._report_at, self._report)

        return arrive

    def _report(self) -> None:
        self._report_at = None
        for message in self.recorder.feedback(1, 2, self.world.now + self.clock):
            path, rng = self.bottleneck.path, self.world.rng
            if path.is_cut or (path.report_loss and rng.random() < path.report_loss):
                continue

            def take(message: object = message) -> None:
                self.controller.take(message, self.world.now)  # type: ignore[arg-type]
                self.log.targets.append((self.world.now, self.controller.target))
                self._flush()

            self.world.at(self.world.now + path.delay, take)
