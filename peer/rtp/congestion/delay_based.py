"""The rate that keeps the queue at the bottleneck from growing."""

from collections.abc import Sequence
from operator import attrgetter, sub

from .groups import GroupDelta, PacketGroups
from .history import PacketResult
from .rate_control import RateControl
from .trend import DelayTrend, Usage
from .usual_delay import UsualDelay

SILENCE = 2.0
"""Seconds without a report after which delays are compared with later ones only."""
_ARRIVED, _SENT = attrgetter("arrived"), attrgetter("sent")


class DelayBased:
    """The delay-based estimate of one path, in bits per second."""

    __slots__ = ("_groups", "_heard", "_trend", "_usual", "control", "recovered")

    def __init__(self, bitrate: float, least: float) -> None:
        self.control = RateControl(bitrate, least)
        self.recovered = False
        """Whether the latest report told that a queue has been emptied."""
        self._groups = PacketGroups()
        self._trend = DelayTrend()
        self._usual = UsualDelay()
        self._heard: float | None = None

    @property
    def usage(self) -> Usage:
        """What the delays say: where they grow by chance alone, that nothing is to be raised."""
        usage = self._trend.usage
        return Usage.UNDER if usage is Usage.OVER and not self._usual.is_exceeded else usage

    @property
    def spread(self) -> float:
        """The seconds by which chance makes delays longer."""
        return self._usual.spread

    def update(
        self,
        arrivals: Sequence[PacketResult],
        arriving: float | None,
        probed: float | None,
        now: float,
        *,
        recently: float | None = None,
        yields: bool = True,
    ) -> None:
        """Take what arrived, in this order, the rate it arrives at, and what a probe found.

        `recently` is the rate of the last moments, where it is higher. Delays that grow do not
        lower the rate unless it `yields` to them.
        """
        self.recovered = False
        if not arrivals:
            return
        if self._heard is not None and now - self._heard > SILENCE:
            self._groups, self._trend = PacketGroups(), DelayTrend()
        self._heard = now
        self._usual.add(min(map(sub, map(_ARRIVED, arrivals), map(_SENT, arrivals))), now)
        for delta in self._groups.add_all(arrivals, now):
            self._note(delta)
        if probed is not None and self.usage is not Usage.OVER:
            self.control.set(probed, now)
        elif self.usage is not Usage.OVER:
            self.control.update(self.usage, arriving, now)
        elif yields:
            self._yield(arriving if recently is None else recently, now)

    def _yield(self, arriving: float | None, now: float) -> None:
        before = self.control.bitrate
        self.control.update(Usage.OVER, arriving, now)
        if self.control.bitrate < before:
            self._usual.forget()

    def _note(self, delta: GroupDelta) -> None:
        before = self._trend.usage
        self._trend.add(delta)
        if before is Usage.UNDER and self._trend.usage is Usage.NORMAL:
            self.recovered = True
