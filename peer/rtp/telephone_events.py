"""Tones of a telephone's keys as packets of their own (RFC 4733), instead of as sound."""

from collections.abc import Iterator
from typing import NamedTuple

KEYS = "0123456789*#ABCD"
"""The keys, each at the number of its event (RFC 4733 §3.2)."""
INTERVAL = 0.02
"""Seconds from one packet of a tone to the next."""
ENDS = 3
"""Packets that say that a tone has ended, because each may be lost (§2.5.1.4)."""
VOLUME = 10
"""How loud the tone is, in -dBm0; what browsers say."""
MAX_SEGMENT = 0xFFFF
"""Ticks that one packet can tell of; a longer tone has several segments (§2.5.1.3)."""


class TonePacket(NamedTuple):
    """A packet of a tone: seconds after its begin, and ticks from there to the packet's time."""

    after: float
    segment: int
    payload: bytes
    first: bool


def tone_packets(key: str, seconds: float, rate: int) -> Iterator[TonePacket]:
    """Yield the packets of a tone in order; ValueError for a key that no telephone has."""
    event, ticks, first = KEYS.index(key), round(seconds * rate), True
    step = round(INTERVAL * rate)
    for at in range(step, ticks, step):
        segment = (at - 1) // MAX_SEGMENT * MAX_SEGMENT
        yield TonePacket(at / rate, segment, _payload(event, at - segment, end=False), first)
        first = False
    segment = (ticks - 1) // MAX_SEGMENT * MAX_SEGMENT
    for number in range(ENDS):
        after = seconds + number * INTERVAL / 2
        yield TonePacket(after, segment, _payload(event, ticks - segment, end=True), first)
        first = False


def _payload(event: int, duration: int, *, end: bool) -> bytes:
    """Return a payload (§2.3): how long the tone has been, so far or in all."""
    return bytes((event, end << 7 | VOLUME)) + duration.to_bytes(2, "big")
