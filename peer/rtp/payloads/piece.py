"""What the payload of one video packet says, in the same words for every codec."""

import enum
from typing import NamedTuple, Protocol

MAX_UNITS = 256
"""NAL units or OBUs in one packet."""
MAX_SIDE = 16_384
"""Pixels of the longer side of a picture."""
MAX_PIXELS = 1 << 25
"""Pixels of a whole picture."""


class PayloadDrop(enum.Enum):
    """Why a payload is of no use; its frame is not either."""

    TRUNCATED = "payload-truncated"
    UNSUPPORTED = "payload-unsupported"
    TOO_MANY_UNITS = "payload-too-many-units"
    PICTURE_TOO_LARGE = "payload-picture-too-large"


class Layers(NamedTuple):
    """Where a picture stands among the others; -1 for what the packet does not say.

    `tl0` counts pictures of the lowest temporal layer (TL0PICIDX). A `sync` picture needs
    nothing of its own or a higher layer; `references` are the pictures it needs when the sender
    names them, as differences to its `picture_id`, which counts with `picture_bits`.
    """

    picture_id: int = -1
    picture_bits: int = 15
    tl0: int = -1
    temporal: int = -1
    sync: bool = False
    key_index: int = -1
    references: tuple[int, ...] | None = None


class Piece(NamedTuple):
    """A part of a frame."""

    data: bytes
    begins: bool = False
    """It is the first of its frame."""
    continues: bool = False
    """It cannot be the first of its frame."""
    is_key: bool = False
    """Its frame needs no other."""
    is_reference: bool = True
    """Other frames may need it."""
    layers: Layers | None = None
    size: tuple[int, int] | None = None
    """Width and height, where they are said."""
    units: tuple[bytes, ...] = ()
    goes_on: bool = False
    """Its last unit goes on in the next packet."""

    @property
    def announces_key(self) -> bool:
        """Tell whether it is of a key frame, or of the parameters that come before one."""
        return self.is_key or self.size is not None


class Depayloader(Protocol):
    """Reads the payloads of one codec; what it must remember of the stream it remembers."""

    def read(self, payload: bytes) -> Piece | PayloadDrop:
        """Return what a payload that is not empty holds."""

    def assemble(self, pieces: list[Piece]) -> bytes:
        """Return the frame that consecutive pieces make, as decoders take it.

        Nothing when they make none: a decoder could not begin with that key frame.
        """


def is_too_large(width: int, height: int) -> bool:
    """Tell whether a picture is larger than a decoder should be asked for."""
    return max(width, height) > MAX_SIDE or width * height > MAX_PIXELS
