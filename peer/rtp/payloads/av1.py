"""AV1 in RTP (RTP Payload Format For AV1, v1.0): from and to the OBUs of a temporal unit."""

from collections.abc import Iterator
from typing import NamedTuple

from .bits import BitReader
from .packetizing import Room, TemporalLayer
from .piece import MAX_UNITS, PayloadDrop, Piece, is_too_large

_SEQUENCE, _TEMPORAL_DELIMITER, _TILE_LIST, _PADDING = 1, 2, 8, 15
_IGNORED = {_TEMPORAL_DELIMITER, _TILE_LIST, _PADDING}
_MAX_LEB128 = 8
_MAX_COUNTED = 3
_SIZE, _OVERHEAD = 2, 5


class Av1Depayloader:
    """Reads aggregation headers and OBU elements (§4.4), and puts OBU sizes back."""

    def read(self, payload: bytes) -> Piece | PayloadDrop:
        """Return what a payload that is not empty holds."""
        head = payload[0]
        units = _split(payload, head >> 4 & 3)
        if units is None:
            return PayloadDrop.TRUNCATED
        if len(units) > MAX_UNITS:
            return PayloadDrop.TOO_MANY_UNITS
        size = None
        if not head & 0x80:
            size = _size(units)
            if size is not None and is_too_large(*size):
                return PayloadDrop.PICTURE_TOO_LARGE
        return Piece(
            b"",
            continues=bool(head & 0x80),
            is_key=bool(head & 0x08) and not head & 0x80,
            size=size,
            units=tuple(units),
            goes_on=bool(head & 0x40),
        )

    def assemble(self, pieces: list[Piece]) -> bytes:
        """Return the temporal unit that consecutive pieces make; each OBU with its size."""
        obus: list[bytes] = []
        open_obu: list[bytes] = []
        for piece in pieces:
            for index, unit in enumerate(piece.units):
                if open_obu and not (index == 0 and piece.continues):
                    obus.append(b"".join(open_obu))
                    open_obu = []
                open_obu.append(unit)
            if open_obu and not piece.goes_on:
                obus.append(b"".join(open_obu))
                open_obu = []
        if open_obu:
            obus.append(b"".join(open_obu))
        return b"".join([_with_size(obu) for obu in obus if obu[0] >> 3 & 15 not in _IGNORED])


class _Element(NamedTuple):
    """A whole OBU, or a part of it."""

    data: bytes
    continues: bool
    goes_on: bool


class Av1Packetizer:
    """Makes OBU elements of a temporal unit, whose OBUs have their sizes in them (§4.4).

    Temporal delimiters, tile lists and padding are left out (§5).
    """

    def pack(self, frame: bytes, room: Room, layer: TemporalLayer | None = None) -> list[bytes]:
        """Return the payloads of a temporal unit; ValueError when it is none."""
        obus = [obu for obu in split_stream(frame) if obu[0] >> 3 & 15 not in _IGNORED]
        if not obus:
            return []
        begins = any(obu[0] >> 3 & 15 == _SEQUENCE for obu in obus)
        return [
            _write_packet(elements, new=begins and index == 0)
            for index, elements in enumerate(_cut(obus, room))
        ]


def split_stream(frame: bytes) -> Iterator[bytes]:
    """Yield the OBUs of a stream, without their sizes (AV1 §5.3.1)."""
    at = 0
    while at < len(frame):
        head = frame[at]
        begin = body = at + (2 if head & 0x04 else 1)
        at = len(frame)
        if head & 0x02:
            size = _leb128(frame, begin)
            if size is None:
                raise ValueError("an OBU without its size")
            body = size[1]
            at = body + size[0]
        if at > len(frame) or body > len(frame):
            raise ValueError("an OBU that is cut off")
        extension = frame[begin - 1 : begin] if head & 0x04 else b""
        yield bytes((head & 0xFD,)) + extension + frame[body:at]


def read_stream_size(frame: bytes) -> tuple[int, int] | None:
    """Return the size that a temporal unit tells, if it does; ValueError when it is none."""
    return _size(list(split_stream(frame)))


def _cut(obus: list[bytes], room: Room) -> list[list[_Element]]:
    """Lay OBUs into as few packets as they fit into, about equally large."""
    total = sum(_SIZE + len(obu) for obu in obus) + room.first + room.last
    count = -(-total // (room.size - _OVERHEAD))
    limit = -(-total // count) + _OVERHEAD
    packets: list[list[_Element]] = [[]]
    left = limit - 1 - room.first
    for obu in obus:
        begin, size = 0, len(obu)
        while begin < size:
            taken = min(size - begin, left - _SIZE)
            if obu is obus[-1] and begin + taken == size:
                taken = min(taken, left - _SIZE - room.last)
            if taken > 0:
                end = begin + taken
                packets[-1].append(_Element(obu[begin:end], begin > 0, end < size))
                begin = end
                left -= _SIZE + taken
            if begin < size:
                packets.append([])
                left = limit - 1
    return packets


def _write_packet(elements: list[_Element], *, new: bool) -> bytes:
    count = len(elements)
    head = elements[0].continues << 7 | elements[-1].goes_on << 6 | new << 3
    if count <= _MAX_COUNTED:
        head |= count << 4
    parts = [bytes((head,))]
    for index, element in enumerate(elements):
        if count > _MAX_COUNTED or index < count - 1:
            parts.append(_write_leb128(len(element.data)))
        parts.append(element.data)
    return b"".join(parts)


def _split(payload: bytes, count: int) -> list[bytes] | None:
    """Return the OBU elements: `count` of them, the last without a size; 0 when all have one."""
    units: list[bytes] = []
    at, end = 1, len(payload)
    while at < end and len(units) <= MAX_UNITS:
        if len(units) + 1 == count:
            size = end - at
        else:
            value = _leb128(payload, at)
            if value is None:
                return None
            size, at = value
        if not 0 < size <= end - at:
            return None
        units.append(payload[at : at + size])
        at += size
        if len(units) == count and at < end:
            return None
    return units if units and (count == 0 or len(units) == count) else None


def _leb128(data: bytes, at: int) -> tuple[int, int] | None:
    """Read a number of seven bits a byte, lowest first; returns it and where it ends."""
    value = 0
    for index, byte in enumerate(data[at : at + _MAX_LEB128]):
        value |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return value, at + index + 1
    return None


def _write_leb128(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _with_size(obu: bytes) -> bytes:
    """Return an OBU with its size in it (AV1 §5.3.2)."""
    if obu[0] & 0x02:
        return obu
    header = 2 if obu[0] & 0x04 else 1
    body = obu[header:]
    return b"".join([bytes((obu[0] | 0x02,)), obu[1:header], _write_leb128(len(body)), body])


def _size(units: list[bytes]) -> tuple[int, int] | None:
    """Return the size that a sequence header tells."""
    for unit in units:
        if unit[0] >> 3 & 15 == _SEQUENCE:
            begin = 2 if unit[0] & 0x04 else 1
            if unit[0] & 0x02 and (size := _leb128(unit, begin)) is not None:
                begin = size[1]
            try:
                return read_sequence_size(unit[begin:])
            except ValueError:
                return None
    return None


def read_sequence_size(body: bytes) -> tuple[int, int]:
    """Return the largest frame of a sequence header (AV1 §5.5.1). ValueError when cut off."""
    reader = BitReader(body)
    reader.skip(4)
    if reader.read(1):
        reader.skip(5)
    else:
        _skip_operating_points(reader)
    width_bits, height_bits = reader.read(4) + 1, reader.read(4) + 1
    return reader.read(width_bits) + 1, reader.read(height_bits) + 1


def _skip_operating_points(reader: BitReader) -> None:
    has_model = 0
    delay_bits = 0
    if reader.read(1):
        reader.skip(64)
        if reader.read(1):
            reader.ue()
        has_model = reader.read(1)
        if has_model:
            delay_bits = reader.read(5) + 1
            reader.skip(32 + 5 + 5)
    has_display_delay = reader.read(1)
    for _ in range(reader.read(5) + 1):
        reader.skip(12)
        if reader.read(5) > 7:
            reader.skip(1)
        if has_model and reader.read(1):
            reader.skip(2 * delay_bits + 1)
        if has_display_delay and reader.read(1):
            reader.skip(4)
