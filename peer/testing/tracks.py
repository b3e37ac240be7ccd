"""Tracks for tests, on the clock of the event loop."""

import array
import asyncio
import fractions
import math

from av import AudioFrame, VideoFrame

from peer import MediaStreamError, MediaStreamTrack

RATE = 48000
FRAME_TIME = 0.02
"""Seconds of a frame of sound."""
_SAMPLES = 960
_AMPLITUDE = 8000
_BITS = 16
_DARK, _BRIGHT = 40, 210


class _Paced(MediaStreamTrack):
    """Gives its frames at an even pace, counted from the first."""

    def __init__(self, interval: float) -> None:
        super().__init__()
        self._interval = interval
        self._start: float | None = None
        self._count = 0

    async def _turn(self) -> int:
        """Wait for the next frame's time, and return its number."""
        loop = asyncio.get_running_loop()
        if self._start is None:
            self._start = loop.time()
        wait = self._start + self._count * self._interval - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        if self.readyState != "live":
            raise MediaStreamError
        self._count += 1
        return self._count - 1


class ToneTrack(_Paced):
    """A steady tone: 48 kHz, mono, 20 ms a frame. `frequency` is a multiple of 50 Hz."""

    kind = "audio"

    def __init__(self, frequency: int = 400) -> None:
        if frequency % 50 or not 0 < frequency < RATE // 2:
            raise ValueError("a multiple of 50 Hz, below half of the sample rate")
        super().__init__(FRAME_TIME)
        angle = 2 * math.pi * frequency / RATE
        # Every frame has whole periods.
        wave = array.array("h", (round(_AMPLITUDE * math.sin(angle * i)) for i in range(_SAMPLES)))
        self._wave = wave.tobytes()

    async def recv(self) -> AudioFrame:
        """Return the next frame when it is time for it; MediaStreamError once it has ended."""
        number = await self._turn()
        frame = AudioFrame(format="s16", layout="mono", samples=_SAMPLES)
        frame.planes[0].update(self._wave)
        frame.sample_rate = RATE
        frame.time_base = fractions.Fraction(1, RATE)
        frame.pts = number * _SAMPLES
        return frame


class PictureTrack(_Paced):
    """Numbered pictures with something that moves; `picture_number` reads the number again.

    `width` and `height` are multiples of 16, the width at least 256.
    """

    kind = "video"

    def __init__(self, width: int = 320, height: int = 240, rate: int = 15) -> None:
        if width % 16 or height % 16 or width < 256 or height < 64:
            raise ValueError("multiples of 16, at least 256 x 64")
        super().__init__(1 / rate)
        self._size = width, height
        self._rate = rate
        self._rows = [bytes(60 + (x + y) % 128 for x in range(2 * width)) for y in range(128)]

    async def recv(self) -> VideoFrame:
        """Return the next picture when it is time for it; MediaStreamError once it has ended."""
        number = await self._turn()
        frame = VideoFrame(*self._size, "yuv420p")
        brightness, blue, red = frame.planes
        brightness.update(self._paint(number, brightness.line_size))
        for plane in (blue, red):
            plane.update(bytes([128]) * plane.buffer_size)
        frame.time_base = fractions.Fraction(1, 90000)
        frame.pts = number * 90000 // self._rate
        return frame

    def _paint(self, number: int, line: int) -> bytes:
        width, height = self._size
        stripe = width // _BITS
        bits = (_BRIGHT if number >> bit & 1 else _DARK for bit in range(_BITS))
        top = b"".join(bytes([shade]) * stripe for shade in bits).ljust(line, b"\x80")
        shift = 4 * number % width
        rows = [self._rows[y % 128][shift : shift + width].ljust(line) for y in range(32, height)]
        return top * 32 + b"".join(rows)


def picture_number(frame: VideoFrame) -> int:
    """Read the number of a picture of a `PictureTrack`, modulo 65536, also when it was scaled.

    The format is one whose first plane is the brightness, as that of decoded pictures.
    """
    plane = frame.planes[0]
    row = memoryview(plane)[8 * plane.line_size :]
    stripe = frame.width // _BITS
    middle = (_DARK + _BRIGHT) // 2
    return sum((row[bit * stripe + stripe // 2] > middle) << bit for bit in range(_BITS))
