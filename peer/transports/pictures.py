"""How large a picture is, and what decoding it takes, by its header alone.

VP8 says so in each picture that needs no other (RFC 6386 §9.1), H.264 in the sequence parameter
sets before one (ITU-T H.264 §7.3.2.1.1).
"""

from typing import NamedTuple

MAX_PARAMETER_SETS = 16
"""Sequence parameter sets that come with one picture."""
_MAX_SET = 512
"""Bytes of a parameter set that are read."""
_START_CODE = b"\x00\x00\x01"
_SEQUENCE_PARAMETER_SET = 7
_VP8_START_CODE = b"\x9d\x01\x2a"
_VP8_BUFFERS = 5
_EXTRA_BUFFERS = 3
# Profiles that say how their colours are sampled; the others have 4:2:0 in 8 bits.
_WITH_CHROMA = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})
_HALF_SAMPLES = (2, 3, 4, 6)
"""Twice the samples of a pixel, by chroma_format_idc."""


class Picture(NamedTuple):
    """The sides in pixels, and the bytes a decoder holds for all pictures it works with."""

    width: int
    height: int
    held_bytes: int

    @property
    def pixels(self) -> int:
        """How many pixels it has."""
        return self.width * self.height


def announced_pictures(codec: str, data: bytes) -> list[Picture]:
    """Return the pictures an encoded frame has a decoder make ready for, most often none.

    ValueError when its header cannot be read.
    """
    match codec.upper():
        case "VP8":
            return _vp8(data)
        case "H264":
            return _h264(data)
        case _:
            return []


def _vp8(data: bytes) -> list[Picture]:
    if len(data) < 10 or data[0] & 1 or data[3:6] != _VP8_START_CODE:
        return []
    width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return [Picture(width, height, width * height * 3 // 2 * _VP8_BUFFERS)]


def _h264(data: bytes) -> list[Picture]:
    found: list[Picture] = []
    at = data.find(_START_CODE)
    while at >= 0:
        begin = at + len(_START_CODE)
        at = data.find(_START_CODE, begin)
        if begin < len(data) and data[begin] & 0x1F == _SEQUENCE_PARAMETER_SET:
            if len(found) == MAX_PARAMETER_SETS:
                raise ValueError("too many parameter sets")
            end = len(data) if at < 0 else at
            found.append(_parameter_set(data[begin + 1 : min(end, begin + 1 + _MAX_SET)]))
    return found


def _parameter_set(data: bytes) -> Picture:
    bits = _Bits(data.replace(b"\x00\x00\x03", b"\x00\x00"))
    profile = bits.read(8)
    bits.read(16)
    bits.unsigned()
    chroma, depth = 1, 8
    if profile in _WITH_CHROMA:
        chroma, depth = _chroma(bits)
    bits.unsigned()
    _skip_order_count(bits)
    references = bits.unsigned()
    bits.read(1)
    width, height = (bits.unsigned() + 1) * 16, (bits.unsigned() + 1) * 16
    if not bits.read(1):
        # Fields: the map counts pairs of macroblocks.
        height *= 2
    size = width * height * _HALF_SAMPLES[chroma] // 2 * (1 + (depth > 8))
    return Picture(width, height, size * (references + _EXTRA_BUFFERS))


def _chroma(bits: "_Bits") -> tuple[int, int]:
    """Read how colours are sampled, and in how many bits."""
    chroma = bits.unsigned()
    if chroma >= len(_HALF_SAMPLES):
        raise ValueError("an unknown chroma format")
    if chroma == 3:
        bits.read(1)
    depth = 8 + max(bits.unsigned(), bits.unsigned())
    bits.read(1)
    if bits.read(1):
        for number in range(12 if chroma == 3 else 8):
            if bits.read(1):
                _skip_scaling_list(bits, 16 if number < 6 else 64)
    return chroma, depth


def _skip_scaling_list(bits: "_Bits", size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_order_count(bits: "_Bits") -> None:
    match bits.unsigned():
        case 0:
            bits.unsigned()
        case 1:
            bits.read(1)
            for _ in range(2):
                bits.unsigned()
            count = bits.unsigned()
            if count > 255:
                raise ValueError("too long a cycle")
            for _ in range(count):
                bits.unsigned()
        case _:
            return


class _Bits:
    """Bits from the highest on; ValueError beyond the last."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        if count > self._left:
            raise ValueError("a parameter set ends too early")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        """Read an Exp-Golomb code (ITU-T H.264 §9.1)."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("too long a code")
        return (1 << zeros) - 1 + self.read(zeros)

    def signed(self) -> int:
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)
