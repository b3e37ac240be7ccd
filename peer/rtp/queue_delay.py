"""How long packets wait in the queues of their way, by the times at which they say that they were
sent (abs-send-time).

A round trip is measured about once a second, and a queue may fill in a fifth of that: then answers
take several times as long as anybody knows, and what is asked for again meanwhile fills the queue
even more.
"""

from collections import deque

from .fastest import Fastest
from .serial import extend

SEND_TIME_BITS = 24
SEND_TIME_UNITS = 1 << 18
"""Of a second: abs-send-time is 6.18 seconds."""
MAX_QUEUED = 1.0
"""Seconds that are believed at most, whatever packets say."""
_RECENT = 8
"""Packets the fastest of which tells: single ones may be late for other reasons."""


class QueueDelay:
    """The packets of one way, as they come."""

    __slots__ = ("_fastest", "_recent", "_sent")

    def __init__(self) -> None:
        self._fastest = Fastest()
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._sent: int | None = None

    def note(self, sent: int, now: float) -> float:
        """Note a packet; returns the seconds that they take longer now than those of late did."""
        self._sent = sent if self._sent is None else extend(sent, self._sent, SEND_TIME_BITS)
        self._recent.append(self._fastest.note(now - self._sent / SEND_TIME_UNITS, now))
        return min(*self._recent, MAX_QUEUED)
