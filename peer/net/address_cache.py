"""The machine's addresses, listed again only when they are others."""

import array
import os
import socket
import sys
import time
from collections.abc import Callable

from .interfaces import IF_INET6, InterfaceAddress, enumerate_addresses

if sys.platform == "linux":
    from fcntl import ioctl
    from struct import pack, unpack_from

FRESH = 0.05
"""Seconds for which a list counts as true unseen: an address that goes meanwhile cannot be
bound, and one that comes is found later."""

_SIOCGIFCONF = 0x8912
_IFCONF_BYTES = 16384
"""Room for the IPv4 addresses of some four hundred interfaces."""


def address_state() -> object | None:
    """Give what Linux says of all addresses, unread; None elsewhere."""
    if sys.platform != "linux":
        return None
    found = array.array("B", bytes(_IFCONF_BYTES))
    address, _ = found.buffer_info()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            answer = ioctl(any_socket, _SIOCGIFCONF, pack("iP", _IFCONF_BYTES, address))
        table = _read(IF_INET6)
    except OSError:
        return None
    (size,) = unpack_from("i", answer)
    # Where the room is used up, there may be more than was said.
    return None if size > _IFCONF_BYTES // 2 else (found[:size].tobytes(), table)


def _read(path: os.PathLike[str]) -> bytes:
    """Read a file of /proc; empty where there is none, as without IPv6."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except FileNotFoundError:
        return b""


class AddressCache:
    """Gives the addresses of this machine as they are; listing them takes a millisecond.

    `state` gives something that differs when the addresses do, None where that is unknown.
    """

    def __init__(
        self,
        enumerate_now: Callable[[], list[InterfaceAddress]] = enumerate_addresses,
        clock: Callable[[], float] = time.monotonic,
        state: Callable[[], object | None] = address_state,
    ) -> None:
        self._enumerate = enumerate_now
        self._clock = clock
        self._state = state
        self._last: tuple[float, object, list[InterfaceAddress]] | None = None

    def addresses(self) -> list[InterfaceAddress]:
        """List the addresses, loopback included."""
        last, now = self._last, self._clock()
        if last is None or now >= last[0] + FRESH:
            state = self._state()
            if last is not None and state is not None and state == last[1]:
                found = last[2]
            else:
                found = self._enumerate()
            # Threads with loops of their own may do this twice, and are both right.
            last = self._last = (now, state, found)
        return list(last[2])

    def forget(self) -> None:
        """List them again the next time: something about them has changed."""
        self._last = None


shared = AddressCache()
"""The one of this process."""
