"""Sound made a little longer or shorter without anybody hearing it: by a period of its pitch.

FFmpeg's filter for this (atempo) holds back 36 ms all the time, and begins anew whenever it is put
into the way; what is wanted here is a few milliseconds now and then, of one packet, at once.
"""

import math
from itertools import accumulate
from operator import mul

PERIODS = (0.0025, 0.015)
"""Seconds of the periods that are looked for."""
MIN_FADE = 0.0025
"""Seconds in which one place of the sound goes over into another, at least."""
ANALYSED = 0.03
"""Seconds of a packet that are looked at."""
QUIET = 33
"""A sample up to which nobody hears what is done: -60 dBov."""
_LOOKED_AT = 4000
"""Samples a second that are enough to find a period."""


def stretch(
    pcm: bytes, rate: int, channels: int, by: int, *, likeness: float = 0.9, step: int = 1
) -> bytes:
    """Return samples of 16 bits, interleaved, by up to `by` a channel more, or fewer when negative.

    They come back as they are where nothing would go unheard: where periods are less alike than
    `likeness`, 1 being the same. The difference is a multiple of `step`.
    """
    samples = memoryview(pcm).cast("h")[: channels * int(ANALYSED * rate)]
    period = _find_period(samples[::channels], rate, abs(by), likeness) // step * step
    if not period:
        return pcm
    fade = min(period, len(samples) // channels - period)
    width = 2 * channels
    shift, end = period * width, fade * width
    if by < 0:
        return _faded(pcm[:end], pcm[shift : shift + end], channels) + pcm[shift + end :]
    return pcm[:shift] + _faded(pcm[shift : shift + end], pcm[:end], channels) + pcm[end:]


def _find_period(samples: memoryview, rate: int, most: int, likeness: float) -> int:
    """Return the samples of a period, no more than `most`; 0 where there is none."""
    every = max(1, rate // _LOOKED_AT)
    few = samples[::every].tolist()
    looked_at = rate / every
    shortest = int(PERIODS[0] * looked_at)
    longest = min(PERIODS[1] * looked_at, most / every, len(few) - MIN_FADE * looked_at)
    if longest < shortest:
        return 0
    if max(map(abs, few)) <= QUIET:
        return int(longest) * every
    energies = [0, *accumulate(value * value for value in few)]

    def alike(shift: int) -> float:
        """Compare the sound with itself so much later."""
        energy = energies[-shift - 1] * (energies[-1] - energies[shift])
        return sum(map(mul, few, few[shift:])) / math.sqrt(energy) if energy else 0.0

    found = {shift: alike(shift) for shift in range(shortest - 1, int(longest) + 2)}
    best = max(range(shortest, int(longest) + 1), key=found.__getitem__)
    if found[best] < likeness:
        return 0
    return min(most, round((best + _peak(found[best - 1], found[best], found[best + 1])) * every))


def _peak(before: float, middle: float, after: float) -> float:
    """Return where between its neighbours a parabola through three values is highest."""
    bend = before - 2 * middle + after
    return max(-0.5, min(0.5, (before - after) / (2 * bend))) if bend < 0 else 0.0


def _faded(one: bytes, other: bytes, channels: int) -> bytes:
    """Return sound that goes over from one to the other, of the same length."""
    first, second = memoryview(one).cast("h"), memoryview(other).cast("h")
    faded = bytearray(len(one))
    out, length = memoryview(faded).cast("h"), len(first) // channels
    for index, value in enumerate(first):
        weight = index // channels
        out[index] = (value * (length - weight) + second[index] * weight) // length
    return bytes(faded)
