"""How large a picture is, and what decoding it takes, by its header alone.

VP8 and VP9 say so in each picture that needs no other (RFC 6386 §9.1), H.264, H.265 and AV1 in
parameters before one (ITU-T H.264 §7.3.2.1.1).
"""

from typing import NamedTuple

from peer.rtp import SequenceParameters, coded_sizes

MAX_PARAMETER_SETS = 16
"""Sequence parameter sets that come with one picture."""
_MAX_SET = 512
"""Bytes of a parameter set that are read."""
_START_CODE = b"\x00\x00\x01"
_SEQUENCE_PARAMETER_SET = 7
_VP8_START_CODE = b"\x9d\x01\x2a"
_VP8_BUFFERS = 5
_EXTRA_BUFFERS = 3
_PICTURES_HELD = {"VP9": 11, "AV1": 11, "H265": 19}
"""All that may be referred to, and those at work."""
_BYTES_OF_PIXEL = 3
"""With 4:2:0 samples of 10 bits."""
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
        case name if name in _PICTURES_HELD:
            return [
                Picture(width, height, width * height * _BYTES_OF_PIXEL * _PICTURES_HELD[name])
                for width, height in coded_sizes(f"video/{name}", data)
            ]
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
            found.append(_parameter_set(data[begin : min(end, begin + _MAX_SET)]))
    return found


def _parameter_set(unit: bytes) -> Picture:
    told = SequenceParameters.read(unit)
    pixels = told.coded_width * told.coded_height
    size = pixels * _HALF_SAMPLES[told.chroma] // 2 * (1 + (told.depth > 8))
    return Picture(told.coded_width, told.coded_height, size * (told.references + _EXTRA_BUFFERS))
