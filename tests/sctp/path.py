"""Two associations over a path in virtual time: delay, loss, reordering, duplication."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from peer.sctp import Association, SctpConfig, SctpState
from peer.sctp.events import Event
from peer.sctp.message import RELIABLE, Delivery
from peer.sctp.ordering import Message

MAX_LOOKS = 5000
"""Rounds without time passing: so many bursts have no window."""
Passes = Callable[[bytes], bool]


def entropy(seed: object) -> Callable[[int], bytes]:
    """Return a source of bytes that are the same each time."""
    return random.Random(repr(seed)).randbytes


def everything(_packet: bytes) -> bool:
    """Let every packet pass."""
    return True


@dataclass
class Conditions:
    """What a path does to packets: seconds, and probabilities.

    `rate` is in bytes per second, with a queue of `queue` packets before it.
    """

    delay: float = 0.025
    jitter: float = 0.0
    loss: float = 0.0
    duplication: float = 0.0
    rate: float = inf
    queue: int = 1000


class End:
    """One association, what it has told, and what it has sent.

    What takes its events elsewhere says so with `listens`, and is called by `after`.
    """

    def __init__(self, association: Association) -> None:
        self.association = association
        self.events: list[Event] = []
        self.times: list[float] = []
        self.sent: list[bytes] = []
        self.passes: Passes = everything
        self.free_at = 0.0
        self.listens = True
        self.after: Callable[[], object] = lambda: None

    @property
    def messages(self) -> list[Message]:
        """The messages that have come."""
        return [event for event in self.events if isinstance(event, Message)]

    def told(self, kind: type) -> list[Event]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


class Path:
    """Two ends and the time. `run` goes from event to event."""

    def __init__(
        self,
        conditions: Conditions | None = None,
        *,
        seed: object = 0,
        left: SctpConfig | None = None,
        right: SctpConfig | None = None,
    ) -> None:
        self.conditions = conditions or Conditions()
        self.now = 0.0
        self.left, self.right = (
            End(Association(config or SctpConfig(), entropy=entropy((seed, side))))
            for side, config in (("left", left), ("right", right))
        )
        self._chance = random.Random(repr((seed, "path")))
        self._flying: list[tuple[float, int, End, bytes]] = []
        self._count = 0

    @property
    def ends(self) -> tuple[End, End]:
        """Both ends."""
        return self.left, self.right

    def connect(self) -> "Path":
        """Set the association up."""
        for end in self.ends:
            end.association.start(self.now)
        self.run(lambda: all(is_up(end) for end in self.ends), limit=60.0)
        return self

    def send(
        self,
        data: bytes,
        *,
        stream: int = 0,
        protocol: int = 53,
        delivery: Delivery = RELIABLE,
        end: End | None = None,
    ) -> None:
        """Send a message, from the left unless told otherwise."""
        sender = (end or self.left).association
        sender.send(stream, protocol, data, self.now, delivery)

    def run(self, until: Callable[[], bool] | None = None, *, limit: float = 300.0) -> float:
        """Let time pass until something holds, or for so long; returns the seconds that passed.

        Fails when what is waited for does not come.
        """
        begin, looks = self.now, 0
        while until is None or not until():
            for end in self.ends:
                self._flush(end)
            if until is not None and until():
                break
            due = self._next()
            if due is None or due > begin + limit:
                assert until is None, "what was waited for did not come"
                self.now = begin + limit
                break
            looks = 0 if due > self.now else looks + 1
            assert looks < MAX_LOOKS, "a timer is due and nothing comes of it"
            self.now = max(self.now, due)
            self._deliver()
            for end in self.ends:
                timer = end.association.get_timer()
                if timer is not None and timer <= self.now:
                    end.association.handle_timer(self.now)
                self._listen(end)
        return self.now - begin

    def _next(self) -> float | None:
        timers = [end.association.get_timer() for end in self.ends]
        times = [timer for timer in timers if timer is not None]
        times += [self._flying[0][0]] if self._flying else []
        return min(times, default=None)

    def _deliver(self) -> None:
        while self._flying and self._flying[0][0] <= self.now:
            _, _, end, packet = heapq.heappop(self._flying)
            end.association.receive(packet, self.now)

    def _flush(self, end: End) -> None:
        other = self.right if end is self.left else self.left
        for packet in end.association.transmits(self.now):
            end.sent.append(packet)
            if end.passes(packet):
                self._carry(end, other, packet)
        self._listen(end)

    def _listen(self, end: End) -> None:
        end.after()
        while end.listens and (event := end.association.next_event()) is not None:
            end.events.append(event)
            end.times.append(self.now)

    def _carry(self, end: End, other: End, packet: bytes) -> None:
        chance, on = self._chance, self.conditions
        if (end.free_at - self.now) * on.rate > on.queue * 1200:
            return
        end.free_at = max(end.free_at, self.now) + len(packet) / on.rate
        for _ in range(1 + (chance.random() < on.duplication)):
            if chance.random() >= on.loss:
                self._count += 1
                at = end.free_at + on.delay + chance.random() * on.jitter
                heapq.heappush(self._flying, (at, self._count, other, packet))


def is_up(end: End) -> bool:
    """Tell whether an end is established."""
    return end.association.state is SctpState.ESTABLISHED
