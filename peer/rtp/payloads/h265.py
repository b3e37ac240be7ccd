"""H.265 in RTP (RFC 7798), one transmission without decoding order numbers."""

from collections.abc import Sequence
from typing import NamedTuple

from .annexb import (
    START_CODE,
    ParameterSets,
    cut_unit,
    join_units,
    pack_units,
    split_aggregate,
    split_units,
)
from .bits import BitReader, unescape
from .packetizing import Room, TemporalLayer
from .piece import MAX_UNITS, PayloadDrop, Piece, is_too_large

_VPS, _SPS, _PPS, _DELIMITER, _FILLER = 32, 33, 34, 35, 38
_AGGREGATE, _FRAGMENT, _LAST = 48, 49, 47
_IRAP = range(16, 24)
_MAX_SUB_LAYERS = 6


class H265Sequence(NamedTuple):
    """What a sequence parameter set says: its id, and what is shown of pictures of a coded size."""

    number: int
    width: int
    height: int
    coded_width: int
    coded_height: int


class H265Depayloader:
    """Reads NAL units, aggregates and fragments; `sprop` are parameter sets of the description."""

    def __init__(self, sprop: Sequence[bytes] = ()) -> None:
        self._sets = ParameterSets((_VPS, _SPS, _PPS))
        for unit in sprop:
            if len(unit) > 2:
                self._note(unit)

    def read(self, payload: bytes) -> Piece | PayloadDrop:
        """Return what a payload that is not empty holds."""
        if len(payload) < 3:
            return PayloadDrop.TRUNCATED
        kind = payload[0] >> 1 & 0x3F
        if kind == _FRAGMENT:
            return self._read_fragment(payload)
        if kind == _AGGREGATE:
            units = split_aggregate(payload, 2)
        elif kind <= _LAST:
            units = [payload]
        else:
            return PayloadDrop.UNSUPPORTED
        if not units or min(map(len, units)) < 3:
            return PayloadDrop.TRUNCATED
        if len(units) > MAX_UNITS:
            return PayloadDrop.TOO_MANY_UNITS
        return self._read_units(units)

    def assemble(self, pieces: list[Piece]) -> bytes:
        """Return the frame that consecutive pieces make, with parameter sets before a key frame."""
        return self._sets.join(pieces)

    def _read_units(self, units: list[bytes]) -> Piece | PayloadDrop:
        data = []
        is_key = False
        size = None
        for unit in units:
            kind = unit[0] >> 1 & 0x3F
            if kind == _FILLER:
                continue
            if _VPS <= kind <= _PPS:
                noted = self._note(unit)
                if isinstance(noted, PayloadDrop):
                    return noted
                size = noted or size
            is_key = is_key or kind in _IRAP
            data.append(START_CODE + unit)
        later = _is_later_slice(units[0])
        return Piece(b"".join(data), False, later, is_key, size=size)

    def _read_fragment(self, payload: bytes) -> Piece | PayloadDrop:
        if len(payload) < 4:
            return PayloadDrop.TRUNCATED
        header = payload[2]
        if not header & 0x80:
            return Piece(payload[3:], continues=True)
        kind = header & 0x3F
        unit = bytes((payload[0] & 0x81 | kind << 1, payload[1])) + payload[3:]
        return Piece(START_CODE + unit, False, _is_later_slice(unit), kind in _IRAP)

    def _note(self, unit: bytes) -> tuple[int, int] | PayloadDrop | None:
        """Remember a parameter set; returns the size of pictures that one for sequences tells."""
        kind = unit[0] >> 1 & 0x3F
        try:
            if kind != _SPS:
                self._sets.note(kind, read_set_number(unit), unit)
                return None
            told = read_sps(unit)
        except ValueError:
            return PayloadDrop.TRUNCATED
        if is_too_large(told.coded_width, told.coded_height):
            return PayloadDrop.PICTURE_TOO_LARGE
        self._sets.note(kind, told.number, unit)
        return told.width, told.height


class H265Packetizer:
    """Units alone, several in an AP, or one in FUs.

    Before an IRAP picture that brings no parameter sets come those of before. Delimiters and
    fillers are left out.
    """

    def __init__(self) -> None:
        self._sets = ParameterSets((_VPS, _SPS, _PPS))

    def pack(self, frame: bytes, room: Room, layer: TemporalLayer | None = None) -> list[bytes]:
        """Return the payloads of an access unit, with start codes in it or sizes of 32 bits."""
        units = [unit for unit in split_units(frame) if len(unit) > 2]
        kinds = {unit[0] >> 1 & 0x3F for unit in units}
        for unit in units:
            self._note(unit)
        units = [unit for unit in units if unit[0] >> 1 & 0x3F not in (_DELIMITER, _FILLER)]
        if not kinds.isdisjoint(_IRAP) and not {_VPS, _SPS, _PPS} <= kinds:
            units[:0] = [unit for unit in self._sets.units() if unit not in units]
        return pack_units(units, room, self, 2)

    def join(self, units: list[bytes]) -> bytes:
        """Return an AP, of the lowest layers of its units (§4.4.2)."""
        layer = min((unit[0] & 1) << 5 | unit[1] >> 3 for unit in units)
        temporal = min(unit[1] & 7 for unit in units)
        head = bytes((_AGGREGATE << 1 | layer >> 5, layer << 3 & 0xFF | temporal))
        return head + join_units(units)

    def cut(self, unit: bytes, room: Room) -> list[bytes]:
        """Return FUs (§4.4.3)."""
        head = bytes((unit[0] & 0x81 | _FRAGMENT << 1, unit[1]))
        return cut_unit(unit[2:], room, head, unit[0] >> 1 & 0x3F)

    def _note(self, unit: bytes) -> None:
        kind = unit[0] >> 1 & 0x3F
        if _VPS <= kind <= _PPS:
            try:
                self._sets.note(kind, read_set_number(unit), unit)
            except ValueError:
                # Whoever decodes it may be cleverer.
                return


def read_sequences(frame: bytes) -> list[H265Sequence]:
    """Return what the sequence parameter sets of an access unit say; ValueError as `read_sps`."""
    return [read_sps(unit) for unit in split_units(frame) if unit[0] >> 1 & 0x3F == _SPS]


def read_set_number(unit: bytes) -> int:
    """Return the id of a parameter set (H.265 §7.3.2); ValueError when cut off."""
    kind = unit[0] >> 1 & 0x3F
    if kind == _VPS:
        return unit[2] >> 4
    if kind == _PPS:
        return BitReader(unescape(unit[2:34])).ue()
    return read_sps(unit).number


def _is_later_slice(unit: bytes) -> bool:
    """Tell whether a unit is a slice that is not the first of its picture (H.265 §7.3.6.1)."""
    return unit[0] >> 1 & 0x3F < 32 and unit[2] < 0x80


def read_sps(unit: bytes) -> H265Sequence:
    """Read a sequence parameter set (H.265 §7.3.2.2.1); ValueError when it is cut off."""
    reader = BitReader(unescape(unit[2:]))
    reader.skip(4)
    layers = min(reader.read(3), _MAX_SUB_LAYERS)
    reader.skip(1)
    _skip_profiles(reader, layers)
    number = reader.ue()
    chroma = reader.ue()
    if chroma == 3:
        reader.skip(1)
    width, height = coded = reader.ue(), reader.ue()
    if reader.read(1):
        left, right, top, bottom = (reader.ue() for _ in range(4))
        width -= (left + right) * (2 if chroma in (1, 2) else 1)
        height -= (top + bottom) * (2 if chroma == 1 else 1)
    if width <= 0 or height <= 0:
        raise ValueError("a picture without pixels")
    return H265Sequence(number, width, height, *coded)


def _skip_profiles(reader: BitReader, layers: int) -> None:
    """Go past profile_tier_level (§7.3.3)."""
    reader.skip(96)
    present = [(reader.read(1), reader.read(1)) for _ in range(layers)]
    if layers:
        reader.skip(2 * (8 - layers))
    for profile, level in present:
        reader.skip(88 * profile + 8 * level)
