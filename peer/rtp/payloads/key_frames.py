"""Which frames need no other, by the frames themselves."""

from .annexb import split_units
from .av1 import split_stream
from .vp9 import read_size

_IDR = 5
_IRAP = range(16, 22)
_SEQUENCE_HEADER = 1


def is_key_frame(mime_type: str, frame: bytes) -> bool:
    """Tell whether a whole picture, as encoders give it, needs no other."""
    match mime_type.lower():
        case "video/vp8":
            return bool(frame) and not frame[0] & 1
        case "video/vp9":
            return read_size(frame) is not None
        case "video/h264":
            return any(unit[0] & 0x1F == _IDR for unit in split_units(frame))
        case "video/h265":
            return any(unit[0] >> 1 & 0x3F in _IRAP for unit in split_units(frame))
        case "video/av1":
            return _begins_sequence(frame)
    return False


def _begins_sequence(frame: bytes) -> bool:
    try:
        return any(obu[0] >> 3 & 15 == _SEQUENCE_HEADER for obu in split_stream(frame))
    except ValueError:
        return False
