"""Parameter sets that files keep beside their pictures (ISO/IEC 14496-15 §5.3.3.1, §8.3.3.1)."""

from .annexb import START_CODE, split_units

_VERSION = 1
_AVC_HEADER = 5
_HEVC_HEADER = 22


def parameter_sets(mime_type: str, configuration: bytes) -> list[bytes]:
    """Return the parameter sets of H.264 or H.265 from what a file says of the whole stream.

    That is a decoder configuration record, or units with start codes; of one that is cut off it is
    as many as are whole.
    """
    if configuration[:1] != bytes((_VERSION,)):
        return split_units(configuration)
    if mime_type.lower() == "video/h264":
        return _read_avc(configuration)
    return _read_hevc(configuration)


def with_parameter_sets(mime_type: str, configuration: bytes, frame: bytes) -> bytes:
    """Return a key frame with start codes before its units, and its parameter sets in front."""
    units = split_units(frame)
    missing = [unit for unit in parameter_sets(mime_type, configuration) if unit not in units]
    return b"".join([START_CODE + unit for unit in missing + units])


def _read_avc(data: bytes) -> list[bytes]:
    units: list[bytes] = []
    at = _AVC_HEADER
    for mask in (0x1F, 0xFF):
        count = data[at] & mask if at < len(data) else 0
        at = _read_units(data, at + 1, count, units)
    return units


def _read_hevc(data: bytes) -> list[bytes]:
    units: list[bytes] = []
    arrays = data[_HEVC_HEADER] if len(data) > _HEVC_HEADER else 0
    at = _HEVC_HEADER + 1
    for _ in range(arrays):
        # The type of the units, then how many they are.
        count = int.from_bytes(data[at + 1 : at + 3], "big")
        at = _read_units(data, at + 3, count, units)
    return units


def _read_units(data: bytes, at: int, count: int, units: list[bytes]) -> int:
    """Add units with sizes of 16 bits before them; returns where they end."""
    for _ in range(count):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or end == at + 2:
            return len(data)
        units.append(data[at + 2 : end])
        at = end
    return at
