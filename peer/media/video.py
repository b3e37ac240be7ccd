"""What every codec for pictures does."""

from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple, Protocol

from av import VideoFrame

from peer.records import dataclass
from peer.rtp import TemporalLayer


class EncodedPicture(NamedTuple):
    """What an encoder made of a picture: a frame as depayloaders give it.

    `quantizer` is the codec's own, as statistics have it (W3C qpSum): the higher the coarser.
    Pictures that take turns in temporal layers have their `layer`.
    """

    data: bytes
    is_key: bool
    quantizer: int | None = None
    layer: TemporalLayer | None = None


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How to encode: `parameters` are the format's, as the peer has them in its description.

    The rate is in bits per second; `set_rate` changes it. Encoders that can have so many
    `temporal_layers`.
    """

    parameters: Mapping[str, object] = field(default_factory=dict)
    bitrate: int = 1_000_000
    frame_rate: float = 30.0
    temporal_layers: int = 1


class VideoEncoder(Protocol):
    """Pictures to frames. Not to be used by two threads at a time."""

    def encode(self, picture: VideoFrame, *, key: bool) -> EncodedPicture | None:
        """Encode a picture of yuv420p, of another size than the one before if need be.

        With `key` it needs no other. None when it is left out to keep to the rate.
        """

    def set_rate(self, bitrate: int, frame_rate: float) -> None:
        """Aim at so many bits per second, of so many pictures, from the next one on.

        That alone makes no key frame.
        """


class VideoDecoder(Protocol):
    """Frames to pictures. Not to be used by two threads at a time."""

    def decode(self, data: bytes, timestamp: int) -> list[VideoFrame]:
        """Decode a frame; its time counts 1/90000 s. Raises what it likes when it cannot."""


def planes_of(picture: VideoFrame) -> list[tuple[int, int]]:
    """Return the addresses of a picture's planes, and the bytes of a line of each."""
    return [(plane.buffer_ptr, plane.line_size) for plane in picture.planes]


def crop(picture: VideoFrame, width: int, height: int) -> VideoFrame:
    """Return a copy of the left upper part of a picture of yuv420p."""
    copy = VideoFrame(width, height, "yuv420p")
    for index, (into, plane) in enumerate(zip(copy.planes, picture.planes, strict=True)):
        columns, lines = (width, height) if index == 0 else ((width + 1) // 2, (height + 1) // 2)
        source, stride = memoryview(plane), plane.line_size
        padding = bytes(into.line_size - columns)
        parts = [
            part
            for begin in range(0, lines * stride, stride)
            for part in (source[begin : begin + columns], padding)
        ]
        into.update(b"".join(parts).ljust(into.buffer_size, b"\0"))
    return copy
