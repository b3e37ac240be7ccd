"""Names of STUN and TURN servers to addresses, in the background and bounded in time."""

import asyncio
import socket
from typing import Any

from peer.ice import TransportAddress

from .lookups import Lookups

TIMEOUT = 5.0
"""Seconds; a resolver that answers later is as good as none."""

_lookups = Lookups()


class ResolutionError(Exception):
    """A name could not be resolved; the text says why."""


async def resolve(host: str, port: int, *, within: float = TIMEOUT) -> list[TransportAddress]:
    """Resolve a host name: the first IPv4 and the first IPv6 address, in the system's order.

    IP literals come back as they are. Raises ResolutionError when there is none `within`
    that many seconds. A system that is silent for longer keeps nobody waiting, nor the end of
    the event loop.
    """

    def ask() -> list[Any]:
        return socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)

    try:
        async with asyncio.timeout(within):
            found = await _lookups.run(ask)
    except TimeoutError:
        raise ResolutionError(f"no answer for {host} within {within:g} s") from None
    except (OSError, ValueError, MemoryError) as error:
        # Labels that are empty or too long fail in the idna codec.
        raise ResolutionError(f"{host}: {error}") from error
    chosen: dict[int, TransportAddress] = {}
    for family, _, _, _, address in found:
        if family in (socket.AF_INET, socket.AF_INET6):
            literal = str(address[0]).partition("%")[0]
            chosen.setdefault(family, TransportAddress(literal, port))
    if not chosen:
        raise ResolutionError(f"{host} has no address")
    return list(chosen.values())
