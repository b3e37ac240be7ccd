"""What encoders give, of whatever kind of media."""

from typing import Any, NamedTuple, Protocol

from av import VideoFrame
from av.frame import Frame
from av.packet import Packet

from .encoded_media import MediaData
from .measure import Loudness
from .outbound import EncodedFrame


class Encoded(NamedTuple):
    """What became of a frame, how loud it is, and the seconds it took.

    `data` is what was encoded: pictures may have been made smaller.
    """

    frames: list[EncodedFrame]
    loudness: Loudness | None
    seconds: float
    data: Any


class MediaEncoder(Protocol):
    """Makes frames of what a track gives, or takes packets that are encoded already."""

    async def encode(self, data: MediaData, *, keyframe: bool) -> Encoded:
        """Encode a frame; whatever the codec raises when it cannot be."""

    def limit(self, bitrate: int | None, now: float) -> None:
        """Stay within so many bits per second from now on."""

    def note_loss(self, fraction: float, room: int | None) -> None:
        """Note how much of it the peer misses, and the bits per second that sound has room for."""

    def leave_out(self, data: VideoFrame) -> None:
        """Note a picture for which there is no room: those that follow get no larger for it."""


def timestamp_of(data: "Frame | Packet[Any]", clock_rate: int) -> int:
    """Return the time of a frame or a packet; ValueError when it has none."""
    # Each look at it makes a fraction, which is slow.
    pts, base = data.pts, data.time_base
    if pts is None or base is None:
        raise ValueError("what has no time cannot be sent")
    whole, rest = divmod(pts * base.numerator * clock_rate, base.denominator)
    return whole if not rest else round(pts * base * clock_rate)
