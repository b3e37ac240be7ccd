"""What every audio codec does, and how loud sound is."""

import math
from typing import NamedTuple, Protocol

from av import AudioFrame

MEASURED = 60
"""Samples of a packet that are looked at to tell how loud it is, or a few more."""
QUIETEST = -127
_FULL_SCALE = 32768


class AudioPacket(NamedTuple):
    """One payload; `timestamp` counts the codec's RTP clock from any origin.

    `level` is in dBov, -127 to 0 (RFC 6464), None where nobody knows. `first` marks
    the first one, and the first after silence that was not sent (RFC 3551 §4.1). `voice` tells
    that there may be one in it. `loudness` is that of the samples in it, 0 to 1, None where nobody
    measured it or the frame that completed it is not as long.
    """

    payload: bytes
    timestamp: int
    level: int | None
    first: bool
    voice: bool = True
    loudness: float | None = None


class AudioEncoder(Protocol):
    """Frames of sound to payloads. Not to be used by two threads at a time."""

    def encode(self, frame: AudioFrame) -> list[AudioPacket]:
        """Take a frame of any rate, layout, format and length; what is left over waits."""

    def set_bitrate(self, bitrate: int | None, room: int | None = None) -> None:
        """Take so many bits per second of payload; None: what the codec likes best.

        It is less where there is less `room`.
        """

    def set_loss(self, fraction: float) -> None:
        """Say how much of it the peer misses."""


class AudioDecoder(Protocol):
    """Payloads to interleaved samples of 16 bits. Not to be used by two threads at a time.

    `rate` and `channels` are those of what it gives, whatever the payload holds.
    """

    rate: int
    channels: int

    def decode(self, payload: bytes) -> bytes:
        """Decode a payload; ValueError when it is malformed."""

    def decode_copy(self, payload: bytes, samples: int) -> bytes:
        """Give the `samples` missing before a payload, from the copy of them in it, if any."""

    def conceal(self, samples: int) -> bytes:
        """Give something in place of missing samples that goes on as it sounded, and fades."""

    def comfort(self, samples: int) -> bytes:
        """Give what is heard while the sender has nothing to say."""


def loudness_of(pcm: bytes) -> float:
    """Tell how loud samples of 16 bits are, 0 to 1, from some of them."""
    samples = memoryview(pcm).cast("h")
    # An odd step comes by both channels.
    measured = samples[:: len(samples) // MEASURED | 1].tolist()
    if not measured:
        return 0.0
    return min(1.0, math.hypot(*measured) / math.sqrt(len(measured)) / _FULL_SCALE)


def level_of(loudness: float) -> int:
    """Return a loudness, 0 to 1, in dBov."""
    return max(QUIETEST, round(20 * math.log10(loudness))) if loudness else QUIETEST
