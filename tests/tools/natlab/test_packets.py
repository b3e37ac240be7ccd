"""Packets as bytes: what is read of them, and checksums that stay right."""

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.ice.address import TransportAddress
from peer.testing.internet import Protocol
from tools.natlab.packets import TCP, UDP, endpoints, readdressed

A, B = TransportAddress("192.168.1.2", 5000), TransportAddress("70.0.0.9", 3478)
C, D = TransportAddress("70.255.255.255", 65535), TransportAddress("10.0.0.1", 1)
ports = st.integers(0, 65535)
hosts = st.integers(0, 2**32 - 1).map(lambda number: str(ip_address(number)))
addresses = st.builds(TransportAddress, hosts, ports)


def summed(data: bytes) -> int:
    """The Internet checksum of some bytes (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(
    source: TransportAddress,
    destination: TransportAddress,
    payload: bytes = b"hello",
    protocol: int = UDP,
) -> bytes:
    """An IPv4 packet with right checksums."""
    hosts = ip_address(source.host).packed + ip_address(destination.host).packed
    ends = struct.pack("!HH", source.port, destination.port)
    if protocol == UDP:
        inner, at = ends + struct.pack("!HH", 8 + len(payload), 0) + payload, 6
    else:
        inner, at = ends + struct.pack("!IIHHHH", 1, 2, 0x5010, 1024, 0, 0) + payload, 16
    pseudo = hosts + struct.pack("!HH", protocol, len(inner))
    inner = inner[:at] + struct.pack("!H", summed(pseudo + inner) or 0xFFFF) + inner[at + 2 :]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(inner), 7, 0x4000, 64, protocol, 0) + hosts
    return head[:10] + struct.pack("!H", summed(head)) + head[12:] + inner


def are_right(data: bytes) -> bool:
    """Whether both checksums of an IPv4 packet are right."""
    pseudo = data[12:20] + struct.pack("!HH", data[9], len(data) - 20)
    return summed(data[:20]) == 0 and summed(pseudo + data[20:]) == 0


@pytest.mark.parametrize("protocol", [UDP, TCP])
def test_endpoints_are_read(protocol: int) -> None:
    found = endpoints(packet(A, B, protocol=protocol))
    assert found is not None
    assert found == (Protocol.UDP if protocol == UDP else Protocol.TCP, A, B, 20)


def test_endpoints_of_ipv6_are_read() -> None:
    hosts = ip_address("2a00::1").packed + ip_address("2a00::2").packed
    data = struct.pack("!IHBB", 0x60000000, 8, UDP, 64) + hosts + struct.pack("!HHHH", 1, 2, 8, 9)
    found = endpoints(data)
    assert found is not None
    assert found[1:] == (TransportAddress("2a00::1", 1), TransportAddress("2a00::2", 2), 40)


@given(addresses, addresses, addresses, addresses, st.binary(max_size=40))
def test_checksums_stay_right(
    source: TransportAddress,
    destination: TransportAddress,
    other_source: TransportAddress,
    other_destination: TransportAddress,
    payload: bytes,
) -> None:
    for protocol in (UDP, TCP):
        data = packet(source, destination, payload, protocol)
        assert are_right(data)
        changed = readdressed(data, other_source, other_destination)
        assert are_right(changed)
        found = endpoints(changed)
        assert found is not None
        assert found[1:3] == (other_source, other_destination)
        assert changed[28:] == data[28:] or protocol == TCP


def test_no_checksum_stays_none() -> None:
    data = bytearray(packet(A, B))
    data[26:28] = b"\0\0"
    assert readdressed(bytes(data), C, D)[26:28] == b"\0\0"


@given(st.binary(max_size=100))
def test_anything_is_read_or_not(data: bytes) -> None:
    endpoints(data)


@pytest.mark.parametrize("flags", [b"\x20\x00", b"\x00\x01"])
def test_fragments_are_not_read(flags: bytes) -> None:
    data = packet(A, B)
    assert endpoints(data[:6] + flags + data[8:]) is None
