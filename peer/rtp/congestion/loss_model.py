"""How well a bandwidth and a loss of the path's own explain what was lost.

A path of this bandwidth loses what is sent beyond it, and of the rest the part that it loses
whatever is sent. Rates are in bits per second.
"""

from collections.abc import Sequence
from math import log
from typing import NamedTuple

from .loss_window import LossSample

LEAST_LOSS = 0.001
LOSS_OFFSET, LOSS_BANDWIDTH = 0.05, 100_000.0
"""The loss of a path's own is at most the first, and the part that the second is of its rate."""
NEWTON_STEP = 0.75
HIGH_RATE_BIAS, LOG_BIAS = 0.0002, 0.02
"""How much a higher rate is preferred, per kilobit and per its logarithm."""
BIAS_LOSS, BIAS_WIDTH = 0.2, 0.002
"""The loss at which no higher rate is preferred any more."""
_LEAST_PROBABILITY = 1e-6
_KILOBYTE = 1000.0

Weighted = Sequence[tuple[float, LossSample]]


class Channel(NamedTuple):
    """A path as it may be: its bandwidth, and the part it loses whatever is sent."""

    bandwidth: float
    loss: float


def fit(channel: Channel, samples: Weighted) -> Channel:
    """Return the channel with a loss that explains the samples better: one step of Newton's."""
    first = second = 0.0
    for weight, sample in samples:
        probability = _probability(channel, sample)
        lost, kept = sample.lost / _KILOBYTE, (sample.size - sample.lost) / _KILOBYTE
        first += weight * (lost / probability - kept / (1 - probability))
        second -= weight * (lost / probability**2 + kept / (1 - probability) ** 2)
    loss = channel.loss - NEWTON_STEP * first / second if second else channel.loss
    return Channel(channel.bandwidth, bounded_loss(loss, channel.bandwidth))


def bounded_loss(loss: float, bandwidth: float) -> float:
    """Return the loss that a path of this bandwidth may have of its own."""
    most = LOSS_OFFSET + LOSS_BANDWIDTH / bandwidth
    return max(LEAST_LOSS, min(most, loss))


def objective(channel: Channel, samples: Weighted, average: float) -> float:
    """Return how well a channel explains the samples, the higher rate preferred."""
    distance = BIAS_LOSS - average
    rate = channel.bandwidth / 1000
    bias = HIGH_RATE_BIAS * rate + LOG_BIAS * log(1 + rate)
    bias *= distance / (BIAS_WIDTH + abs(distance))
    total = 0.0
    for weight, sample in samples:
        probability = _probability(channel, sample)
        lost, kept = sample.lost / _KILOBYTE, (sample.size - sample.lost) / _KILOBYTE
        total += weight * (lost * log(probability) + kept * log(1 - probability))
        total += weight * sample.size / _KILOBYTE * bias
    return total


def _probability(channel: Channel, sample: LossSample) -> float:
    """Return the part of a sample that a channel is expected to lose."""
    loss = channel.loss
    if sample.bitrate > channel.bandwidth:
        loss += (1 - loss) * (sample.bitrate - channel.bandwidth) / sample.bitrate
    return max(_LEAST_PROBABILITY, min(1 - _LEAST_PROBABILITY, loss))
