"""Virtual time, the event queue, the seeded randomness, and the ledger of packets."""

from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any

from .packet import DropReason, Packet


class Timer:
    """A call in the future, which can be cancelled."""

    __slots__ = ("_action", "when")

    def __init__(self, when: float, action: Callable[[], object]) -> None:
        self.when = when
        self._action: Callable[[], object] | None = action

    @property
    def is_pending(self) -> bool:
        """Whether the call is still to come."""
        return self._action is not None

    def cancel(self) -> None:
        """Never make the call. Harmless when it is made or cancelled already."""
        self._action = None

    def fire(self) -> None:
        """Make the call, unless cancelled."""
        action, self._action = self._action, None
        if action is not None:
            action()


def _fire(timer: Timer) -> None:
    timer.fire()


class Tap:
    """Watches every packet of a simulation; override what is of interest.

    `place` is the name of the host, router or network where it happened.
    """

    def sent(self, now: float, packet: Packet, place: str) -> None:
        """A host put `packet` on its way."""

    def delivered(self, now: float, packet: Packet, place: str) -> None:
        """`packet` reached a bound port of a host."""

    def dropped(self, now: float, packet: Packet, reason: DropReason, place: str) -> None:
        """`packet`, or one of its duplicates, went no further."""


class Kernel:
    """A clock and an event queue; equal times run in the order they were scheduled in."""

    def __init__(self, seed: int, start: float = 0.0) -> None:
        self.seed = seed
        self._now = start
        self.rng = Random(seed)
        self.sent = 0
        self.delivered = 0
        self.drops: Counter[DropReason] = Counter()
        self.drops_at: Counter[tuple[str, DropReason]] = Counter()
        self._taps: list[Tap] = []
        self._heap: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._sequence = 0
        self._packet_id = 0

    # -- time ---------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The time, in seconds."""
        return self._now

    def schedule(self, when: float, callback: Callable[[Any], None], argument: object) -> None:
        """Call `callback(argument)` at `when`, which cannot be undone; the cheap `call_at`."""
        self._sequence += 1
        heappush(self._heap, (when, self._sequence, callback, argument))

    def call_at(self, when: float, action: Callable[[], object]) -> Timer:
        """Call `action()` at the absolute time `when`; a time in the past means now."""
        timer = Timer(max(when, self.now), action)
        self.schedule(timer.when, _fire, timer)
        return timer

    def call_later(self, delay: float, action: Callable[[], object]) -> Timer:
        """Call `action()` in `delay` seconds."""
        return self.call_at(self.now + delay, action)

    def next_event_time(self) -> float | None:
        """When the next event happens; None when nothing is left to happen."""
        heap = self._heap
        while heap:
            when, _, callback, argument = heap[0]
            if callback is not _fire or argument.is_pending:
                return when
            heappop(heap)
        return None

    def step(self) -> bool:
        """Run the next event. False when there is none."""
        if self.next_event_time() is None:
            return False
        self._now, _, callback, argument = heappop(self._heap)
        callback(argument)
        return True

    def run(self, until: float | None = None) -> None:
        """Run all events up to and including the time `until`, or until none is left.

        Afterwards the clock shows `until`, if that was given.
        """
        heap = self._heap
        while heap and (until is None or heap[0][0] <= until):
            when, _, callback, argument = heappop(heap)
            if callback is not _fire or argument.is_pending:
                self._now = when
                callback(argument)
        if until is not None and until > self.now:
            self._now = until

    def run_for(self, duration: float) -> None:
        """Run for `duration` seconds."""
        self.run(self.now + duration)

    def run_until(self, predicate: Callable[[], bool], timeout: float) -> bool:
        """Run until `predicate()` holds; it is asked before the first and after each event.

        False when `timeout` seconds passed (the clock shows exactly that) or nothing is left to
        happen (the clock then stays where it is).
        """
        deadline = self.now + timeout
        while not predicate():
            when = self.next_event_time()
            if when is None:
                return False
            if when > deadline:
                self._now = deadline
                return False
            self.step()
        return True

    def entropy(self, length: int) -> bytes:
        """`length` bytes drawn from the simulation's randomness."""
        return self.rng.randbytes(length)

    # -- packets ------------------------------------------------------------------------------

    def add_tap(self, tap: Tap) -> None:
        """Let `tap` see every packet from now on."""
        self._taps.append(tap)

    def remove_tap(self, tap: Tap) -> None:
        """Let `tap` see no more packets."""
        self._taps.remove(tap)

    def next_packet_id(self) -> int:
        """A fresh packet number, counting from 1."""
        self._packet_id += 1
        return self._packet_id

    def note_sent(self, packet: Packet, place: str) -> None:
        """Enter a packet that a host sends into the ledger."""
        self.sent += 1
        for tap in self._taps:
            tap.sent(self.now, packet, place)

    def note_delivered(self, packet: Packet, place: str) -> None:
        """Enter a packet that reached its port into the ledger."""
        self.delivered += 1
        for tap in self._taps:
            tap.delivered(self.now, packet, place)

    def drop(self, packet: Packet, reason: DropReason, place: str) -> None:
        """Enter a lost packet into the ledger."""
        self.drops[reason] += 1
        self.drops_at[place, reason] += 1
        for tap in self._taps:
            tap.dropped(self.now, packet, reason, place)
