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
    """Resolve a host name to its addresses, in the system's order (RFC 6724).

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
    literals = [
        str(address[0]).partition("%")[0]
        for family, _, _, _, address in found
        if family in (socket.AF_INET, socket.AF_INET6)
    ]
    if not literals:
        raise ResolutionError(f"{host} has no address")
    return [TransportAddress(literal, port) for literal in dict.fromkeys(literals)]
