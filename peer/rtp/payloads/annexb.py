"""What H.264 and H.265 have in common: NAL units, start codes, parameter sets."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from .packetizing import Room, split_evenly
from .piece import MAX_UNITS, Piece

START_CODE = b"\0\0\0\1"
MAX_SETS = 32
"""Parameter sets of one kind that are remembered."""


class ParameterSets:
    """The parameter sets of a stream, by kind and id."""

    def __init__(self, kinds: Iterable[int]) -> None:
        self._sets: dict[int, dict[int, bytes]] = {kind: {} for kind in kinds}

    def note(self, kind: int, number: int, unit: bytes) -> None:
        """Remember a parameter set."""
        sets = self._sets[kind]
        if number in sets or len(sets) < MAX_SETS:
            sets[number] = unit

    def units(self) -> list[bytes]:
        """Return all of them, one kind after the other."""
        return [unit for sets in self._sets.values() for unit in sets.values()]

    def join(self, pieces: list[Piece]) -> bytes:
        """Return the frame that pieces make; nothing when a decoder could not begin with it.

        Before a key frame that brings no parameter sets stand those of before.
        """
        data = [piece.data for piece in pieces]
        if any(piece.is_key for piece in pieces):
            if not all(self._sets.values()):
                return b""
            if not any(piece.size for piece in pieces):
                data[:0] = [START_CODE + unit for unit in self.units()]
        return b"".join(data)


def split_aggregate(payload: bytes, begin: int) -> list[bytes]:
    """Return the units of an aggregation packet: sizes of 16 bits, each before its unit.

    At a size of 0 or one past the end the rest is left out (RFC 6184 §5.7.1, RFC 7798 §4.4.2).
    """
    units = []
    size = len(payload)
    while begin + 2 <= size:
        end = begin + 2 + (payload[begin] << 8 | payload[begin + 1])
        if end == begin + 2 or end > size:
            break
        units.append(payload[begin + 2 : end])
        begin = end
    return units


def split_units(frame: bytes) -> list[bytes]:
    """Return the NAL units of a frame, with start codes or with sizes of 32 bits before them.

    Where the sizes lead exactly to the end they are sizes (ISO/IEC 14496-15 §5.3.4.2): start codes
    read as sizes do not.
    """
    return _split_by_sizes(frame) or list(_split_by_start_codes(frame))


def _split_by_sizes(frame: bytes) -> list[bytes]:
    units = []
    begin, end = 0, len(frame)
    while begin + 4 < end:
        size = int.from_bytes(frame[begin : begin + 4], "big")
        begin += 4 + size
        if not size or begin > end:
            return []
        units.append(frame[begin - size : begin])
    return units if begin == end else []


def _split_by_start_codes(frame: bytes) -> Iterator[bytes]:
    at = frame.find(START_CODE[1:])
    while at >= 0:
        begin = at + 3
        at = frame.find(START_CODE[1:], begin)
        # No unit ends with a byte of 0: one more before a start code is not of the unit.
        unit = frame[begin : None if at < 0 else at].rstrip(b"\0")
        if unit:
            yield unit


class UnitFormat(Protocol):
    """How units come together in one packet, or one comes in several."""

    def join(self, units: list[bytes]) -> bytes:
        """Return the payload with several units, each two bytes longer, and one header."""

    def cut(self, unit: bytes, room: Room) -> list[bytes]:
        """Return the payloads with the parts of one."""


def pack_units(units: list[bytes], room: Room, form: UnitFormat, header: int) -> list[bytes]:
    """Return the payloads of a frame's units, whose headers have so many bytes."""
    groups = list(_gather(units, room, header))
    payloads = []
    for index, group in enumerate(groups):
        there = room.part(first=index == 0, last=index == len(groups) - 1)
        if len(group) > 1:
            payloads.append(form.join(group))
        elif len(group[0]) <= there.single:
            payloads.append(group[0])
        else:
            payloads += form.cut(group[0], there)
    return payloads


def _gather(units: list[bytes], room: Room, header: int) -> Iterator[list[bytes]]:
    """Yield the units of one packet after the other; one that fits into none is alone."""
    gathered: list[bytes] = []
    first, size = True, header
    for index, unit in enumerate(units):
        there = room.part(first=first, last=index == len(units) - 1)
        if gathered and (size + 2 + len(unit) > there.single or len(gathered) == MAX_UNITS):
            yield gathered
            first, gathered, size = False, [], header
        gathered.append(unit)
        size += 2 + len(unit)
    if gathered:
        yield gathered


def join_units(units: list[bytes]) -> bytes:
    """Return units with their sizes of 16 bits before them."""
    return b"".join([part for unit in units for part in (len(unit).to_bytes(2, "big"), unit)])


def cut_unit(body: bytes, room: Room, head: bytes, kind: int) -> list[bytes]:
    """Return the payloads with the parts of a unit (RFC 6184 §5.8, RFC 7798 §4.4.3).

    `body` is what follows its header, for which `head` comes, and a byte with its `kind`.
    """
    parts = split_evenly(body, room.less(len(head) + 1))
    last = len(parts) - 1
    return [
        head + bytes(((index == 0) << 7 | (index == last) << 6 | kind,)) + part
        for index, part in enumerate(parts)
    ]
