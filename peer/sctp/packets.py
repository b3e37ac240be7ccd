"""Taking packets apart, in bounded work, before any chunk acts (RFC 9260 §6.10)."""

from typing import Final

from .wire import (
    ABORT,
    CHUNK_HEADER,
    COMMON_HEADER,
    COOKIE_ACK,
    COOKIE_ECHO,
    DATA,
    ERROR,
    FORWARD_TSN,
    HEADER,
    HEARTBEAT,
    HEARTBEAT_ACK,
    I_DATA,
    I_FORWARD_TSN,
    INIT,
    INIT_ACK,
    RE_CONFIG,
    SACK,
    SHUTDOWN,
    SHUTDOWN_ACK,
    SHUTDOWN_COMPLETE,
)

MAX_CHUNKS = 300
"""Chunks of a packet that are looked at."""
AT_MOST: Final = {
    SACK: 1,
    HEARTBEAT: 1,
    HEARTBEAT_ACK: 1,
    ABORT: 1,
    SHUTDOWN: 1,
    SHUTDOWN_ACK: 1,
    ERROR: 1,
    COOKIE_ECHO: 1,
    COOKIE_ACK: 1,
    RE_CONFIG: 2,
    FORWARD_TSN: 1,
    I_FORWARD_TSN: 1,
}
"""Chunks of a type, of those that have much done; peers bundle two RE-CONFIG chunks."""

# The least bytes of chunks that have to have some, with their headers.
_MIN_SIZE: Final = {
    DATA: 16,
    I_DATA: 20,
    INIT: 20,
    INIT_ACK: 20,
    SACK: 16,
    SHUTDOWN: 8,
    COOKIE_ECHO: 5,
    RE_CONFIG: 8,
    FORWARD_TSN: 8,
    I_FORWARD_TSN: 8,
}
_ALONE: Final = frozenset({INIT, INIT_ACK, SHUTDOWN_COMPLETE})

Chunk = tuple[int, int, int, int]
"""Type, flags, where its header begins, and where it ends without padding."""


def read_chunks(packet: bytes) -> tuple[list[Chunk], int] | None:
    """Find the chunks of a packet; None when it is malformed.

    Returns those that are to act, and how many are skipped because there are too many.
    """
    chunks: list[Chunk] = []
    counts: dict[int, int] = {}
    at, size, skipped = COMMON_HEADER, len(packet), 0
    while at + CHUNK_HEADER <= size:
        kind, flags, length = HEADER.unpack_from(packet, at)
        end = at + length
        if end > size or length < _MIN_SIZE.get(kind, CHUNK_HEADER):
            return None
        if kind != DATA and kind in AT_MOST:
            counts[kind] = counts.get(kind, 0) + 1
            if counts[kind] > AT_MOST[kind]:
                skipped += 1
                at = end + (-length & 3)
                continue
        chunks.append((kind, flags, at, end))
        at = end + (-length & 3)
    if len(chunks) > 1 and not _may_be_bundled(chunks):
        return None
    if len(chunks) > MAX_CHUNKS:
        skipped += len(chunks) - MAX_CHUNKS
        del chunks[MAX_CHUNKS:]
    return (chunks, skipped) if chunks else None


def _may_be_bundled(chunks: list[Chunk]) -> bool:
    return not any(chunk[0] in _ALONE for chunk in chunks) and all(
        chunk[0] != COOKIE_ECHO for chunk in chunks[1:]
    )
