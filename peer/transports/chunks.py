"""Whether an SCTP packet can be taken apart in bounded work (RFC 9260 §3).

aiortc's parser does not get past a parameter of length zero, takes chunks that are too short for
zeros, and does for each chunk what it asks for; a hostile peer must not profit from either.
"""

import enum
import struct
from collections import Counter

MAX_CHUNKS = 64
"""Chunks of one packet: as many of the smallest messages as fit into an MTU."""
AT_MOST = {1: 1, 2: 1, 3: 1, 4: 1, 7: 1, 8: 1, 10: 1, 11: 1, 130: 4, 192: 1}
"""Chunks of a type, of those that have much done; peers bundle RE-CONFIG chunks."""
MAX_BLOCKS = 384
"""Gap blocks of a SACK, streams of a FORWARD-TSN; an MTU has room for some 290."""
MAX_PARAMETERS = 2
"""Parameters of one RE-CONFIG chunk (RFC 6525 §3.1)."""

_COMMON_HEADER = 12
_HEADER = struct.Struct("!BBH")
_PAIR = struct.Struct("!HH")
_SACK_HEAD = struct.Struct("!LLHH")
_SACK, _RE_CONFIG, _FORWARD_TSN = 3, 130, 192
# The least bytes behind the header, of chunks that have to have some.
_MIN_BODY = {0: 13, 1: 16, 2: 16, 3: 12, 7: 4, 192: 4}
# Where the parameters of a chunk begin, behind its header.
_PARAMETERS_AT = {1: 16, 2: 16, 4: 0, 5: 0, 6: 0, 9: 0, 130: 0}


class SctpDrop(enum.Enum):
    """Why something that arrived was of no use."""

    CLOSED = "no-association"
    MALFORMED = "malformed-sctp"
    TOO_MANY_CHUNKS = "too-many-chunks"
    DUPLICATE_INIT = "duplicate-init"
    NOTHING_SENT = "nothing-sent"
    TOO_FAR_AHEAD = "too-far-ahead"
    NO_ROOM = "no-room"
    NO_SUCH_STREAM = "no-such-stream"
    MESSAGE_TOO_LONG = "message-too-long"
    MALFORMED_DCEP = "malformed-dcep"
    CHANNEL_EXISTS = "channel-exists"
    UNKNOWN_CHANNEL = "unknown-channel"
    NOT_UTF8 = "not-utf8"


def judge(packet: bytes) -> SctpDrop | None:
    """Check the lengths and the number of chunks; checksum and meaning are left to others."""
    at = _COMMON_HEADER
    if len(packet) < at + _HEADER.size:
        return SctpDrop.MALFORMED
    kinds: Counter[int] = Counter()
    while at + _HEADER.size <= len(packet):
        kind, _, length = _HEADER.unpack_from(packet, at)
        if length < _HEADER.size or at + length > len(packet):
            return SctpDrop.MALFORMED
        kinds[kind] += 1
        if kinds[kind] > AT_MOST.get(kind, MAX_CHUNKS) or kinds.total() > MAX_CHUNKS:
            return SctpDrop.TOO_MANY_CHUNKS
        if not _is_body_well_formed(kind, packet[at + _HEADER.size : at + length]):
            return SctpDrop.MALFORMED
        at += length + -length % 4
    return None


def _is_body_well_formed(kind: int, body: bytes) -> bool:
    if len(body) < _MIN_BODY.get(kind, 0):
        return False
    if kind == _SACK:
        return _is_sack_well_formed(body)
    if kind == _FORWARD_TSN:
        return len(body) % 4 == 0 and len(body) <= 4 * (1 + MAX_BLOCKS)
    at, parameters = _PARAMETERS_AT.get(kind, len(body)), 0
    while at + _PAIR.size <= len(body):
        _, length = _PAIR.unpack_from(body, at)
        parameters += 1
        if length < _PAIR.size or (kind == _RE_CONFIG and parameters > MAX_PARAMETERS):
            return False
        at += length + -length % 4
    return True


def _is_sack_well_formed(body: bytes) -> bool:
    _, _, gaps, duplicates = _SACK_HEAD.unpack_from(body)
    listed: int = gaps + duplicates
    return bool(gaps <= MAX_BLOCKS) and len(body) >= _SACK_HEAD.size + 4 * listed


def merge_gaps(gaps: list[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    """Return what gap blocks cover up to an offset, in order, and none of it twice."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(gaps):
        last = min(last, end)
        if merged and first <= merged[-1][1] + 1:
            first, last = merged[-1][0], max(last, merged.pop()[1])
        if 0 < first <= last:
            merged.append((first, last))
    return merged
