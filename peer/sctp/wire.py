"""Packets, chunks and parameters as bytes (RFC 9260 §3)."""

import struct
from typing import Final, NamedTuple

from google_crc32c import extend, value

# Types of chunks.
DATA: Final = 0
INIT: Final = 1
INIT_ACK: Final = 2
SACK: Final = 3
HEARTBEAT: Final = 4
HEARTBEAT_ACK: Final = 5
ABORT: Final = 6
SHUTDOWN: Final = 7
SHUTDOWN_ACK: Final = 8
ERROR: Final = 9
COOKIE_ECHO: Final = 10
COOKIE_ACK: Final = 11
SHUTDOWN_COMPLETE: Final = 14
I_DATA: Final = 64
RE_CONFIG: Final = 130
FORWARD_TSN: Final = 192
I_FORWARD_TSN: Final = 194

# Flags of DATA and I-DATA, and the T bit of ABORT and SHUTDOWN COMPLETE.
END: Final = 1
BEGIN: Final = 2
UNORDERED: Final = 4
IMMEDIATE: Final = 8
REFLECTED: Final = 1

# Types of parameters.
HEARTBEAT_INFO: Final = 1
STATE_COOKIE: Final = 7
UNRECOGNIZED: Final = 8
OUTGOING_RESET: Final = 13
INCOMING_RESET: Final = 14
TSN_RESET: Final = 15
RESET_RESPONSE: Final = 16
ADD_OUTGOING: Final = 17
ADD_INCOMING: Final = 18
ZERO_CHECKSUM: Final = 0x8001
EXTENSIONS: Final = 0x8008
FORWARD_TSN_SUPPORTED: Final = 0xC000

# Causes of errors (RFC 9260 §3.3.10).
INVALID_STREAM: Final = 1
STALE_COOKIE: Final = 3
OUT_OF_RESOURCE: Final = 4
UNRECOGNIZED_CHUNK: Final = 6
INVALID_PARAMETER: Final = 7
UNRECOGNIZED_PARAMETERS: Final = 8
NO_USER_DATA: Final = 9
USER_ABORT: Final = 12
PROTOCOL_VIOLATION: Final = 13

COMMON_HEADER: Final = 12
CHUNK_HEADER: Final = 4
DATA_HEADER: Final = 16
I_DATA_HEADER: Final = 20

HEAD: Final = struct.Struct("!HHL")
HEADER: Final = struct.Struct("!BBH")
PAIR: Final = struct.Struct("!HH")
LONG: Final = struct.Struct("!L")
DATA_HEAD: Final = struct.Struct("!BBHLHHL")
I_DATA_HEAD: Final = struct.Struct("!BBHLHHLL")
SACK_HEAD: Final = struct.Struct("!BBHLLHH")
CHECKSUM: Final = struct.Struct("<L")
NO_CHECKSUM: Final = bytes(4)
PADDING: Final = (b"", bytes(3), bytes(2), bytes(1))
"""What follows a length, by its remainder modulo 4."""

MASK: Final = 0xFFFFFFFF
HALF: Final = 1 << 31


class Parameter(NamedTuple):
    """A parameter, an error cause or whatever else has a type and a length."""

    kind: int
    value: bytes


def write_chunk(kind: int, body: bytes = b"", flags: int = 0) -> bytes:
    """Return a chunk with its padding."""
    return HEADER.pack(kind, flags, CHUNK_HEADER + len(body)) + body + PADDING[len(body) & 3]


def write_parameter(kind: int, body: bytes = b"") -> bytes:
    """Return a parameter without the padding that has to follow if another does."""
    return PAIR.pack(kind, 4 + len(body)) + body


def write_parameters(*parameters: bytes) -> bytes:
    """Join parameters, each but the last padded."""
    padded = [one + PADDING[len(one) & 3] for one in parameters[:-1]]
    return b"".join((*padded, *parameters[-1:]))


def read_parameters(data: bytes) -> list[Parameter] | None:
    """Take parameters apart; None when one of them has no length that can be."""
    found: list[Parameter] = []
    at = 0
    while at + PAIR.size <= len(data):
        kind, length = PAIR.unpack_from(data, at)
        if length < PAIR.size or at + length > len(data):
            return None
        found.append(Parameter(kind, data[at + 4 : at + length]))
        at += length + (-length & 3)
    return found


def checksum_of_head(head: bytes) -> int:
    """Return the CRC32c of the first twelve bytes while the checksum is zero, to be extended."""
    start: int = value(head + NO_CHECKSUM)
    return start


def checksum(start: int, chunks: bytes) -> bytes:
    """Return the checksum of a packet, from that of its head."""
    return CHECKSUM.pack(extend(start, chunks))


def packet(source: int, destination: int, tag: int, *chunks: bytes) -> bytes:
    """Return a packet with its checksum."""
    head = HEAD.pack(source, destination, tag)
    body = b"".join(chunks)
    return head + checksum(checksum_of_head(head), body) + body


def has_checksum(data: bytes) -> bool:
    """Tell whether a packet has the checksum of its bytes."""
    return data[8:12] == checksum(checksum_of_head(data[:8]), data[COMMON_HEADER:])


def unwrap(number: int, near: int) -> int:
    """Return the count that has these lower 32 bits and is the nearest to `near`."""
    ahead = (number - near) & MASK
    return near + ahead - (ahead >= HALF and 1 << 32)
