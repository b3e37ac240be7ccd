"""Redundant audio data (RFC 2198 §3)."""

from collections.abc import Sequence
from typing import NamedTuple

MAX_BLOCKS = 32
MAX_OFFSET = (1 << 14) - 1
MAX_REDUNDANT_SIZE = (1 << 10) - 1


class RedBlock(NamedTuple):
    """What one block carries; its time is `offset` units before the packet's."""

    payload_type: int
    offset: int
    data: bytes


def read_red(payload: bytes) -> list[RedBlock]:
    """Return the blocks, the oldest first and the primary last.

    What has more than 32 blocks, or no primary block, gives none; where lengths run past the end
    only the blocks before count. Empty redundant blocks are left out.
    """
    headers = []
    position = 0
    while position + 4 <= len(payload) and payload[position] & 0x80:
        word = int.from_bytes(payload[position + 1 : position + 4], "big")
        headers.append((payload[position] & 0x7F, word >> 10, word & 0x3FF))
        position += 4
    if position >= len(payload) or payload[position] & 0x80 or len(headers) >= MAX_BLOCKS:
        return []
    primary = payload[position] & 0x7F
    position += 1
    blocks: list[RedBlock] = []
    for payload_type, offset, size in headers:
        if position + size > len(payload):
            return blocks
        if size:
            blocks.append(RedBlock(payload_type, offset, payload[position : position + size]))
        position += size
    blocks.append(RedBlock(primary, 0, payload[position:]))
    return blocks


def write_red(redundant: Sequence[RedBlock], primary: RedBlock) -> bytes:
    """Return a payload; ValueError when a redundant block is too old or too large."""
    headers, data = b"", b""
    for block in redundant:
        if not 0 < block.offset <= MAX_OFFSET or len(block.data) > MAX_REDUNDANT_SIZE:
            raise ValueError("a block that RED cannot hold")
        headers += bytes((0x80 | block.payload_type,))
        headers += (block.offset << 10 | len(block.data)).to_bytes(3, "big")
        data += block.data
    return headers + bytes((primary.payload_type,)) + data + primary.data
