"""How long the sound in a payload is, for each codec: what the audio buffer must know of it."""

from collections.abc import Callable
from typing import NamedTuple

from .opus import read_opus


class Sound(NamedTuple):
    """The facts of one payload, in ticks of its RTP clock."""

    ticks: int
    fec_ticks: int = 0
    """How much of what is before it is repeated in it."""
    is_dtx: bool = False
    """The sender had nothing to say: no sound is in it, and the next packet may be far."""


SoundReader = Callable[[bytes], Sound | None]
"""Gives the facts of a payload; None when it is malformed."""

MIN_CLOCK_RATE = 1000
"""No codec's clock is slower; what a description says must not make endless or empty steps."""
MAX_SECONDS = 0.2
"""The longest sound that one packet may claim; Opus has its own, smaller limit."""


def _opus(payload: bytes) -> Sound | None:
    packet = read_opus(payload)
    if packet is None:
        return None
    frames, ticks, has_fec, is_dtx = packet
    return Sound(frames * ticks, ticks if has_fec else 0, is_dtx)


def _comfort_noise(payload: bytes) -> Sound | None:
    """RFC 3389 §3: a level, then spectral parameters; it lasts until something else comes."""
    return Sound(0, 0, is_dtx=True) if payload else None


def _fixed(bytes_per_tick: int, clock_rate: int) -> SoundReader:
    longest = int(clock_rate * MAX_SECONDS)

    def read(payload: bytes) -> Sound | None:
        ticks, left = divmod(len(payload), bytes_per_tick)
        return Sound(ticks) if not left and 0 < ticks <= longest else None

    return read


def sound_reader(mime_type: str, clock_rate: int, channels: int = 1) -> SoundReader | None:
    """Return what reads the payloads of a codec; None for one that is not known, or absurd.

    G.722 has one byte for each tick of its RTP clock of 8 kHz, which is two samples
    (RFC 3551 §4.5.2).
    """
    if clock_rate < MIN_CLOCK_RATE:
        return None
    match mime_type.lower().removeprefix("audio/"):
        case "opus":
            return _opus
        case "pcmu" | "pcma" | "g722":
            return _fixed(channels, clock_rate)
        case "l16":
            return _fixed(2 * channels, clock_rate)
        case "cn":
            return _comfort_noise
    return None
