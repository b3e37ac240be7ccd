"""When to find out by a probe whether the path carries more, and how much to try.

In the beginning, and after a probe that found what it tried; while the application sends too
little for the estimate to rise by itself; when a queue has been emptied after a drop; and when the
delays are calm though less is sent than is wanted: nothing else finds back to the rate of a link
that was slow for a while.
"""

from math import inf
from typing import NamedTuple

from .probe_results import BURST_TIME, ProbeCluster

FIRST_FACTORS = (3.0, 6.0)
MAX_ATTEMPTS = 3
"""The first probes, until one finds something."""
FURTHER_FACTOR, FURTHER_PART = 2.0, 0.7
"""After a probe that found this part of what it tried, so many times the estimate is tried."""
RESULT_TIME = 1.0
"""Seconds that a result is waited for."""
MAX_BITRATE = 5_000_000.0
"""Tried at most where nobody said how much is wanted."""
IDLE_INTERVAL = 5.0
DROP_PART = 0.66
"""A drop below this part of the rate before is tried to be undone."""
DROP_FACTOR, DROP_CERTAINTY = 0.85, 0.95
DROP_TIME, IDLE_TIME = 5.0, 3.0
RECOVERY_INTERVAL, MAX_RECOVERY_INTERVAL = 4.0, 6.0
RECOVERY_GROWTH = 1.2
"""Growth since the recovering probe before that makes the next as early again."""
CALM_DELAY = 0.02
WANTED_PART = 0.9
SPREADS, MAX_BURST_TIME = 8.0, 0.07
"""A probe lasts longer by so many times what chance does to delays, up to so many seconds: what is
held up on its way by more than its own length tells nothing of the rate."""
SHORT_PART, SHORT_INTERVAL = 0.5, 2.0
"""A probe that was shorter than this part of what it should have been is made up for so soon."""


class Outlook(NamedTuple):
    """What the plan rests on. Rates are in bits per second, times in seconds.

    `may_probe` is false while anything speaks against sending more.
    `idle_since` tells since when the application sends too little, `was_idle_until` when it last
    did; `recovered` that a queue has just been emptied; `delay` is that of the latest second, and
    `spread` by how much delays differ by chance.
    """

    bitrate: float
    wanted: float
    may_probe: bool
    idle_since: float | None
    was_idle_until: float
    recovered: bool
    delay: float
    spread: float = 0.0

    @property
    def burst_time(self) -> float:
        """The seconds of its rate that a probe takes: more only where no queue grows already."""
        spread = self.spread if self.may_probe else 0.0
        return min(MAX_BURST_TIME, BURST_TIME + SPREADS * spread)


class ProbePlan:
    """The probes of one path: `due` hands out those to be sent now."""

    __slots__ = (
        "_attempts",
        "_before_drop",
        "_burst_time",
        "_dropped",
        "_due",
        "_last_drop_probe",
        "_last_probe",
        "_next_if",
        "_number",
        "_recovery_interval",
        "_recovery_rate",
        "_result_until",
        "_shares",
    )

    def __init__(self) -> None:
        self._number = 0
        self._due: list[ProbeCluster] = []
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._attempts = 0
        self._shares = False
        self._result_until = -inf
        self._next_if = inf
        self._last_probe = -inf
        self._burst_time = BURST_TIME
        self._dropped = self._last_drop_probe = -inf
        self._before_drop = 0.0
        self._recovery_interval = RECOVERY_INTERVAL
        self._recovery_rate = inf

    def begin(self, outlook: Outlook, now: float) -> None:
        """Plan the first probes of a path."""
        self._due.clear()
        self._begin_anew()
        self._begin(outlook, now)

    def _begin(self, outlook: Outlook, now: float) -> None:
        self._attempts += 1
        for factor in FIRST_FACTORS:
            if not self._try(factor * outlook.bitrate, outlook, now, goes_on=True):
                break

    def answered(self) -> None:
        """Note that a probe found something."""
        self._attempts = MAX_ATTEMPTS

    def due(self) -> list[ProbeCluster]:
        """Return the probes to be sent now, each once."""
        due, self._due = self._due, []
        return due

    def estimated(self, before: float, outlook: Outlook, now: float) -> None:
        """Note another estimate; `before` was the last."""
        bitrate = outlook.bitrate
        if now < self._result_until and bitrate >= self._next_if and outlook.may_probe:
            self._try(FURTHER_FACTOR * bitrate, outlook, now, goes_on=True, shares=self._shares)
        if bitrate < DROP_PART * before:
            self._dropped, self._before_drop = now, before
            self._recovery_interval = RECOVERY_INTERVAL

    def wants_more(self, outlook: Outlook, now: float) -> None:
        """Note that the application wants more than before, though it sends little."""
        if outlook.may_probe and outlook.idle_since is not None and now >= self._result_until:
            wanted = outlook.wanted
            if outlook.bitrate < wanted:
                limit = 2 * outlook.bitrate
                self._try(min(wanted, limit), outlook, now, goes_on=wanted > limit)

    def restore(self, before: float, outlook: Outlook, now: float) -> None:
        """Find out whether the path is what it was before it was interrupted."""
        if outlook.may_probe:
            self._try(DROP_FACTOR * before, outlook, now, goes_on=True)

    def advance(self, outlook: Outlook, now: float) -> None:
        """Plan what is due by time."""
        if self._attempts < MAX_ATTEMPTS and now >= self._result_until:
            # A path that loses much may lose the first probes.
            self._begin(outlook, now)
            return
        if not outlook.may_probe or now < self._result_until:
            return
        if outlook.recovered:
            self._try_what_was_before(outlook, now)
        elif outlook.bitrate < WANTED_PART * outlook.wanted:
            if outlook.idle_since is not None:
                since = max(outlook.idle_since, self._last_probe)
                if now - since >= IDLE_INTERVAL:
                    self._try(FURTHER_FACTOR * outlook.bitrate, outlook, now, goes_on=True)
            elif outlook.delay < CALM_DELAY:
                self._recover(outlook, now)

    def _try_what_was_before(self, outlook: Outlook, now: float) -> None:
        lately_idle = outlook.idle_since is not None or now - outlook.was_idle_until < IDLE_TIME
        suggestion = DROP_FACTOR * self._before_drop
        if (
            now - self._dropped < DROP_TIME
            and lately_idle
            and now - self._last_drop_probe > DROP_TIME
            and DROP_CERTAINTY * suggestion > outlook.bitrate
        ):
            self._last_drop_probe = now
            self._try(suggestion, outlook, now, goes_on=False)

    def _recover(self, outlook: Outlook, now: float) -> None:
        was_short = self._burst_time < SHORT_PART * outlook.burst_time
        interval = SHORT_INTERVAL if was_short else self._recovery_interval
        if now - max(self._last_probe, self._dropped) < interval:
            return
        if outlook.bitrate >= RECOVERY_GROWTH * self._recovery_rate:
            self._recovery_interval = RECOVERY_INTERVAL
        elif self._recovery_rate < inf:
            self._recovery_interval = min(MAX_RECOVERY_INTERVAL, 2 * self._recovery_interval)
        self._recovery_rate = outlook.bitrate
        # What is calm may be full of others, who back off as well when it is tried.
        self._try(FURTHER_FACTOR * outlook.bitrate, outlook, now, goes_on=True, shares=True)

    def _try(
        self, bitrate: float, outlook: Outlook, now: float, *, goes_on: bool, shares: bool = False
    ) -> bool:
        """Plan a probe; False when it tries all that may be tried."""
        most = _cap(outlook.wanted)
        capped = bitrate >= most
        bitrate = min(bitrate, most)
        self._number += 1
        self._burst_time = outlook.burst_time
        octets = int(bitrate * self._burst_time / 8)
        self._due.append(ProbeCluster(self._number, bitrate, octets, shares=shares))
        self._shares = shares
        self._last_probe, self._result_until = now, now + RESULT_TIME
        self._next_if = FURTHER_PART * bitrate if goes_on and not capped else inf
        return not capped


def _cap(wanted: float) -> float:
    """Return the highest rate that may be tried."""
    return 2 * wanted if wanted < inf else MAX_BITRATE
