"""A download beside calls: a flow that fills the queue until packets are lost, as TCP does."""

from collections.abc import Callable

from .line import Bottleneck

SEGMENT = 1500
FIRST_WINDOW, LEAST_WINDOW = 10.0, 2.0
REORDERING = 3
"""Later segments that have arrived when one is taken for lost (RFC 5681 §3.2)."""
LEAST_TIMEOUT = 0.2
LOOK = 0.05


class Download:
    """Sends as NewReno allows (RFC 5681, RFC 6582); the acknowledgements are not lost."""

    def __init__(self, bottleneck: Bottleneck, begin: float = 0.0) -> None:
        self.world, self._bottleneck = bottleneck.world, bottleneck
        self.is_over = False
        self._window, self._threshold = FIRST_WINDOW, float("inf")
        self._flying: dict[int, float] = {}
        self._next, self._recovered = 0, -1
        self._heard, self._round_trip = begin, 0.5
        self._received: list[float] = []
        self.world.at(begin, self._look)

    def rate(self, begin: float, end: float) -> float:
        """Return the bits per second received."""
        count = sum(begin <= at < end for at in self._received)
        return 8 * SEGMENT * count / (end - begin)

    def _look(self) -> None:
        now = self.world.now
        if now - self._heard > max(LEAST_TIMEOUT, 2 * self._round_trip):
            self._flying.clear()
            self._threshold = max(LEAST_WINDOW, self._window / 2)
            self._window, self._recovered, self._heard = LEAST_WINDOW, self._next, now
        self._send()
        self.world.at(now + LOOK, self._look)

    def _send(self) -> None:
        while len(self._flying) < int(self._window) and not self.is_over:
            number, self._next = self._next, self._next + 1
            self._flying[number] = self.world.now
            self._bottleneck.send(SEGMENT, self._arrival(number))

    def _arrival(self, number: int) -> Callable[[float, float], None]:
        def arrive(now: float, wait: float) -> None:
            self._received.append(now)
            back = now + self._bottleneck.path.delay
            self.world.at(back, lambda: self._acknowledge(number))

        return arrive

    def _acknowledge(self, number: int) -> None:
        sent = self._flying.pop(number, None)
        if sent is None:
            return
        self._heard = self.world.now
        self._round_trip += (self.world.now - sent - self._round_trip) / 8
        lost = [one for one in self._flying if one < number - REORDERING]
        for one in lost:
            del self._flying[one]
        if lost and lost[-1] > self._recovered:
            self._window = self._threshold = max(LEAST_WINDOW, self._window / 2)
            self._recovered = self._next
        elif self._window < self._threshold:
            self._window += 1
        else:
            self._window += 1 / self._window
        self._send()
