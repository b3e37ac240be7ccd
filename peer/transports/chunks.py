"""Whether an SCTP packet can be taken apart in bounded work (RFC 9260 §3).

aiortc's parser does not get past a parameter of length zero, and goes through all that a SACK
claims, one TSN at a time; a hostile peer must not profit from either.
"""

import struct

_COMMON_HEADER = 12
_HEADER = struct.Struct("!BBH")
_PAIR = struct.Struct("!HH")
_SACK_HEAD = struct.Struct("!LLHH")
_SACK = 3
# Where the parameters of a chunk begin, behind its header.
_PARAMETERS_AT = {1: 16, 2: 16, 4: 0, 5: 0, 6: 0, 9: 0, 130: 0}
MAX_ACKNOWLEDGED = 1 << 16
"""TSNs the gap blocks of one SACK may cover in all; their offsets have 16 bits."""


def is_well_formed(packet: bytes) -> bool:
    """Check the lengths in a packet; its checksum and meaning are left to others."""
    at = _COMMON_HEADER
    if len(packet) < at + _HEADER.size:
        return False
    while at + _HEADER.size <= len(packet):
        kind, _, length = _HEADER.unpack_from(packet, at)
        if length < _HEADER.size or at + length > len(packet):
            return False
        if not _is_body_well_formed(kind, packet[at + _HEADER.size : at + length]):
            return False
        at += length + -length % 4
    return True


def _is_body_well_formed(kind: int, body: bytes) -> bool:
    if kind == _SACK:
        return _is_sack_well_formed(body)
    at = _PARAMETERS_AT.get(kind, len(body))
    while at + _PAIR.size <= len(body):
        _, length = _PAIR.unpack_from(body, at)
        if length < _PAIR.size:
            return False
        at += length + -length % 4
    return True


def _is_sack_well_formed(body: bytes) -> bool:
    if len(body) < _SACK_HEAD.size:
        return False
    _, _, gaps, duplicates = _SACK_HEAD.unpack_from(body)
    if len(body) < _SACK_HEAD.size + 4 * (gaps + duplicates):
        return False
    end = _SACK_HEAD.size + gaps * _PAIR.size
    spans = _PAIR.iter_unpack(body[_SACK_HEAD.size : end])
    covered: int = sum(max(0, last - first + 1) for first, last in spans)
    return covered <= MAX_ACKNOWLEDGED
