"""VP9 in RTP (RFC 9628); a frame is a whole picture, with all its spatial layers.

No picture is known to be of no use to others: Z says that *higher spatial layers* do not need one
(§4.2), and is set in every picture of a single layer.
"""

from .bits import BitReader
from .packetizing import Room, TemporalLayer, split_evenly
from .piece import Layers, PayloadDrop, Piece, is_too_large

_MAX_REFERENCES = 3
_MAX_FRAMES = 8
_DESCRIPTOR = 3
_STRUCTURE = 8
_MAX_TOLD_SIDE = 0xFFFF


class Vp9Depayloader:
    """Takes the payload descriptor off (§4.2)."""

    def read(self, payload: bytes) -> Piece | PayloadDrop:
        """Return what a payload that is not empty holds."""
        try:
            return _read(payload)
        except IndexError:
            return PayloadDrop.TRUNCATED

    def assemble(self, pieces: list[Piece]) -> bytes:
        """Return the picture that consecutive pieces make: a superframe if it has layers."""
        data = b"".join([piece.data for piece in pieces])
        # Every layer but the last has its end marked.
        sizes, size = [], 0
        for piece in pieces:
            size += len(piece.data)
            if not piece.goes_on:
                sizes.append(size)
                size = 0
        if size:
            sizes.append(size)
        if not 1 < len(sizes) <= _MAX_FRAMES:
            return data
        marker = bytes((0xC0 | 3 << 3 | len(sizes) - 1,))
        return b"".join([data, marker, *(n.to_bytes(4, "little") for n in sizes), marker])


class Vp9Packetizer:
    """Puts a payload descriptor before each part of a picture of one layer (§4.2).

    Each picture refers to the one before it, which the structure says that comes with key frames
    (§4.2.1). Pictures are numbered with 15 bits, from `picture_id` on.
    """

    def __init__(self, picture_id: int = 0) -> None:
        self._picture_id = picture_id & 0x7FFF

    def pack(self, frame: bytes, room: Room, layer: TemporalLayer | None = None) -> list[bytes]:
        """Return the payloads of a picture; ValueError when it is larger than can be said."""
        if not frame:
            return []
        size = read_size(frame)
        if size is not None and max(size) > _MAX_TOLD_SIDE:
            raise ValueError(f"a picture of {size[0]}x{size[1]} pixels")
        number = bytes((0x80 | self._picture_id >> 8, self._picture_id & 0xFF))
        self._picture_id = (self._picture_id + 1) & 0x7FFF
        room = room.less(_DESCRIPTOR)
        if size is not None:
            room = room._replace(first=room.first + _STRUCTURE)
        parts = split_evenly(frame, room)
        structure = b"" if size is None else _structure(*size)
        payloads = []
        for index, part in enumerate(parts):
            head = 0x80 | (size is None) << 6 | (index == 0) << 3 | (index == len(parts) - 1) << 2
            if index == 0 and structure:
                payloads.append(bytes((head | 0x02,)) + number + structure + part)
            else:
                payloads.append(bytes((head,)) + number + part)
        return payloads


def _structure(width: int, height: int) -> bytes:
    """Return the structure of one layer whose pictures refer to the one before."""
    sides = width.to_bytes(2, "big") + height.to_bytes(2, "big")
    return b"\x18" + sides + b"\x01\x04\x01"


def _read(payload: bytes) -> Piece | PayloadDrop:
    first = payload[0]
    layers, spatial, at = _read_layers(payload, first)
    if layers.references is not None and len(layers.references) > _MAX_REFERENCES:
        return PayloadDrop.TRUNCATED
    if first & 0x02:
        at = _skip_structure(payload, at)
    data = payload[at:]
    if not data:
        return PayloadDrop.TRUNCATED
    begins = bool(first & 0x08) and spatial == 0
    is_key = begins and not first & 0x40
    size = read_size(data) if is_key else None
    if size is not None and is_too_large(*size):
        return PayloadDrop.PICTURE_TOO_LARGE
    return Piece(
        data,
        begins=begins,
        continues=not begins,
        is_key=is_key,
        layers=layers,
        size=size,
        goes_on=not first & 0x04,
    )


def _read_layers(payload: bytes, first: int) -> tuple[Layers, int, int]:
    """Read the optional fields I, L and P_DIFF; returns the spatial layer and where they end."""
    at = 1
    picture_id, bits = -1, 15
    if first & 0x80:
        picture_id, bits = payload[at] & 0x7F, 7
        at += 1
        if payload[at - 1] & 0x80:
            picture_id, bits = picture_id << 8 | payload[at], 15
            at += 1
    tl0, temporal, spatial, sync = -1, -1, 0, False
    flexible = first & 0x10
    if first & 0x20:
        layer = payload[at]
        temporal, sync, spatial = layer >> 5, bool(layer & 0x10), layer >> 1 & 7
        at += 1
        if not flexible:
            tl0 = payload[at]
            at += 1
    references: tuple[int, ...] | None = None
    if flexible:
        references, at = _read_references(payload, at) if first & 0x40 else ((), at)
    return Layers(picture_id, bits, tl0, temporal, sync, -1, references), spatial, at


def _read_references(payload: bytes, at: int) -> tuple[tuple[int, ...], int]:
    """Read P_DIFFs, each telling whether another follows; one more than is allowed at most."""
    references: list[int] = []
    while True:
        byte = payload[at]
        at += 1
        references.append(byte >> 1)
        if not byte & 1 or len(references) > _MAX_REFERENCES:
            return tuple(references), at


def _skip_structure(payload: bytes, at: int) -> int:
    """Return where the scalability structure ends (§4.2.1)."""
    head = payload[at]
    at += 1
    if head & 0x10:
        at += 4 * ((head >> 5) + 1)
    if head & 0x08:
        pictures = payload[at]
        at += 1
        for _ in range(pictures):
            at += 1 + (payload[at] >> 2 & 3)
    return at


def read_size(frame: bytes) -> tuple[int, int] | None:
    """Return the size of a key frame from its uncompressed header (VP9 bitstream §6.2).

    None when it is none, or cut off.
    """
    reader = BitReader(frame[:32])
    try:
        if reader.read(2) != 2:
            return None
        profile = reader.read(1) | reader.read(1) << 1
        if profile == 3:
            reader.skip(1)
        if reader.read(1) or reader.read(1):
            return None
        reader.skip(2)
        if reader.read(24) != 0x498342:
            return None
        if profile >= 2:
            reader.skip(1)
        if reader.read(3) != 7:
            reader.skip(4 if profile in (1, 3) else 1)
        elif profile in (1, 3):
            reader.skip(1)
        return reader.read(16) + 1, reader.read(16) + 1
    except ValueError:
        return None
