"""The rate of a path whose receiver tells when each packet came."""

from math import inf
from operator import itemgetter

from .delay_based import DelayBased
from .groups import MAX_CLOCK_STEP
from .history import PacketResult, Report
from .loss_based import LossBased, LossState
from .probe_results import Found, ProbeCluster, ProbeResults
from .standing_queue import StandingQueue
from .throughput import Throughput
from .trend import Usage

PROBE_PART, SHARED_PROBE_PART = 0.85, 1.1
"""Of what arrives, under which no probe lowers the rate; where others' packets may be among its
own."""

_ARRIVED = itemgetter(PacketResult._fields.index("arrived"))


class FeedbackEstimate:
    """What delays and losses allow together; rates in bits per second."""

    __slots__ = (
        "_ahead",
        "_delay",
        "_loss",
        "_probes",
        "_queue",
        "_throughput",
        "arriving",
        "probed",
    )

    def __init__(self, bitrate: float, least: float, most: float) -> None:
        self.arriving: float | None = None
        """The rate at which packets arrive, None until it is known."""
        self.probed = False
        """Whether the latest report told what a probe found."""
        self._delay = DelayBased(bitrate, least)
        self._loss = LossBased(least, most)
        self._probes = ProbeResults()
        self._throughput = Throughput()
        self._queue = StandingQueue()
        self._ahead = inf

    @property
    def bitrate(self) -> float:
        """The estimate."""
        loss = self._loss.rate
        return min(self._delay.control.bitrate, inf if loss is None else loss)

    @property
    def is_limited_by_loss(self) -> bool:
        """Whether it is the losses that limit the rate."""
        return self._loss.state is not LossState.DELAY

    @property
    def loss(self) -> float:
        """The part that is lost, of late."""
        return self._loss.average_loss

    @property
    def is_filling(self) -> bool:
        """Whether padding is to find out if more can be sent."""
        return self._loss.state is LossState.INCREASING

    @property
    def is_calm(self) -> bool:
        """Whether delays say nothing against sending more."""
        return self._delay.usage is Usage.NORMAL

    @property
    def recovered(self) -> bool:
        """Whether the latest report told that a queue has been emptied."""
        return self._delay.recovered

    @property
    def delay(self) -> float:
        """The seconds that packets waited on their way lately, at least."""
        return self._queue.delay

    @property
    def spread(self) -> float:
        """The seconds by which packets are mixed up on their way though no queue grows."""
        return self._delay.spread

    def begin_probe(self, cluster: ProbeCluster) -> None:
        """Note that a probe is sent."""
        self._probes.begin(cluster)

    def lower(self, bitrate: float, now: float) -> None:
        """Go down to a rate."""
        self._delay.control.lower(bitrate, now)
        self._loss.lower(bitrate)

    def resume(self) -> None:
        """Forget at what rate packets arrived before they did not for a while."""
        self._throughput.forget()

    def take(self, report: Report, now: float, *, is_idle: bool) -> None:
        """Take a report; `is_idle` tells that the application sends too little."""
        arrivals = [result for result in report.results if result.arrived is not None]
        arrivals.sort(key=_ARRIVED)
        self._throughput.add(arrivals)
        self.arriving = self._throughput.bitrate()
        probed = self._judge(self._probes.add(arrivals))
        self.probed = probed is not None
        if report.propagation is not None:
            self._delay.control.round_trip = report.propagation
        self._delay.update(
            arrivals,
            self.arriving,
            probed,
            now,
            recently=self._recently(),
            yields=not self._queue.is_contested(now) or len(arrivals) < len(report.results),
        )
        if probed is not None and self._delay.usage is not Usage.OVER:
            self._loss.lift(probed)
        if report.transit is not None and report.propagation is not None:
            # Of few packets each may wait long to be reported, in step with the reports.
            self._note_transit(report.transit, report.transit - report.propagation, now)
        self._loss.update(
            report.results,
            self._delay.control.bitrate,
            self.arriving,
            is_limited_by_application=is_idle,
        )

    def _note_transit(self, transit: float, ahead: float, now: float) -> None:
        """Note what the shortest way took by the peer's clock, which is so far `ahead` of ours."""
        if ahead - self._ahead >= MAX_CLOCK_STEP:
            self._queue.forget()
        self._ahead = ahead
        self._queue.add(transit, now)
        self._empty_queue(now)

    def _empty_queue(self, now: float) -> None:
        """Send less where the queue stands, and as before where that was for nothing."""
        before = self.bitrate
        bitrate = None if self.arriving is None else self._queue.judge(before, self.arriving, now)
        if bitrate is None:
            return
        if bitrate < before:
            self.lower(bitrate, now)
        else:
            self._delay.control.set(bitrate, now)
            self._loss.lift(bitrate)

    def _judge(self, found: Found | None) -> float | None:
        """Return the rate to go to, None when no probe told one."""
        if found is None:
            return None
        before, shares = self._delay.control.bitrate, found.cluster.shares
        part = SHARED_PROBE_PART if shares else PROBE_PART
        bitrate = max(found.bitrate, min(before, part * (self.arriving or 0.0)))
        if shares and found.is_all and bitrate > before:
            # What all of the path gave to a probe, it took from others.
            return (before + bitrate) / 2
        return bitrate

    def _recently(self) -> float | None:
        """Return the rate of the last moments where it is higher: that of a second does not have
        yet what was raised a moment ago, and who lowers by it gives away all of that."""
        recent = self._throughput.recent()
        return recent if self.arriving is None or (recent or 0.0) > self.arriving else None
