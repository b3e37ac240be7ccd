"""The receiving side: what follows from the packets and the parities that came."""

from collections import Counter
from collections.abc import Callable

from ..serial import SEQUENCE_BITS, extend
from .drops import FecDrop
from .parity import Parity, Remainder

WINDOW = 192
"""Packets that are remembered, four times the most that one parity of RFC 5109 is about."""
MAX_WAITING = 48
"""Parities of which more than one packet is missing."""
MAX_SIZE = 1500
"""Bytes of packets that are remembered."""


class _Waiting:
    """A parity that waits for all but one of the packets that are missing of it."""

    __slots__ = ("missing", "remainder")

    def __init__(self, remainder: Remainder, missing: set[int]) -> None:
        self.remainder = remainder
        self.missing = missing


class Recovery:
    """Rebuilds the lost packets of one stream; packets are as their sender summed them up.

    `blank` makes them so, of what arrived: it is asked only where there is a parity. Why parities
    bring nothing is counted in `drops`, if it is not that nothing is missing.
    """

    def __init__(self, ssrc: int, blank: Callable[[bytes], bytes], drops: Counter[FecDrop]) -> None:
        self.drops = drops
        self.used = 0
        """Parities that brought a packet."""
        self._ssrc = ssrc
        self._blank = blank
        self._highest: int | None = None
        self._follows = -1
        self._packets: dict[int, bytes] = {}
        self._waiting: list[_Waiting] = []

    def add(self, packet: bytes, *, repeated: bool = False) -> list[bytes]:
        """Take a packet that arrived, or was `repeated`; returns those that follow from it."""
        number = self._extend(int.from_bytes(packet[2:4], "big"))
        if not repeated and self._begins_anew(number):
            self._packets.clear()
            self._waiting.clear()
            self._highest = number
        self._highest = number if self._highest is None else max(number, self._highest)
        if len(packet) > MAX_SIZE or number in self._packets or number <= self._highest - WINDOW:
            return []
        self._remember(number, packet)
        return self._follow(number, packet) if self._waiting else []

    def add_parity(self, parity: Parity) -> list[bytes]:
        """Take a parity; returns the packets that follow from it."""
        numbers = [self._extend(number) for number in parity.numbers]
        if self._highest is None or not self._is_near(numbers):
            self.drops[FecDrop.OUT_OF_WINDOW] += 1
            return []
        waiting = _Waiting(Remainder(parity), set())
        for number in numbers:
            packet = self._packets.get(number)
            if packet is None:
                waiting.missing.add(number)
            else:
                waiting.remainder.take_off(self._blank(packet))
        if not waiting.missing:
            return []
        self._waiting.append(waiting)
        found = self._solve()
        if len(self._waiting) > MAX_WAITING:
            del self._waiting[0]
            self.drops[FecDrop.TOO_MANY_WAIT] += 1
        return found

    def _begins_anew(self, number: int) -> bool:
        """Tell whether packets have other numbers now: they follow each other, far behind."""
        if self._highest is None or number > self._highest - WINDOW:
            return False
        follows, self._follows = self._follows, number + 1
        return number == follows

    def _extend(self, number: int) -> int:
        return number if self._highest is None else extend(number, self._highest, SEQUENCE_BITS)

    def _is_near(self, numbers: list[int]) -> bool:
        assert self._highest is not None
        return numbers[0] > self._highest - WINDOW and numbers[-1] < self._highest + WINDOW

    def _remember(self, number: int, packet: bytes) -> None:
        self._packets[number] = packet
        if len(self._packets) > WINDOW:
            del self._packets[next(iter(self._packets))]

    def _follow(self, number: int, packet: bytes) -> list[bytes]:
        """Take a packet off the parities that wait for it."""
        assert self._highest is not None
        oldest = self._highest - WINDOW
        self._waiting = [one for one in self._waiting if min(one.missing) > oldest]
        if not any(number in one.missing for one in self._waiting):
            return []
        self._take_off(number, self._blank(packet))
        return self._solve()

    def _take_off(self, number: int, packet: bytes) -> None:
        for one in self._waiting:
            if number in one.missing:
                one.missing.discard(number)
                one.remainder.take_off(packet)

    def _solve(self) -> list[bytes]:
        """Rebuild all that can be; one may help to rebuild another."""
        found: list[bytes] = []
        while (one := next((w for w in self._waiting if len(w.missing) <= 1), None)) is not None:
            self._waiting.remove(one)
            if not one.missing:
                continue
            (number,) = one.missing
            packet = one.remainder.packet(number & 0xFFFF, self._ssrc)
            if isinstance(packet, FecDrop):
                self.drops[packet] += 1
                continue
            self.used += 1
            self._remember(number, packet)
            self._take_off(number, packet)
            found.append(packet)
        return found
