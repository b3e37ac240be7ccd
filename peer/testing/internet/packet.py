"""What travels through the simulated internet, and why it may not arrive."""

from enum import Enum, StrEnum
from typing import NamedTuple, TypeAlias

from peer.ice.address import TransportAddress

Endpoint: TypeAlias = tuple[str, int]
"""A transport address as callers may write it: a `TransportAddress` or a plain tuple."""


class Protocol(Enum):
    """The transport protocols of the simulation."""

    UDP = "udp"
    TCP = "tcp"


class DropReason(StrEnum):
    """Why a packet was lost. Every lost packet is counted under exactly one of these."""

    LOSS = "lost at random"
    BURST_LOSS = "lost in a burst"
    CUT = "link is cut"
    MTU = "larger than the link's MTU"
    QUEUE = "queue overflow"
    INTERFACE = "interface is down or the address is gone"
    NO_ROUTE = "no route to the address"
    PRIVATE = "private address outside of its network"
    UNREACHABLE = "nobody has this address on the network"
    PORT = "nothing is bound to the port"
    NAT_UNMAPPED = "NAT: no mapping for the external port"
    NAT_FILTERED = "NAT: filtered"
    NAT_HAIRPIN = "NAT: hairpinning is not supported"
    NAT_EXHAUSTED = "NAT: no external port or address left"
    FIREWALL_BLOCKED = "firewall: protocol or port is blocked"
    FIREWALL_UNSOLICITED = "firewall: unsolicited"
    RULE = "dropped by a rule of the test"


class TcpHeader(NamedTuple):
    """The part of a TCP header that the simulated connections need; numbers count bytes from 0."""

    flags: str
    sequence: int = 0
    acknowledgement: int = 0


class Packet:
    """One packet. `id` stays the same while NATs rewrite addresses and links duplicate it.

    `size` are its bytes on the network layer: payload and transport and IP headers.
    """

    __slots__ = ("destination", "id", "payload", "protocol", "size", "source", "tcp")

    def __init__(
        self,
        id: int,  # noqa: A002
        protocol: Protocol,
        source: TransportAddress,
        destination: TransportAddress,
        payload: bytes,
        tcp: TcpHeader | None = None,
    ) -> None:
        self.id = id
        self.protocol = protocol
        self.source = source
        self.destination = destination
        self.payload = payload
        self.tcp = tcp
        headers = (40 if ":" in source[0] else 20) + (8 if tcp is None else 20)
        self.size = len(payload) + headers

    def readdressed(self, source: TransportAddress, destination: TransportAddress) -> "Packet":
        """The same packet from and to other endpoints."""
        return Packet(self.id, self.protocol, source, destination, self.payload, self.tcp)

    def __repr__(self) -> str:
        flags = f" {self.tcp.flags}" if self.tcp else ""
        return (
            f"<Packet {self.id} {self.protocol.value}{flags} {self.source} -> "
            f"{self.destination} {len(self.payload)} bytes>"
        )
