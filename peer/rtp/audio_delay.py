"""How long sound is held back, so that late packets are there when they are due.

The delay of a packet counts from the fastest one of the last seconds. Of each half second the
latest packet in order counts; of the last twenty half seconds one in twenty may be later than
the target. Packets out of order are weighed apart: a millisecond of delay against a twentieth
of a percent of them coming too late. The ideas are those of libwebrtc's NetEQ.

The target rises at once, and falls slowly. It is never less than a packet, and while packets get
lost it leaves room for the next one, which may carry a copy of the lost one.
"""

from collections import deque

from .fastest import Fastest

CEILING = 0.4
"""Seconds of delay that jitter can ask for."""
MAX_PACKETS = 200
"""Packets of sound that wait; the delay is never more than three quarters of that."""
FALL = 0.02
"""Seconds that the target falls in a second."""
_MARGIN = 0.005
_TOLERABLE = 0.2
_FAR_BEHIND = 0.1
_INTERVAL = 0.5
_INTERVALS = 20
_TOLERATED = 20
_MEMORY = 10.0
_MAX_REORDERED = 64
_COST_OF_LOSS = 2.0
"""Seconds of delay that are worth as much as losing every packet: 20 ms for each percent."""


class TargetDelay:
    """The target for one track, in seconds; times of packets are ticks of `rate`."""

    def __init__(self, rate: int) -> None:
        self.floor = 0.0
        """What the application wants at least."""
        self.sync_delay = 0.0
        """What lip synchronisation adds."""
        self._rate = rate
        self._packet = 0.0
        self._fastest = Fastest()
        self._last = -1e9
        self._peaks: deque[float] = deque(maxlen=_INTERVALS - 1)
        self._peak = self._worst = self._jitter = 0.0
        self._interval_end = 0.0
        self._packets = 0.0
        self._reordered: deque[tuple[float, float]] = deque(maxlen=_MAX_REORDERED)
        self._reordering = 0.0
        self._lost_at = -1e9
        self.minimum = 0.0
        """The target as the network alone would have it."""

    @property
    def seconds(self) -> float:
        """The target with all that was asked for."""
        if not (self.floor or self.sync_delay):
            return self.minimum
        return self._within_reach(self.unsynchronized + self.sync_delay)

    @property
    def unsynchronized(self) -> float:
        """The target without what lip synchronisation adds."""
        return self._within_reach(self.floor)

    def _within_reach(self, wanted: float) -> float:
        """Return as much of a delay as the packets have room for that wait, the network's first."""
        if wanted <= self.minimum:
            return self.minimum
        return max(self.minimum, min(wanted, self._packet * MAX_PACKETS * 0.75))

    @property
    def patience(self) -> float:
        """How late sound may be for its own sake, until it is cut where it can be heard."""
        return 2 * max(self.seconds, min(self._worst, _TOLERABLE)) + _FAR_BEHIND

    @property
    def reordering(self) -> bool:
        """Whether packets came out of order lately."""
        return bool(self._reordered)

    def ideal(self, time: int) -> float:
        """Return when what lies at a time is to be played."""
        return self._fastest.delay + time / self._rate + self.seconds

    def note(self, time: int, ticks: int, now: float, *, in_order: bool) -> None:
        """Note the arrival of a packet."""
        late = self._fastest.note(now - time / self._rate, now)
        self._packet = ticks / self._rate
        self._packets += 1
        if now >= self._interval_end:
            self._next_interval(now)
        if not in_order:
            self._reordered.append((now, late))
            self._weigh_reordering()
        elif late > self._peak:
            self._peak = late
            self._jitter = max(self._jitter, self._quantile())
        self._follow(now)

    def note_loss(self, now: float) -> None:
        """Note that a packet was missing when it was due."""
        self._lost_at = now

    def _next_interval(self, now: float) -> None:
        self._peaks.append(self._peak)
        self._peak = 0.0
        self._interval_end = now + _INTERVAL
        self._jitter = self._quantile()
        self._packets -= self._packets * _INTERVAL / _MEMORY
        while self._reordered and self._reordered[0][0] < now - _MEMORY:
            self._reordered.popleft()
        self._weigh_reordering()

    def _quantile(self) -> float:
        peaks = sorted((*self._peaks, self._peak), reverse=True)
        self._worst = peaks[0]
        return peaks[len(peaks) // _TOLERATED]

    def _weigh_reordering(self) -> None:
        """Choose the delay that costs the least together with what still comes too late."""
        delays = sorted(delay for _, delay in self._reordered)
        best, cost = 0.0, _COST_OF_LOSS * len(delays) / self._packets
        for index, delay in enumerate(delays, 1):
            with_it = delay + _COST_OF_LOSS * (len(delays) - index) / self._packets
            if with_it < cost:
                best, cost = delay, with_it
        self._reordering = best

    def _follow(self, now: float) -> None:
        wanted = max(self._packet, self._jitter + _MARGIN)
        if self._reordering:
            wanted = max(wanted, self._reordering + _MARGIN)
        if now - self._lost_at < _MEMORY:
            wanted = max(wanted, self._packet + self._jitter + _MARGIN)
        wanted = min(wanted, CEILING)
        fallen = self.minimum - FALL * (now - self._last) if now > self._last else self.minimum
        self.minimum = wanted if wanted > fallen else fallen
        self._last = now
