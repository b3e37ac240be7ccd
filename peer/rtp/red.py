"""Redundant audio data (RFC 2198 §3)."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

MAX_COPIES = 2
"""Packets that are repeated in the ones after them, at most."""
WORTH_ONE, WORTH_TWO = 0.02, 0.1
"""The shares of packets lost from which on one copy is worth its bytes, and two."""
MAX_SIZE = 1200
"""Bytes of a payload with its copies: others are as large without them."""
MAX_BLOCKS = 32
MAX_OFFSET = (1 << 14) - 1
MAX_REDUNDANT_SIZE = (1 << 10) - 1
_HEADER_SIZE = 4


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


def copies_worth(loss: float) -> int:
    """Return how many copies of a packet are to follow it, by the share of packets lost."""
    return (loss >= WORTH_ONE) + (loss >= WORTH_TWO)


class Redundancy:
    """Puts copies of what was sent lately into what is sent next.

    Set `copies` at any time: payloads are remembered while there are none, too. `payload_type` is
    that of the codec. Timestamps are units of its clock, of one encoder.
    """

    def __init__(self, payload_type: int) -> None:
        self.copies = 0
        self._payload_type = payload_type
        self._sent: deque[tuple[int, bytes]] = deque(maxlen=MAX_COPIES)

    def add(self, timestamp: int, payload: bytes) -> bytes | None:
        """Return a payload with copies of those before it; None when it is to go without any."""
        copies: list[RedBlock] = []
        room = MAX_SIZE - 1 - len(payload)
        for before, data in self._sent:
            room -= _HEADER_SIZE + len(data)
            # Receivers take copies for those of the packets right before, so none is left out.
            if (
                len(copies) == self.copies
                or room < 0
                or max(len(payload), len(data)) > MAX_REDUNDANT_SIZE
                or not 0 < timestamp - before <= MAX_OFFSET
            ):
                break
            copies.insert(0, RedBlock(self._payload_type, timestamp - before, data))
        self._sent.appendleft((timestamp, payload))
        return write_red(copies, RedBlock(self._payload_type, 0, payload)) if copies else None
