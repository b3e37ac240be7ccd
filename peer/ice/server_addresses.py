"""The addresses of a server, which are asked one after the other (RFC 8305 §4, without haste)."""

from typing import TypeVar

from peer.records import replace

from .address import TransportAddress
from .config import StunServer
from .turn import TurnServer

S = TypeVar("S", StunServer, TurnServer)


def next_address(server: S) -> S:
    """Give a server with its next address in front, and the one before as the last."""
    others: tuple[TransportAddress, ...] = (*server.others[1:], server.address)
    return replace(server, address=server.others[0], others=others)


def time_for_one(server: StunServer | TurnServer, gathering: float) -> float:
    """Give the seconds that one address has to answer: all of them have those of one gathering."""
    return gathering / (1 + len(server.others))
