"""How encodings of the same pictures in several sizes share what those pictures may take.

From the smallest up each has what makes it good, and the largest for which there is room has the
rest. An encoding is sent whole or not at all: not with less than is of use, and when it was not
sent only with clearly more. None is sent above one that is not. The smallest always is, since
without any nothing could find out that there is room.
"""

from collections.abc import Mapping
from typing import NamedTuple

from .demand import Demand, Layer

RESTART = 1.2
"""Times what is of use that an encoding needs which was not sent, as in libwebrtc."""


class LayerRates(NamedTuple):
    """What an encoding of some size takes: to be of use, to be good, and at most."""

    useful: float
    good: float
    most: float


_RATES = (
    (320 * 180, LayerRates(30e3, 150e3, 200e3)),
    (480 * 270, LayerRates(150e3, 350e3, 450e3)),
    (640 * 360, LayerRates(150e3, 500e3, 700e3)),
    (960 * 540, LayerRates(350e3, 1200e3, 1200e3)),
    (1280 * 720, LayerRates(600e3, 2500e3, 2500e3)),
    (1920 * 1080, LayerRates(800e3, 4000e3, 5000e3)),
)
"""Bits per second as libwebrtc has them, between which there are straight lines."""


def rates_of(pixels: int) -> LayerRates:
    """Return what pictures of that many pixels take as one of several encodings."""
    below, rates = _RATES[0]
    if pixels <= below:
        return rates
    for size, higher in _RATES:
        if pixels <= size:
            part = (pixels - below) / (size - below)
            return LayerRates(
                *(low + part * (high - low) for low, high in zip(rates, higher, strict=True))
            )
        below, rates = size, higher
    return rates


def groups_of(demands: Mapping[int, Demand]) -> list[dict[int, Demand]]:
    """Return the encodings of each group that can use anything, the smallest first."""
    groups: dict[object, list[tuple[int, int]]] = {}
    for stream, demand in demands.items():
        if demand.layer is not None and demand.most > 0:
            groups.setdefault(demand.layer.group, []).append((demand.layer.pixels, stream))
    return [{stream: demands[stream] for _, stream in sorted(group)} for group in groups.values()]


def combined(layers: Mapping[int, Demand]) -> Demand:
    """Return what all encodings of a group can use together, the smallest given first."""
    *lower, top = layers.values()
    return Demand(
        least=next(iter(layers.values())).least,
        most=sum(_good(demand) for demand in lower) + top.most,
        priority=max(demand.priority for demand in layers.values()),
        enforced=True,
    )


def spread(share: float, layers: Mapping[int, Demand], paused: frozenset[int]) -> dict[int, float]:
    """Return what each encoding has of the share of a group, the smallest given first.

    It is 0 for those that are not sent; `paused` are those that were not.
    """
    found = dict.fromkeys(layers, 0.0)
    left, latest = share, None
    for stream, demand in layers.items():
        if latest is not None and left < _needed(demand, was_sent=stream not in paused):
            break
        found[stream] = min(left, _good(demand))
        left -= found[stream]
        latest = stream
    if latest is not None:
        found[latest] += min(left, layers[latest].most - found[latest])
    return found


def _layer(demand: Demand) -> Layer:
    assert demand.layer is not None
    return demand.layer


def _good(demand: Demand) -> float:
    return min(_layer(demand).good, demand.most)


def _needed(demand: Demand, *, was_sent: bool) -> float:
    useful = min(_layer(demand).useful, demand.most)
    return useful if was_sent else min(RESTART * useful, _good(demand))
