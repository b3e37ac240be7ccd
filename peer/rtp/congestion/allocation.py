"""How the target of a transport is shared out among its streams.

Sound first, then what every other stream needs at least, then the rest by priority until each has
all it can use. A stream that cannot have what it needs at least pauses, and comes back when there
is clearly enough again.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

RESUME_FACTOR, RESUME_MARGIN = 1.1, 20_000.0
"""What a stream that pauses needs to come back, of its least rate, and more than that."""


class Demand(NamedTuple):
    """What a stream can use, in bits per second with its headers.

    With `enforced` it is never paused, as sound is not. `priority` is in proportion.
    """

    least: float
    most: float
    priority: float = 1.0
    enforced: bool = False


def allocate(
    target: float, demands: Mapping[int, Demand], paused: frozenset[int] = frozenset()
) -> dict[int, float]:
    """Return the share of each stream, 0 for those that pause; `paused` are those that did."""
    shares = dict.fromkeys(demands, 0.0)
    left = target
    for stream in _in_turn(demands, paused):
        demand = demands[stream]
        needed = demand.least
        if stream in paused and not demand.enforced:
            needed = max(RESUME_FACTOR * needed, needed + RESUME_MARGIN)
        if demand.enforced or left >= needed:
            shares[stream] = demand.least
            left -= demand.least
    running = {stream: demands[stream] for stream, share in shares.items() if share}
    for stream, more in _divide(max(0.0, left), running).items():
        shares[stream] += more
    return shares


def _in_turn(demands: Mapping[int, Demand], paused: frozenset[int]) -> Sequence[int]:
    """Return the streams, those first that get what they need before others do."""
    return sorted(
        demands,
        key=lambda stream: (
            not demands[stream].enforced,
            stream in paused,
            -demands[stream].priority,
        ),
    )


def _divide(left: float, demands: Mapping[int, Demand]) -> dict[int, float]:
    """Divide what is left by priority; what one cannot use goes to the others."""
    room = {stream: demand.most - demand.least for stream, demand in demands.items()}
    found = dict.fromkeys(demands, 0.0)
    open_ = {stream for stream, most in room.items() if most > 0}
    while open_ and left > 0:
        total = sum(demands[stream].priority for stream in open_)
        unit = left / total
        full = {one for one in open_ if room[one] <= unit * demands[one].priority}
        if not full:
            for stream in open_:
                found[stream] = unit * demands[stream].priority
            return found
        for stream in full:
            found[stream] = room[stream]
            left -= room[stream]
        open_ -= full
    return found
