"""The machine's addresses, listed once for all drivers that are made together."""

import time
from collections.abc import Callable

from .interfaces import InterfaceAddress, enumerate_addresses

FRESH = 0.05
"""Seconds for which a list counts as true. Making it takes a millisecond, most of it in the
system; an address that goes meanwhile cannot be bound, and one that comes is found later."""


class AddressCache:
    """Gives the addresses of this machine as they are, or were a moment ago."""

    def __init__(
        self,
        enumerate_now: Callable[[], list[InterfaceAddress]] = enumerate_addresses,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._enumerate = enumerate_now
        self._clock = clock
        self._last: tuple[float, list[InterfaceAddress]] | None = None

    def addresses(self) -> list[InterfaceAddress]:
        """List the addresses, loopback included; they may be `FRESH` seconds old."""
        last = self._last
        now = self._clock()
        if last is None or now >= last[0] + FRESH:
            # Threads with loops of their own may do this twice, and are both right.
            last = self._last = (now, self._enumerate())
        return list(last[1])


shared = AddressCache()
"""The one of this process."""
