"""What a peer's decoder takes: how large pictures, how many of them, at which bitrate.

It says so with its formats, H.264 by a level (ITU-T H.264 Table A-1) that single parameters go
beyond (RFC 6184 §8.1), VP8 and VP9 by such parameters alone (RFC 7741 §6.1, RFC 9628 §6.1).
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

_BLOCK = 16
_STEP = 1.01
_LEVELS = {
    10: (99, 1_485, 64),
    11: (396, 3_000, 192),
    12: (396, 6_000, 384),
    13: (396, 11_880, 768),
    20: (396, 11_880, 2_000),
    21: (792, 19_800, 4_000),
    22: (1_620, 20_250, 4_000),
    30: (1_620, 40_500, 10_000),
    31: (3_600, 108_000, 14_000),
    32: (5_120, 216_000, 20_000),
    40: (8_192, 245_760, 20_000),
    41: (8_192, 245_760, 50_000),
    42: (8_704, 522_240, 50_000),
    50: (22_080, 589_824, 135_000),
    51: (36_864, 983_040, 240_000),
    52: (36_864, 2_073_600, 240_000),
    60: (139_264, 4_177_920, 240_000),
    61: (139_264, 8_355_840, 480_000),
    62: (139_264, 16_711_680, 800_000),
}
"""By level: blocks of 16 x 16 pixels in a picture and in a second, and kilobits in a second."""
_LEVEL_1B = (99, 1_485, 128)
_IDC_1B = 9
DEFAULT_LEVEL = 31
"""That of a peer that names none, as libwebrtc has it."""


class PictureBounds(NamedTuple):
    """Blocks of 16 x 16 pixels in a picture and in a second, pictures and bits in a second."""

    blocks: float = math.inf
    blocks_per_second: float = math.inf
    frame_rate: float = math.inf
    bitrate: float = math.inf

    def scale(self, width: int, height: int) -> float:
        """Return by what both sides are to be divided at least, 1 where they are small enough."""
        scale = max(1.0, math.sqrt(width * height / _BLOCK**2 / self.blocks))
        while not self._holds(int(width / scale) & ~1, int(height / scale) & ~1):
            scale *= _STEP
        return scale

    def _holds(self, width: int, height: int) -> bool:
        sides = _blocks(width), _blocks(height)
        fits = sides[0] * sides[1] <= self.blocks and max(sides) <= math.sqrt(8 * self.blocks)
        return fits or sides == (1, 1)

    def rate(self, width: int, height: int) -> float:
        """Return how many pictures of a size there may be in a second."""
        return min(self.frame_rate, self.blocks_per_second / (_blocks(width) * _blocks(height)))


def bounds_of(mime_type: str, parameters: Mapping[str, object]) -> PictureBounds:
    """Return what the parameters of a format say; nothing else is bounded."""
    match mime_type.lower():
        case "video/h264":
            return _of_level(parameters)
        case "video/vp8" | "video/vp9":
            return PictureBounds(
                blocks=_number(parameters, "max-fs") or math.inf,
                frame_rate=_number(parameters, "max-fr") or math.inf,
            )
        case _:
            return PictureBounds()


def _of_level(parameters: Mapping[str, object]) -> PictureBounds:
    level = level_of(parameters)
    blocks, blocks_per_second, kilobits = _LEVEL_1B if level == _IDC_1B else _LEVELS[level]
    return PictureBounds(
        blocks=max(blocks, _number(parameters, "max-fs")),
        blocks_per_second=max(blocks_per_second, _number(parameters, "max-mbps")),
        bitrate=1000 * max(kilobits, _number(parameters, "max-br")),
    )


def level_of(parameters: Mapping[str, object]) -> int:
    """Return the level of H.264 as `level_idc` has it; 9 stands for level 1b."""
    try:
        profile, constraints, level = bytes.fromhex(str(parameters["profile-level-id"]))
    except (KeyError, ValueError):
        return DEFAULT_LEVEL
    if level == 11 and profile in (0x42, 0x4D, 0x58) and constraints & 0x10:
        return _IDC_1B
    if level == _IDC_1B:
        return level
    # One that there is not counts as the one below.
    return max((known for known in _LEVELS if known <= level), default=min(_LEVELS))


def _number(parameters: Mapping[str, object], name: str) -> int:
    text = str(parameters.get(name, ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _blocks(side: int) -> int:
    return max(1, -(-side // _BLOCK))
