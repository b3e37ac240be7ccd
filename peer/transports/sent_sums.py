"""What the error correction that was sent can still bring of the packets that got lost."""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from .leaving import LeavingPacket

MAX_SUMS = 64
"""Sums that are remembered, the latest."""


class _Sum(NamedTuple):
    packet: LeavingPacket
    numbers: frozenset[int]


class SentSums:
    """The sums of one stream, and the lost packets that are left to them."""

    def __init__(self) -> None:
        self._sums: deque[_Sum] = deque(maxlen=MAX_SUMS)
        self._left: set[int] = set()

    def add(self, packet: LeavingPacket, numbers: Iterable[int]) -> None:
        """Note a sum of the packets with these numbers, as it is to leave."""
        if len(self._sums) == MAX_SUMS:
            # So old that its packets are there, or came too late.
            self._left -= self._sums[0].numbers
        self._sums.append(_Sum(packet, frozenset(numbers)))

    def note_lost(self, numbers: Iterable[int], lost_sums: frozenset[int]) -> list[int]:
        """Note which packets are lost, and which sums by their transport-wide numbers.

        Returns what no sum brings, also of what was left to those that are lost now.
        """
        self._left.update(numbers)
        if lost_sums:
            kept = [one for one in self._sums if one.packet.number not in lost_sums]
            self._sums = deque(kept, MAX_SUMS)
        if not self._left:
            return []
        missing = set(self._left)
        # One that is brought may be what another sum lacks.
        while brought := {n for one in self._sums for n in _single(one.numbers & missing)}:
            missing -= brought
        self._left -= missing
        return sorted(missing)

    def clear(self) -> None:
        """Forget all: nobody needs it any more."""
        self._sums.clear()
        self._left.clear()


def _single(numbers: frozenset[int]) -> frozenset[int]:
    return numbers if len(numbers) == 1 else frozenset()
