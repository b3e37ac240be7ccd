"""Internet packets as bytes: the endpoints of one, and the same one with others."""

import struct
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from peer.ice.address import TransportAddress
from peer.testing.internet import Protocol

UDP, TCP = 17, 6
PROTOCOLS = {UDP: Protocol.UDP, TCP: Protocol.TCP}
IPV6_HEADER = 40


class Endpoints(NamedTuple):
    """Who sends to whom; `offset` is where the header of UDP or TCP begins."""

    protocol: Protocol
    source: TransportAddress
    destination: TransportAddress
    offset: int


def endpoints(data: bytes) -> Endpoints | None:
    """Read the endpoints of a packet; None for what is neither UDP nor TCP, or a fragment."""
    if len(data) < 28:
        return None
    if data[0] >> 4 == 4:
        protocol, offset = PROTOCOLS.get(data[9]), (data[0] & 15) * 4
        # A fragment has an offset, or says that more follow.
        if data[6] & 0x3F or data[7] or len(data) < offset + 8:
            return None
        source, destination = str(IPv4Address(data[12:16])), str(IPv4Address(data[16:20]))
    elif data[0] >> 4 == 6 and len(data) >= IPV6_HEADER + 8:
        protocol, offset = PROTOCOLS.get(data[6]), IPV6_HEADER
        source, destination = str(IPv6Address(data[8:24])), str(IPv6Address(data[24:40]))
    else:
        return None
    if protocol is None:
        return None
    ports = struct.unpack_from("!HH", data, offset)
    return Endpoints(
        protocol,
        TransportAddress(source, ports[0]),
        TransportAddress(destination, ports[1]),
        offset,
    )


def readdressed(data: bytes, source: TransportAddress, destination: TransportAddress) -> bytes:
    """Give an IPv4 packet from and to other endpoints, its checksums right if they were."""
    offset = (data[0] & 15) * 4
    packet = bytearray(data)
    old = data[12:20] + data[offset : offset + 4]
    addresses = IPv4Address(source.host).packed + IPv4Address(destination.host).packed
    new = addresses + struct.pack("!HH", source.port, destination.port)
    packet[12:20], packet[offset : offset + 4] = new[:8], new[8:]
    _adjust(packet, 10, old[:8], new[:8])
    if data[9] == TCP:
        _adjust(packet, offset + 16, old, new)
    elif data[offset + 6 : offset + 8] != b"\0\0":
        # Zero says that a datagram has no checksum.
        _adjust(packet, offset + 6, old, new)
    return bytes(packet)


def _adjust(packet: bytearray, at: int, old: bytes, new: bytes) -> None:
    """Change a checksum by what has changed of the words it is over (RFC 1624 §3)."""
    total = ~struct.unpack_from("!H", packet, at)[0] & 0xFFFF
    total += sum(~word & 0xFFFF for word in struct.unpack(f"!{len(old) // 2}H", old))
    total += sum(struct.unpack(f"!{len(new) // 2}H", new))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    checksum = ~total & 0xFFFF
    struct.pack_into("!H", packet, at, checksum or 0xFFFF)
