"""What was sent and lost, in windows of sending long enough to tell loss from chance."""

from collections import deque
from collections.abc import Sequence
from math import inf, sqrt

from .history import PacketResult

WINDOW = 0.25
"""Seconds of sending, at least."""
MAX_WINDOWS = 15
WEIGHT = 0.9
"""Of a window against the next one."""
LEAST_USUAL = 4
"""Windows without which none is unusual, nor tells how far chance goes."""
BURST = 2.0
"""A window sent at so many times the usual rate may have lost what it did by its own doing."""


class LossSample:
    """One window: bytes sent and lost, and the rate at which they were sent, in bits per second."""

    __slots__ = ("bitrate", "lost", "size")

    def __init__(self, size: float, lost: float, bitrate: float) -> None:
        self.size = size
        self.lost = lost
        self.bitrate = bitrate


class LossWindows:
    """The latest windows of one path."""

    __slots__ = ("_begun", "_latest", "_lost", "_size", "samples")

    def __init__(self) -> None:
        self.samples: deque[LossSample] = deque(maxlen=MAX_WINDOWS)
        self._size = 0.0
        self._lost: dict[int, int] = {}
        self._begun: float | None = None
        self._latest = -inf

    @property
    def latest(self) -> float:
        """When the newest packet was sent of which something is known."""
        return self._latest

    def add(self, results: Sequence[PacketResult]) -> bool:
        """Take what became of packets; True when that completed a window."""
        if results:
            if self._begun is None:
                self._begun = results[0].sent
            self._latest = max(self._latest, max([result.sent for result in results]))
        if self._lost or None in [result.arrived for result in results]:
            self._add_losses(results)
        else:
            self._size += sum([result.size for result in results])
        if self._begun is None or self._latest - self._begun < WINDOW:
            return False
        bitrate = 8 * self._size / (self._latest - self._begun)
        self.samples.append(LossSample(self._size, sum(self._lost.values()), bitrate))
        self._size, self._begun = 0.0, self._latest
        self._lost.clear()
        return True

    def _add_losses(self, results: Sequence[PacketResult]) -> None:
        for result in results:
            if result.arrived is None:
                if result.number not in self._lost:
                    self._lost[result.number] = result.size
                    self._size += result.size
            elif self._lost.pop(result.number, None) is None:
                self._size += result.size

    def weighted(self) -> list[tuple[float, LossSample]]:
        """Return the samples with their weights, the newest first."""
        return [(WEIGHT**age, sample) for age, sample in enumerate(reversed(self.samples))]

    def average(self) -> float:
        """Return the part that is lost, without the best and the worst window."""
        return _mean(self._usual())

    def certain(self) -> float:
        """Return the part that is lost as far as it is no chance.

        It is less than the average by its standard error, which shows in how windows differ.
        """
        usual = self._usual()
        mean, size = _mean(usual), sum(weight * sample.size for weight, sample in usual)
        if len(usual) < LEAST_USUAL:
            return mean
        errors = (weight * (sample.lost - mean * sample.size) for weight, sample in usual)
        return max(0.0, mean - sqrt(sum(error * error for error in errors)) / size)

    def _usual(self) -> list[tuple[float, LossSample]]:
        weighted = [entry for entry in self.weighted() if entry[1].size]
        if len(weighted) < LEAST_USUAL:
            return weighted
        worst = max(weighted, key=lambda entry: entry[1].lost / entry[1].size)
        best = min(weighted, key=lambda entry: entry[1].lost / entry[1].size)
        rates = sorted(sample.bitrate for _, sample in weighted)
        if worst[1].bitrate >= BURST * rates[len(rates) // 2]:
            return weighted
        return [one for one in weighted if one is not worst and one is not best]


def _mean(weighted: list[tuple[float, LossSample]]) -> float:
    size = sum(weight * sample.size for weight, sample in weighted)
    return sum(weight * sample.lost for weight, sample in weighted) / size if size else 0.0
