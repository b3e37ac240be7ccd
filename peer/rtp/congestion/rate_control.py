"""A rate that rises while the delays are calm and falls when they grow (AIMD)."""

import enum
from math import ceil, inf

from .link_capacity import LinkCapacity
from .trend import Usage

BACKOFF = 0.85
"""The part of what arrived that is sent after an overuse."""
BLIND_BACKOFF = 0.5
"""The part of the rate that is sent then, when nothing has been known of what arrives."""
BACKOFF_MARGIN = 5_000.0
GROWTH = 1.08
"""Per second, while nothing is known of the link."""
MIN_GROWTH = 1_000.0
"""With each report."""
MIN_SLOW_GROWTH = 4_000.0
"""Bits per second, each second, near what the link can carry."""
MOST_SLOW_GROWTH = 0.065
"""Of the rate, each second, near that: a packet in a response time is much of a low rate."""
HEADROOM_FACTOR, HEADROOM = 1.5, 10_000.0
"""The rate stays within what arrived times this and more."""
MIN_PATIENCE, MAX_PATIENCE = 0.010, 0.200
"""Seconds from a change to a decrease: a round trip, within these bounds."""
DEFAULT_ROUND_TRIP = 0.2
_PACKET_BITS = 1200 * 8
_FRAMES = 30
_RESPONSE = 0.1


class _State(enum.Enum):
    HOLD = enum.auto()
    INCREASE = enum.auto()


class RateControl:
    """The rate of one path, in bits per second, `least` or more; `round_trip` is in seconds."""

    __slots__ = (
        "_arriving",
        "_capacity",
        "_changed",
        "_is_known",
        "_state",
        "bitrate",
        "least",
        "round_trip",
    )

    def __init__(self, bitrate: float, least: float) -> None:
        self.bitrate = bitrate
        self.least = least
        self.round_trip = DEFAULT_ROUND_TRIP
        self._state = _State.HOLD
        self._capacity = LinkCapacity()
        self._arriving, self._is_known = bitrate, False
        self._changed = -inf

    def set(self, bitrate: float, now: float) -> None:
        """Go to a rate that the path was seen to carry."""
        self.bitrate = max(self.least, bitrate)
        self._changed = now

    def lower(self, bitrate: float, now: float) -> None:
        """Go down to a rate, and rest there."""
        self.bitrate = max(self.least, min(self.bitrate, bitrate))
        self._changed = now
        self._state = _State.HOLD

    def update(self, usage: Usage, arriving: float | None, now: float) -> None:
        """Follow what the delays say; `arriving` is the rate that the peer gets, when known."""
        if arriving is not None:
            self._arriving, self._is_known = arriving, True
        if usage is Usage.OVER:
            self._decrease(arriving, now)
        elif usage is Usage.UNDER:
            self._state = _State.HOLD
        elif self._state is _State.HOLD:
            self._state, self._changed = _State.INCREASE, now
        else:
            self._increase(now)

    def _decrease(self, arriving: float | None, now: float) -> None:
        patience = max(MIN_PATIENCE, min(MAX_PATIENCE, self.round_trip))
        rested = now - self._changed >= patience
        if arriving is None:
            if rested:
                # Known before, it is not for a moment: what was found since then nearly holds.
                self.lower(self.bitrate * (BACKOFF if self._is_known else BLIND_BACKOFF), now)
            return
        if not rested and arriving >= self.bitrate / 2:
            return
        bitrate = BACKOFF * arriving
        if bitrate > BACKOFF_MARGIN:
            bitrate -= BACKOFF_MARGIN
        known = self._capacity.estimate
        if bitrate > self.bitrate and known is not None:
            bitrate = BACKOFF * known
        if self._capacity.missed_by(arriving):
            self._capacity.forget()
        self._capacity.add(arriving)
        self.lower(bitrate, now)

    def _increase(self, now: float) -> None:
        passed, self._changed = min(1.0, now - self._changed), now
        if self._capacity.exceeded_by(self._arriving):
            self._capacity.forget()
        limit = HEADROOM_FACTOR * self._arriving + HEADROOM
        if self.bitrate >= limit:
            return
        if self._capacity.estimate is None:
            growth = max(self.bitrate * (GROWTH**passed - 1), MIN_GROWTH)
        else:
            growth = self._slow_growth() * passed
        self.bitrate = min(self.bitrate + growth, limit)

    def _slow_growth(self) -> float:
        """Return the growth of a second near the limit: a packet's bits in a response time."""
        frame = self.bitrate / _FRAMES
        packet = frame / max(1, ceil(frame / _PACKET_BITS))
        growth = packet / (2 * (self.round_trip + _RESPONSE))
        return max(MIN_SLOW_GROWTH, min(growth, MOST_SLOW_GROWTH * self.bitrate))
