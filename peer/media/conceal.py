"""Concealing what is missing of sound whose codec has no way of its own to do so.

What was last heard is repeated by whole periods of its pitch, fading away, in the spirit of
ITU-T G.711 Appendix I.
"""

import array
import math
from operator import mul

PITCH = (50.0, 400.0)
"""Hz between which a pitch is looked for."""
FADE = 0.1
"""Seconds after which nothing is heard any more."""
JOINED = 0.005
"""Seconds in which what was made up goes over into what is received."""
_LOOKED_AT = 4000
"""Samples a second that are enough to find a pitch."""


class Concealer:
    """Goes on with sound of one rate, 16 bits, interleaved channels."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._channels = channels
        self._keep = 2 * channels * int(2 * rate / PITCH[0])
        self._heard = b""
        self._period = b""
        self._given = 0

    def hear(self, pcm: bytes) -> bytes:
        """Note what was received; returns how it is heard, which follows what was made up."""
        if self._given:
            pcm = self._join(pcm)
        self._heard = (self._heard + pcm)[-self._keep :]
        self._period, self._given = b"", 0
        return pcm

    def _join(self, pcm: bytes) -> bytes:
        width = 2 * self._channels
        joined = min(int(JOINED * self._rate), len(pcm) // width)
        made_up = memoryview(self.conceal(joined)).cast("h")
        samples = array.array("h", pcm[: width * joined])
        for index, value in enumerate(samples):
            weight = index // self._channels
            samples[index] = (made_up[index] * (joined - weight) + value * weight) // joined
        return samples.tobytes() + pcm[width * joined :]

    def conceal(self, samples: int) -> bytes:
        """Return so many samples of each channel."""
        width = 2 * self._channels
        if not self._heard:
            return bytes(width * samples)
        if not self._period:
            self._period = self._heard[-width * self._find_period() :]
        begin = self._given * width % len(self._period)
        repeated = self._period * (samples * width // len(self._period) + 2)
        piece = array.array("h", repeated[begin : begin + samples * width])
        self._fade(piece)
        self._given += samples
        return piece.tobytes()

    def _fade(self, piece: "array.array[int]") -> None:
        fading = FADE * self._rate
        for index, value in enumerate(piece):
            left = 1 - (self._given + index // self._channels) / fading
            piece[index] = int(value * left) if left > 0 else 0

    def _find_period(self) -> int:
        """Return the samples of a pitch period: the shift that makes the sound most like itself."""
        step = max(1, self._rate // _LOOKED_AT)
        samples = memoryview(self._heard).cast("h")[:: self._channels * step].tolist()
        rate = self._rate / step
        shortest, longest = int(rate / PITCH[1]), int(rate / PITCH[0])
        longest = min(longest, len(samples) // 2)
        if longest <= shortest:
            return max(1, len(self._heard) // (2 * self._channels))
        recent = samples[-longest:]

        def likeness(shift: int) -> float:
            before = samples[-longest - shift : -shift]
            energy = float(sum(map(mul, before, before)))
            return float(sum(map(mul, recent, before))) / (math.sqrt(energy) + 1)

        return step * max(range(shortest, longest + 1), key=likeness)
