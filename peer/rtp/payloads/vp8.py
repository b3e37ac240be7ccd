"""VP8 in RTP (RFC 7741)."""

from .packetizing import Room, TemporalLayer, split_evenly
from .piece import Layers, PayloadDrop, Piece, is_too_large

_KEY_HEADER = 10
_DESCRIPTOR = 4


class Vp8Depayloader:
    """Takes the payload descriptor off (§4.2) and looks at the payload header (§4.3)."""

    def read(self, payload: bytes) -> Piece | PayloadDrop:
        """Return what a payload that is not empty holds."""
        first = payload[0]
        size = len(payload)
        begin = 1
        layers = None
        if first & 0x80:
            if size < 2:
                return PayloadDrop.TRUNCATED
            extension = payload[1]
            begin = 2
            if extension & 0xF0:
                # A missing byte reads as 0, and the end shows in `begin`.
                layers, begin = _read_layers(payload[2:7] + b"\0\0\0\0\0", extension, begin)
        if begin >= size:
            return PayloadDrop.TRUNCATED
        if first & 0x17 != 0x10:
            # Not the beginning of the first partition: no payload header is in it.
            return Piece(payload[begin:], False, True, False, not first & 0x20, layers)
        if payload[begin] & 1:
            return Piece(payload[begin:], True, False, False, not first & 0x20, layers)
        if size - begin < _KEY_HEADER:
            return PayloadDrop.TRUNCATED
        width = int.from_bytes(payload[begin + 6 : begin + 8], "little") & 0x3FFF
        height = int.from_bytes(payload[begin + 8 : begin + 10], "little") & 0x3FFF
        if is_too_large(width, height):
            return PayloadDrop.PICTURE_TOO_LARGE
        return Piece(payload[begin:], True, False, True, True, layers, (width, height))

    def assemble(self, pieces: list[Piece]) -> bytes:
        """Return the frame that consecutive pieces make."""
        return b"".join([piece.data for piece in pieces])


class Vp8Packetizer:
    """Puts a payload descriptor before each part of a frame (§4.2).

    Frames are numbered with 15 bits, from `picture_id` on, those of the lowest layer of several
    with 8 bits besides.
    """

    def __init__(self, picture_id: int = 0) -> None:
        self._picture_id = picture_id & 0x7FFF
        self._base = 0

    def pack(self, frame: bytes, room: Room, layer: TemporalLayer | None = None) -> list[bytes]:
        """Return the payloads of a frame; its partitions are not told apart."""
        if not frame:
            return []
        head, fields, said = 0x80, 0x80, b""
        if layer is not None:
            self._base = (self._base + (layer.temporal == 0)) & 0xFF
            fields |= 0x60
            said = bytes((self._base, layer.temporal << 6 | layer.is_sync << 5))
            head |= 0 if layer.is_reference else 0x20
        number = bytes((fields, 0x80 | self._picture_id >> 8, self._picture_id & 0xFF)) + said
        self._picture_id = (self._picture_id + 1) & 0x7FFF
        parts = split_evenly(frame, room.less(_DESCRIPTOR + len(said)))
        return [
            bytes((head if index else head | 0x10,)) + number + part
            for index, part in enumerate(parts)
        ]


def _read_layers(rest: bytes, extension: int, begin: int) -> tuple[Layers, int]:
    """Read the optional fields (I, L, T, K); returns where they end in the payload."""
    at = 0
    picture_id, bits, tl0, temporal, key_index, sync = -1, 15, -1, -1, -1, False
    if extension & 0x80:
        picture_id, bits = rest[at] & 0x7F, 7
        at += 1
        if rest[at - 1] & 0x80:
            picture_id, bits = picture_id << 8 | rest[at], 15
            at += 1
    if extension & 0x40:
        tl0 = rest[at]
        at += 1
    if extension & 0x30:
        if extension & 0x20:
            temporal, sync = rest[at] >> 6, bool(rest[at] & 0x20)
        if extension & 0x10:
            key_index = rest[at] & 0x1F
        at += 1
    return Layers(picture_id, bits, tl0, temporal, sync, key_index), begin + at
