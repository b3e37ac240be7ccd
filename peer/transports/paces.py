"""Who can share one encoding: those whose lines take about as much."""

from collections.abc import Iterable
from typing import NamedTuple

SHARE, JOINING_SHARE = 0.5, 0.7
"""The part of what is usual that a line has to take so that others wait for it, and so that it
comes to share with faster ones."""
MAX_PACES = 3
"""Encodings of a track in one format, each for slower lines than the one before."""
PATIENCE, UPWARD_PATIENCE = 1.0, 5.0
"""Seconds that a line has to be too slow, or fast enough, until it shares another encoding."""


class Common(NamedTuple):
    """What several lines take: the lowest bitrate that counts, and what is usual among them."""

    bitrate: int
    usual: int


def common(bitrates: Iterable[int | None], *, all_count: bool) -> Common | None:
    """Return what lines have in common, None where nothing is known of any.

    Those count that take half of what is usual at least, unless `all_count`.
    """
    known = sorted(bitrate for bitrate in bitrates if bitrate)
    if not known:
        return None
    usual = known[len(known) // 2]
    least = 0.0 if all_count else SHARE * usual
    return Common(next(bitrate for bitrate in known if bitrate >= least), usual)


class Pace:
    """Since when one line would better share another encoding: a faster one, or a slower."""

    __slots__ = ("_since", "_step")

    def __init__(self) -> None:
        self._step = 0
        self._since = 0.0

    def judge(
        self, bitrate: int | None, here: Common | None, above: Common | None, now: float
    ) -> int:
        """Return 1 when it is to share the next slower encoding, -1 for a faster one, else 0.

        `here` and `above` are what its encoding has in common, and the next faster one, if any.
        """
        step = 0
        if bitrate and here and bitrate < here.bitrate:
            step = 1
        elif bitrate and above and bitrate >= JOINING_SHARE * above.usual:
            step = -1
        if step != self._step:
            self._step, self._since = step, now
        patience = PATIENCE if step > 0 else UPWARD_PATIENCE
        return step if now - self._since >= patience else 0
