"""How the target of a transport is shared out among its streams.

Sound first, then what every other stream needs at least, then the rest by priority until each has
all it can use. A stream that cannot have what it needs at least pauses, and comes back when there
is clearly enough again. Encodings of the same pictures count as one stream, whose share `layers`
shares out among them.
"""

from collections.abc import Mapping, Sequence

from .demand import Demand
from .layers import combined, groups_of, spread

RESUME_FACTOR, RESUME_MARGIN = 1.1, 20_000.0
"""What a stream that pauses needs to come back, of its least rate, and more than that."""


def allocate(
    target: float, demands: Mapping[int, Demand], paused: frozenset[int] = frozenset()
) -> dict[int, float]:
    """Return the share of each stream, 0 for those that pause; `paused` are those that did."""
    single, groups = _apart(demands)
    shares = _allocate(target, single, paused)
    for first, layers in groups.items():
        shares |= spread(shares[first], layers, paused)
    return dict.fromkeys(demands, 0.0) | shares


def wanted(demands: Mapping[int, Demand]) -> float:
    """Return what all streams together can use."""
    return sum(demand.most for demand in _apart(demands)[0].values())


def _apart(
    demands: Mapping[int, Demand],
) -> tuple[dict[int, Demand], dict[int, dict[int, Demand]]]:
    """Return what counts as one stream each, and the encodings of those that have several."""
    groups = {next(iter(group)): group for group in groups_of(demands)}
    single = {stream: demand for stream, demand in demands.items() if demand.layer is None}
    return single | {first: combined(group) for first, group in groups.items()}, groups


def _allocate(
    target: float, demands: Mapping[int, Demand], paused: frozenset[int]
) -> dict[int, float]:
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
