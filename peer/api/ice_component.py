"""Components of an ICE stream as applications see them (W3C RTCIceComponent)."""

import enum
from typing import Self


class RTCIceComponent(int, enum.Enum):
    """What a candidate carries: the number that aiortc has, and equal to the W3C's word too."""

    RTP = 1, "rtp"
    RTCP = 2, "rtcp"

    def __new__(cls, number: int, word: str) -> Self:
        """Make a number whose value is a word."""
        made = int.__new__(cls, number)
        made._value_ = word
        return made

    def __eq__(self, other: object) -> bool:
        return bool(self.value == other if isinstance(other, str) else int(self) == other)

    __hash__ = int.__hash__
    __repr__ = __str__ = int.__repr__

    def __format__(self, format_spec: str) -> str:
        return int.__format__(self, format_spec)


_KNOWN = {int(one): one for one in RTCIceComponent}


def ice_component(number: int) -> int:
    """Return the component of a number, which stays a number where the W3C has no word."""
    return _KNOWN.get(number, number)
