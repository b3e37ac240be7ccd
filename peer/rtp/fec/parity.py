"""The XOR of packets (RFC 5109 §8.2), and what is left of it."""

from collections.abc import Sequence
from typing import NamedTuple

from ..packet import VERSION
from .drops import FecDrop

HEADER = 12
"""Bytes of a packet that are summed up in fields of the parity, or known of the stream."""
HEAD_MASK = 0x3FFF
"""What of a packet's first two bytes is summed up: all but the version."""


class Parity(NamedTuple):
    """What the packets with these `numbers` (16 bits, in order) sum up to.

    `head` are the first two bytes without the version, `length` counts bytes behind the first 12.
    """

    numbers: tuple[int, ...]
    head: int
    length: int
    timestamp: int
    body: bytes


class Remainder:
    """What is left of a parity: each packet is taken off once."""

    __slots__ = ("_body", "_head", "_length", "_size", "_timestamp")

    def __init__(self, parity: Parity) -> None:
        self._head, self._length, self._timestamp = parity[1:4]
        self._size = len(parity.body)
        # Little-endian numbers need no shift where one packet is shorter than another.
        self._body = int.from_bytes(parity.body, "little")

    def take_off(self, packet: bytes) -> None:
        """Take a packet off."""
        self._head ^= (packet[0] << 8 | packet[1]) & HEAD_MASK
        self._length ^= len(packet) - HEADER
        self._timestamp ^= int.from_bytes(packet[4:8], "big")
        self._body ^= int.from_bytes(packet[HEADER : HEADER + self._size], "little")

    def packet(self, number: int, ssrc: int) -> bytes | FecDrop:
        """Return the only packet that is left over, or why it is none."""
        body = self._body.to_bytes(self._size, "little")
        if self._length > self._size:
            return FecDrop.PARTIAL
        if any(body[self._length :]):
            return FecDrop.INCONSISTENT
        return b"".join(
            (
                (VERSION << 14 | self._head).to_bytes(2, "big"),
                number.to_bytes(2, "big"),
                self._timestamp.to_bytes(4, "big"),
                ssrc.to_bytes(4, "big"),
                body[: self._length],
            )
        )


def make_parity(packets: Sequence[bytes]) -> Parity:
    """Return the sum of packets, which are in the order of their numbers."""
    size = max(map(len, packets)) - HEADER
    head = length = timestamp = body = 0
    for packet in packets:
        head ^= packet[0] << 8 | packet[1]
        length ^= len(packet) - HEADER
        timestamp ^= int.from_bytes(packet[4:8], "big")
        body ^= int.from_bytes(packet[HEADER:], "little")
    numbers = tuple(int.from_bytes(packet[2:4], "big") for packet in packets)
    return Parity(numbers, head & HEAD_MASK, length, timestamp, body.to_bytes(size, "little"))
