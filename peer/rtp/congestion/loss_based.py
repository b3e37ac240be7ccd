"""The rate that loss allows: of several bandwidths the one that explains the losses best.

Loss alone does not lower the rate: a path that loses whatever is sent keeps its bandwidth. What
loses more when more is sent is full. And what chance alone may have lost tells nothing: some dozens
of packets lose twice their part now and then, and more often where losses come in bursts.
"""

import enum
from collections.abc import Sequence
from math import inf

from .history import PacketResult
from .loss_model import Channel, bounded_loss, fit, objective
from .loss_window import LossWindows

READY = 3
"""Windows before which the losses say nothing."""
FIRST_LOSS = 0.01
STEPS = (1.02, 1.0, 0.95)
"""Of the best bandwidth, those that are tried."""
HIGH_LOSS, HIGH_LOSS_BANDWIDTH = 0.05, 100_000.0
"""Beyond the first a rate is bounded by the second over the excess."""
MAX_INCREASE = 1.3
"""Growth of a window, after losses."""
INCREASE_WINDOW = 0.3
RAMP, SLOW_RAMP, RAMP_BORDER = 1.5, 1.2, 1.3
"""Rise over what arrives, after losses: the slower one near where they began."""
FIRST_HOLD, MOST_HOLD = 0.3, 60.0
"""Seconds that a rate is held after a loss; twice as long each time."""
PADDING_TIME = 2.0
"""Seconds for which padding fills up what the application does not send."""


class LossState(enum.Enum):
    """Who limits the rate."""

    DELAY = enum.auto()
    DECREASING = enum.auto()
    INCREASING = enum.auto()
    """As the one before, and padding finds out whether more can be sent."""


class LossBased:
    """The loss-based estimate of one path; rates in bits per second, times those of sending."""

    __slots__ = (
        "_best",
        "_count",
        "_hold_rate",
        "_hold_time",
        "_hold_until",
        "_limit",
        "_limit_since",
        "_padding_rate",
        "_padding_since",
        "_windows",
        "least",
        "most",
        "rate",
        "state",
    )

    def __init__(self, least: float, most: float) -> None:
        self.least, self.most = least, most
        self.rate: float | None = None
        """The estimate, None until there is one."""
        self.state = LossState.DELAY
        self._windows = LossWindows()
        self._count = 0
        self._best: Channel | None = None
        self._hold_rate: float | None = None
        self._hold_time, self._hold_until = FIRST_HOLD, -inf
        self._limit, self._limit_since = inf, -inf
        self._padding_rate, self._padding_since = 0.0, -inf

    @property
    def average_loss(self) -> float:
        """The part that is lost, of late."""
        return self._windows.average()

    def lower(self, bitrate: float) -> None:
        """Go down to a rate that another part found."""
        if self._best is not None and self._best.bandwidth > bitrate:
            self._best = Channel(bitrate, bounded_loss(self._best.loss, bitrate))

    def lift(self, bitrate: float) -> None:
        """Go up to a rate that a probe found: so much arrives, whatever else is lost."""
        if self._best is not None and self.rate is not None and bitrate > self.rate:
            self._best = Channel(bitrate, bounded_loss(self.average_loss, bitrate))
            self.rate, self.state = bitrate, LossState.DELAY

    def update(
        self,
        results: Sequence[PacketResult],
        delay_rate: float,
        arriving: float | None,
        *,
        is_limited_by_application: bool,
    ) -> None:
        """Take what became of packets, the delay-based rate and the one that arrives."""
        complete = self._windows.add(results)
        if self._best is None:
            self._best = Channel(delay_rate, FIRST_LOSS)
        if not complete:
            if self.rate is not None and self.state is LossState.DELAY:
                self.rate = delay_rate
            return
        self._count += 1
        if self._count < READY:
            return
        certain = self._windows.certain()
        floor = max(arriving or 0.0, self.least)
        usable = None if is_limited_by_application and not self._is_padding() else arriving
        chosen = self._choose(self._best, delay_rate, usable, certain)
        chosen = self._restrain(chosen, self._best, arriving, certain)
        ceiling = self.most
        if certain > HIGH_LOSS:
            ceiling = HIGH_LOSS_BANDWIDTH / (certain - HIGH_LOSS)
        result = max(floor, min(chosen.bandwidth, ceiling, delay_rate))
        if result < chosen.bandwidth:
            # Where it is the delays that bound the rate, the path loses what it did before.
            loss = chosen.loss if result < ceiling else 0.0
            self._best = Channel(result, bounded_loss(loss, result))
        else:
            self._best = Channel(max(chosen.bandwidth, floor), chosen.loss)
        self._conclude(result, delay_rate, floor)

    def _choose(
        self, best: Channel, delay_rate: float, arriving: float | None, certain: float
    ) -> Channel:
        limit = self.most if self.state is LossState.DELAY else self._window_limit(best)
        most = max(best.bandwidth, limit)
        wanted = [best.bandwidth * step for step in STEPS]
        wanted += [arriving] if arriving is not None else []
        wanted += [delay_rate] if delay_rate > best.bandwidth else []
        samples = self._windows.weighted()
        channels = []
        for bandwidth in {max(self.least, min(one, most)) for one in wanted}:
            loss = bounded_loss(best.loss, bandwidth)
            channels.append(fit(Channel(bandwidth, loss), samples))
        return max(
            channels,
            key=lambda channel: (objective(channel, samples, certain), channel.bandwidth),
        )

    def _window_limit(self, best: Channel) -> float:
        if self._windows.latest - self._limit_since >= INCREASE_WINDOW:
            self._limit = max(self.least, MAX_INCREASE * best.bandwidth)
            self._limit_since = self._windows.latest
        return self._limit

    def _restrain(
        self, chosen: Channel, best: Channel, arriving: float | None, certain: float
    ) -> Channel:
        """Keep a rate from rising while more is lost than the path loses, or too fast after."""
        if chosen.bandwidth <= best.bandwidth:
            return chosen
        if certain > chosen.loss:
            return Channel(best.bandwidth, chosen.loss)
        if self.state is LossState.DELAY:
            return chosen
        most = chosen.bandwidth
        if arriving is not None:
            near = self._hold_rate is not None and arriving < RAMP_BORDER * self._hold_rate
            most = min(most, arriving * (SLOW_RAMP if near else RAMP))
        least = best.bandwidth + (self.state is LossState.DECREASING)
        return Channel(max(most, least), chosen.loss)

    def _conclude(self, result: float, delay_rate: float, floor: float) -> None:
        """Say which state the result means, and hold it for a while after a loss."""
        now, before = self._windows.latest, self.rate
        limited = result < delay_rate and result < self.most
        if self.state is LossState.DECREASING and self._hold_until > now and limited:
            self.rate = min(max(self._hold_rate or 0.0, floor), result)
            return
        self.rate = result
        if not limited:
            self.state = LossState.DELAY
            self._hold_time, self._hold_rate = FIRST_HOLD, None
        elif self.state is not LossState.DELAY and before is not None and result > before:
            self.state = LossState.INCREASING
            if result > self._padding_rate:
                self._padding_rate, self._padding_since = result, now
        elif self.state is not LossState.INCREASING or not self._is_padding():
            self._begin_hold(result, now)

    def _begin_hold(self, result: float, now: float) -> None:
        if self.state is not LossState.DECREASING:
            self._hold_rate, self._hold_until = result, now + self._hold_time
            self._hold_time = min(MOST_HOLD, 2 * self._hold_time)
        self.state = LossState.DECREASING
        self._padding_rate = 0.0

    def _is_padding(self) -> bool:
        return self._windows.latest - self._padding_since < PADDING_TIME
