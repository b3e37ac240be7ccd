"""What H.264 and H.265 have in common: NAL units, start codes, parameter sets."""

from collections.abc import Iterable

from .piece import Piece

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

    def join(self, pieces: list[Piece]) -> bytes:
        """Return the frame that pieces make; nothing when a decoder could not begin with it.

        Before a key frame that brings no parameter sets stand those of before.
        """
        data = [piece.data for piece in pieces]
        if any(piece.is_key for piece in pieces):
            if not all(self._sets.values()):
                return b""
            if not any(piece.size for piece in pieces):
                data[:0] = [
                    START_CODE + unit for sets in self._sets.values() for unit in sets.values()
                ]
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
