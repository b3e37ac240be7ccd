"""Packet captures as Wireshark reads them (pcapng, draft-ietf-opsawg-pcapng), made of what went
through sockets: headers of IP, UDP and TCP are written anew.

A file begins with `head`; then come `packet` and `secrets`.
"""

import enum
import struct
from ipaddress import ip_address
from typing import TypeAlias

Address: TypeAlias = tuple[str, int]

_SECTION, _INTERFACE, _PACKET, _SECRETS = 0x0A0D0D0A, 1, 6, 10
_COMMENT, _NAME, _RESOLUTION, _FLAGS = 1, 2, 9, 2
_NANOSECONDS = 9
_TLS_KEY_LOG = 0x544C534B
_UDP, _TCP = 17, 6
_TCP_FLAGS = 0x5018  # a header of 20 bytes; PSH, ACK
_HOP_LIMIT = 64
_UNSPECIFIED = "0.0.0.0"

RTP_HEADER = 12
"""Bytes of the shortest RTP header (RFC 3550 §5.1)."""


class Interface(enum.Enum):
    """What a packet was taken from: its number in the file, name and link type."""

    WIRE = (0, "wire", 101)
    """IP packets."""
    DTLS = (1, "DTLS", 252)
    """Datagrams of DTLS, with tags that say so (Wireshark's exported PDUs)."""
    DATA = (2, "SCTP inside DTLS", 248)
    """SCTP packets without any header below."""
    MEDIA = (3, "RTP inside SRTP", 252)
    """RTP and RTCP, with tags."""


def head(comment: str) -> bytes:
    """Give the beginning of a file, whose comment is what it says of itself."""
    section = struct.pack("=IHHq", 0x1A2B3C4D, 1, 0, -1) + _options((_COMMENT, comment.encode()))
    blocks = [_block(_SECTION, section)]
    for interface in Interface:
        _, name, link = interface.value
        options = _options((_NAME, name.encode()), (_RESOLUTION, bytes((_NANOSECONDS,))))
        blocks.append(_block(_INTERFACE, struct.pack("=HHI", link, 0, 0) + options))
    return b"".join(blocks)


def secrets(client_random: bytes, master_secret: bytes) -> bytes:
    """Give a Decryption Secrets Block with a line of the NSS key log, for TLS and DTLS 1.2."""
    line = f"CLIENT_RANDOM {client_random.hex()} {master_secret.hex()}\n".encode()
    return _block(_SECRETS, struct.pack("=II", _TLS_KEY_LOG, len(line)) + _padded(line))


def packet(
    interface: Interface,
    time: float,
    data: bytes,
    *,
    leaves: bool,
    size: int | None = None,
    comment: str = "",
) -> bytes:
    """Give a packet; `time` is in seconds since 1970, `size` what it had before it was cut."""
    at = round(time * 1e6) * 1000
    size = len(data) if size is None else size
    fields = struct.pack("=IIIII", interface.value[0], at >> 32, at & 0xFFFFFFFF, len(data), size)
    options = [(_FLAGS, struct.pack("=I", 2 if leaves else 1))]
    if comment:
        options.append((_COMMENT, comment.encode()))
    return _block(_PACKET, fields + _padded(data) + _options(*options))


def udp(data: bytes, source: Address, destination: Address) -> bytes:
    """Put IP and UDP headers before a datagram."""
    length = 8 + len(data)
    ports = struct.pack("!HHH", source[1], destination[1], length)
    summed = _pseudo_header(source, destination, _UDP, length) + ports + b"\0\0" + data
    checksum = _checksum(summed) or 0xFFFF
    return _ip(ports + struct.pack("!H", checksum) + data, source, destination, _UDP)


def tcp(
    data: bytes, source: Address, destination: Address, sequence: int, acknowledged: int
) -> bytes:
    """Put IP and TCP headers before a part of a stream."""
    fields = struct.pack(
        "!HHIIHHHH",
        source[1],
        destination[1],
        sequence & 0xFFFFFFFF,
        acknowledged & 0xFFFFFFFF,
        _TCP_FLAGS,
        0xFFFF,
        0,
        0,
    )
    length = len(fields) + len(data)
    checksum = _checksum(_pseudo_header(source, destination, _TCP, length) + fields + data)
    segment = fields[:16] + struct.pack("!H", checksum) + fields[18:] + data
    return _ip(segment, source, destination, _TCP)


def tags(protocol: str, source: Address, destination: Address) -> bytes:
    """Give what goes before a packet on an interface of exported PDUs."""
    found = [(12, _padded(protocol.encode() + b"\0")), (24, struct.pack("!I", 3))]
    for (host, port), at in ((source, 0), (destination, 1)):
        address = _literal(host)
        found.append(((20 if len(address) == 4 else 22) + at, address))
        found.append((25 + at, struct.pack("!I", port)))
    return b"".join(struct.pack("!HH", tag, len(value)) + value for tag, value in found) + bytes(4)


def media_head(data: bytes) -> int:
    """Give the bytes of the header of an RTP packet (RFC 3550 §5.1), SRTP or not.

    RTCP is all header (RFC 5761 §4).
    """
    if len(data) < RTP_HEADER or 192 <= data[1] <= 223:
        return len(data)
    size = RTP_HEADER + 4 * (data[0] & 0x0F)
    if data[0] & 0x10 and len(data) >= size + 4:
        size += 4 + 4 * int.from_bytes(data[size + 2 : size + 4], "big")
    return min(size, len(data))


def _ip(payload: bytes, source: Address, destination: Address, protocol: int) -> bytes:
    addresses, length = _addresses(source, destination), len(payload)
    if len(addresses) == 32:
        fields = struct.pack("!IHBB", 6 << 28, length, protocol, _HOP_LIMIT) + addresses
    else:
        fields = struct.pack("!BBHIBBH", 0x45, 0, 20 + length, 0, _HOP_LIMIT, protocol, 0)
        checksum = _checksum(fields + addresses)
        fields = fields[:10] + struct.pack("!H", checksum) + addresses
    return fields + payload


def _pseudo_header(source: Address, destination: Address, protocol: int, length: int) -> bytes:
    """What checksums cover besides (RFC 768, RFC 8200 §8.1)."""
    addresses = _addresses(source, destination)
    if len(addresses) == 32:
        return addresses + struct.pack("!II", length, protocol)
    return addresses + struct.pack("!HH", protocol, length)


def _addresses(source: Address, destination: Address) -> bytes:
    return _literal(source[0]) + _literal(destination[0])


def _literal(host: str) -> bytes:
    """Give an address as bytes, that of nobody for what is none (a hidden one)."""
    try:
        return ip_address(host.partition("%")[0]).packed
    except ValueError:
        return ip_address(_UNSPECIFIED).packed


def _checksum(data: bytes) -> int:
    """Give the Internet checksum (RFC 1071)."""
    padded = data + bytes(len(data) % 2)
    # Sums of sixteen bits are sums modulo 65535 of the whole.
    total = int.from_bytes(padded, "big") % 0xFFFF
    return 0xFFFF - total


def _block(kind: int, body: bytes) -> bytes:
    size = struct.pack("=I", 12 + len(body))
    return struct.pack("=I", kind) + size + body + size


def _options(*options: tuple[int, bytes]) -> bytes:
    written = [struct.pack("=HH", code, len(value)) + _padded(value) for code, value in options]
    return b"".join(written) + bytes(4)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
