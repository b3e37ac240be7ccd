"""Asking a peer that is not sent anything whether it is there (RFC 9260 §8.3)."""

from collections.abc import Callable
from math import inf

from .cookie import MAKER
from .rtt import RoundTrip
from .wire import HEARTBEAT, HEARTBEAT_INFO, write_chunk, write_parameter

_NONCE = 8


class Heartbeat:
    """One question at a time; only the last one's answer counts. `at` is when to ask.

    A question says who made it, as cookies do.
    """

    def __init__(
        self, interval: float, round_trip: RoundTrip, entropy: Callable[[int], bytes]
    ) -> None:
        self._interval = interval
        self._round_trip = round_trip
        self._entropy = entropy
        self._asked = b""
        self._asked_at = 0.0
        self._jitter = self._draw()
        self.at = inf
        self.errors = 0

    def put_off(self, now: float) -> None:
        """Wait for the whole interval again, and half a time-out more or less."""
        if self._interval:
            self.at = now + self._interval + self._round_trip.rto * self._jitter

    def _draw(self) -> float:
        return 0.5 + self._entropy(1)[0] / 255

    def ask(self, now: float) -> bytes:
        """Return the chunk that asks."""
        if self._asked:
            self.errors += 1
        self._asked, self._asked_at = MAKER + self._entropy(_NONCE), now
        self._jitter = self._draw()
        self.put_off(now)
        return write_chunk(HEARTBEAT, write_parameter(HEARTBEAT_INFO, self._asked))

    def on_answer(self, body: bytes, now: float) -> bool:
        """Take an answer; False when it is none to the last question."""
        if not self._asked or body != write_parameter(HEARTBEAT_INFO, self._asked):
            return False
        self._asked = b""
        self.errors = 0
        self._round_trip.measure(now - self._asked_at)
        return True


def is_of_our_make(body: bytes) -> bool:
    """Tell whether a question is from a peer of our own make."""
    return body[4:].startswith(MAKER)
