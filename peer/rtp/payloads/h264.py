"""H.264 in RTP (RFC 6184), packetization modes 0 and 1, from and to streams of NAL units."""

from collections.abc import Sequence
from typing import NamedTuple, Self

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

_SLICE, _IDR, _SPS, _PPS, _DELIMITER, _FILLER = 1, 5, 7, 8, 9, 12
_STAP_A, _FU_A = 24, 28
# Profiles that say how their colours are sampled; the others have 4:2:0 in 8 bits.
_WITH_CHROMA = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}
_MAX_CHROMA = 3


class SequenceParameters(NamedTuple):
    """What a sequence parameter set says of its pictures (H.264 §7.3.2.1.1).

    `width` and `height` are what is shown of whole macroblocks, the `coded` ones; `chroma` is
    chroma_format_idc, `depth` the bits of a sample, `references` how many pictures are kept.
    """

    number: int
    width: int
    height: int
    coded_width: int
    coded_height: int
    chroma: int
    depth: int
    references: int

    @classmethod
    def read(cls, unit: bytes) -> Self:
        """Read a NAL unit; ValueError when it is cut off or says nonsense."""
        reader = BitReader(unescape(unit[1:]))
        profile = reader.read(8)
        reader.skip(16)
        number = reader.ue()
        chroma, depth = _read_chroma(reader) if profile in _WITH_CHROMA else (1, 8)
        reader.ue()
        _skip_picture_order(reader)
        references = reader.ue()
        reader.skip(1)
        coded_width, coded_height = 16 * (reader.ue() + 1), 16 * (reader.ue() + 1)
        frames_only = reader.read(1)
        if not frames_only:
            # Fields: the map counts pairs of macroblocks.
            coded_height *= 2
            reader.skip(1)
        reader.skip(1)
        width, height = coded_width, coded_height
        if reader.read(1):
            left, right, top, bottom = (reader.ue() for _ in range(4))
            width -= (left + right) * (2 if chroma in (1, 2) else 1)
            height -= (top + bottom) * (2 if chroma == 1 else 1) * (1 if frames_only else 2)
        if width <= 0 or height <= 0:
            raise ValueError("a picture without pixels")
        return cls(number, width, height, coded_width, coded_height, chroma, depth, references)


class H264Depayloader:
    """Reads NAL units, aggregates and fragments; `sprop` are parameter sets of the description.

    A decoder can begin with an IDR picture when it has the parameter sets: where its packets do
    not bring them, those of before are put in front.
    """

    def __init__(self, sprop: Sequence[bytes] = ()) -> None:
        self._sets = ParameterSets((_SPS, _PPS))
        for unit in sprop:
            if unit:
                self._note(unit)

    def read(self, payload: bytes) -> Piece | PayloadDrop:
        """Return what a payload that is not empty holds."""
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            return self._read_fragment(payload)
        if kind == _STAP_A:
            units = split_aggregate(payload, 1)
        elif 1 <= kind <= 23:
            units = [payload]
        elif kind in (0, 30, 31):
            return Piece(b"", is_reference=False)
        else:
            return PayloadDrop.UNSUPPORTED
        if not units:
            return PayloadDrop.TRUNCATED
        if len(units) > MAX_UNITS:
            return PayloadDrop.TOO_MANY_UNITS
        return self._read_units(units)

    def assemble(self, pieces: list[Piece]) -> bytes:
        """Return the frame that consecutive pieces make, with parameter sets before a key frame."""
        return self._sets.join(pieces)

    def _read_units(self, units: list[bytes]) -> Piece | PayloadDrop:
        data = []
        is_key = is_reference = False
        size = None
        for unit in units:
            kind = unit[0] & 0x1F
            if kind == _FILLER:
                continue
            if kind in (_SPS, _PPS):
                noted = self._note(unit)
                if isinstance(noted, PayloadDrop):
                    return noted
                size = noted or size
            is_key = is_key or kind == _IDR
            is_reference = is_reference or bool(unit[0] & 0x60)
            data.append(START_CODE + unit)
        return Piece(
            b"".join(data),
            continues=_is_later_slice(units[0]),
            is_key=is_key,
            is_reference=is_reference,
            size=size,
        )

    def _read_fragment(self, payload: bytes) -> Piece | PayloadDrop:
        if len(payload) < 3:
            return PayloadDrop.TRUNCATED
        indicator, header = payload[0], payload[1]
        is_reference = bool(indicator & 0x60)
        if not header & 0x80:
            return Piece(payload[2:], continues=True, is_reference=is_reference)
        unit = bytes((indicator & 0xE0 | header & 0x1F,)) + payload[2:]
        is_key = header & 0x1F == _IDR
        later = _is_later_slice(unit)
        return Piece(START_CODE + unit, False, later, is_key, is_reference)

    def _note(self, unit: bytes) -> tuple[int, int] | PayloadDrop | None:
        """Remember a parameter set; returns the size of pictures that one for sequences tells."""
        try:
            if unit[0] & 0x1F != _SPS:
                self._sets.note(_PPS, read_set_number(unit), unit)
                return None
            told = SequenceParameters.read(unit)
        except ValueError:
            return PayloadDrop.TRUNCATED
        if is_too_large(told.width, told.height):
            return PayloadDrop.PICTURE_TOO_LARGE
        self._sets.note(_SPS, told.number, unit)
        return told.width, told.height


class H264Packetizer:
    """Units alone, several in a STAP-A, or one in FU-As; in mode 0 each alone (§6.2, §6.3).

    Before an IDR picture that brings no parameter sets come those of before. Delimiters and
    fillers are left out.
    """

    def __init__(self, mode: int = 1) -> None:
        self._mode = mode
        self._sets = ParameterSets((_SPS, _PPS))

    def pack(self, frame: bytes, room: Room, layer: TemporalLayer | None = None) -> list[bytes]:
        """Return the payloads of an access unit, with start codes in it or sizes of 32 bits."""
        units = self._prepare(split_units(frame))
        return pack_units(units, room, self, 1) if self._mode else units

    def join(self, units: list[bytes]) -> bytes:
        """Return a STAP-A, as important as the most important of its units (§5.7)."""
        head = max(unit[0] & 0x60 for unit in units) | _STAP_A
        return bytes((head,)) + join_units(units)

    def cut(self, unit: bytes, room: Room) -> list[bytes]:
        """Return FU-As (§5.8)."""
        head = bytes((unit[0] & 0xE0 | _FU_A,))
        return cut_unit(unit[1:], room, head, unit[0] & 0x1F)

    def _prepare(self, units: list[bytes]) -> list[bytes]:
        kinds = [unit[0] & 0x1F for unit in units]
        for kind, unit in zip(kinds, units, strict=True):
            if kind in (_SPS, _PPS):
                self._note(kind, unit)
        sent = [
            unit
            for kind, unit in zip(kinds, units, strict=True)
            if kind not in (_DELIMITER, _FILLER)
        ]
        if _IDR in kinds and not {_SPS, _PPS} <= set(kinds):
            sent[:0] = [unit for unit in self._sets.units() if unit not in sent]
        return sent

    def _note(self, kind: int, unit: bytes) -> None:
        try:
            number = read_set_number(unit)
        except ValueError:
            # Whoever decodes it may be cleverer.
            return
        self._sets.note(kind, number, unit)


def read_set_number(unit: bytes) -> int:
    """Return the id of a parameter set (H.264 §7.3.2.1.1, §7.3.2.2); ValueError when cut off."""
    begin = 4 if unit[0] & 0x1F == _SPS else 1
    return BitReader(unescape(unit[begin : begin + 32])).ue()


def _is_later_slice(unit: bytes) -> bool:
    """Tell whether a unit is a slice that is not the first of its picture.

    The number of its first macroblock comes first (H.264 §7.3.3): 0 is a bit of 1.
    """
    return unit[0] & 0x1F in (_SLICE, _IDR) and len(unit) > 1 and unit[1] < 0x80


def _read_chroma(reader: BitReader) -> tuple[int, int]:
    """Return how colours are sampled, and in how many bits."""
    chroma = reader.ue()
    if chroma > _MAX_CHROMA:
        raise ValueError("an unknown chroma format")
    if chroma == 3:
        reader.skip(1)
    depth = 8 + max(reader.ue(), reader.ue())
    reader.skip(1)
    if reader.read(1):
        for index in range(12 if chroma == 3 else 8):
            if reader.read(1):
                _skip_scaling_list(reader, 16 if index < 6 else 64)
    return chroma, depth


def _skip_scaling_list(reader: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + reader.se()) % 256
        last = following or last


def _skip_picture_order(reader: BitReader) -> None:
    kind = reader.ue()
    if kind == 0:
        reader.ue()
    elif kind == 1:
        reader.skip(1)
        reader.se()
        reader.se()
        for _ in range(min(reader.ue(), 255)):
            reader.se()
