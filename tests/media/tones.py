"""Sound to try codecs with, and ways to judge it."""

import array
import fractions
import itertools
import math

from av import AudioFrame


def tone(
    samples: int, rate: int = 48000, frequency: float = 440.0, start: int = 0
) -> "array.array[int]":
    """Return a tone of one channel."""
    step = 2 * math.pi * frequency / rate
    return array.array(
        "h", (round(12000 * math.sin(step * n)) for n in range(start, start + samples))
    )


def speech(samples: int, rate: int = 48000) -> "array.array[int]":
    """Return something like a voice: harmonics of a pitch that comes and goes."""
    values = []
    for n in range(samples):
        time = n / rate
        pitch = 2 * math.pi * (120 * time + 4 * math.sin(3 * time))
        loud = 0.55 + 0.45 * math.sin(2 * math.pi * 3 * time)
        voice = sum(math.sin(k * pitch) / k for k in range(1, 9))
        values.append(round(6000 * loud * voice))
    return array.array("h", values)


def loudness(pcm: bytes) -> float:
    """Return the root mean square of samples of 16 bits."""
    samples = memoryview(pcm).cast("h")
    return math.sqrt(sum(s * s for s in samples) / len(samples)) if len(samples) else 0.0


def crossings(pcm: bytes, channels: int = 1) -> int:
    """Return how often the first channel goes from below zero to above."""
    samples = memoryview(pcm).cast("h").tolist()[::channels]
    return sum(a < 0 <= b for a, b in itertools.pairwise(samples))


def frame_of(
    samples: "array.array[int]",
    *,
    rate: int = 48000,
    channels: int = 1,
    pts: int | None = None,
    format: str = "s16",  # noqa: A002
) -> AudioFrame:
    """Return a frame with these interleaved samples."""
    layout = "mono" if channels == 1 else "stereo"
    frame = AudioFrame(format=format, layout=layout, samples=len(samples) // channels)
    if format == "s16":
        frame.planes[0].update(samples.tobytes())
    elif format == "fltp":
        for channel, plane in enumerate(frame.planes):
            plane.update(
                array.array("f", (s / 32768 for s in samples[channel::channels])).tobytes()
            )
    else:
        raise ValueError(format)
    frame.sample_rate = rate
    frame.pts = pts
    frame.time_base = fractions.Fraction(1, rate)
    return frame
