"""Tracks of ours that a browser can tell apart, and telling apart what comes from a browser."""

import asyncio
import math
from array import array
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from av import AudioFrame, VideoFrame

from peer import MediaStreamTrack
from tests.media.pictures import from_telephone

WIDTH, HEIGHT, FRAME_RATE = 160, 120, 15
SAMPLE_RATE, FRAME_SAMPLES = 48000, 960
AMPLITUDE = 10000
LISTEN = 20
"""Frames of sound, of 20 ms, to tell a frequency from."""
SETTLE = 10
"""Frames of sound that come before a stream has settled."""


class Color(NamedTuple):
    """A colour as a browser's canvas has it, 0..255."""

    red: int
    green: int
    blue: int

    def near(self, other: "Color") -> bool:
        """Tell whether they are the same but for what a codec does to them."""
        return all(abs(ours - theirs) < 60 for ours, theirs in zip(self, other, strict=True))


RED, GREEN, BLUE, WHITE = Color(230, 0, 0), Color(0, 150, 0), Color(0, 0, 230), Color(230, 230, 230)


class PacedTrack(MediaStreamTrack):
    """A track that gives a frame in each interval, in seconds."""

    def __init__(self, interval: float) -> None:
        super().__init__()
        self._interval = interval
        self._count = 0
        self._start: float | None = None

    async def next_frame(self) -> int:
        """Wait for a frame's turn; gives its number."""
        now = asyncio.get_running_loop().time()
        if self._start is None:
            self._start = now
        await asyncio.sleep(self._start + self._count * self._interval - now)
        self._count += 1
        return self._count - 1


class Camera(PacedTrack):
    """Video of one colour."""

    kind = "video"

    def __init__(self, color: Color) -> None:
        super().__init__(1 / FRAME_RATE)
        self.color = color
        self._picture = VideoFrame(WIDTH, HEIGHT, "rgb24")
        plane = self._picture.planes[0]
        plane.update((bytes(color) * (plane.line_size // 3)).ljust(plane.line_size) * HEIGHT)

    async def recv(self) -> VideoFrame:
        """Give the next picture."""
        number = await self.next_frame()
        frame = self._picture.reformat(format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, FRAME_RATE)
        return frame


class Telephone(Camera):
    """A camera that lies on its side, and says so: it is to be turned clockwise."""

    def __init__(self, color: Color) -> None:
        super().__init__(color)
        self._turned = from_telephone(self._picture.reformat(format="yuv420p"), -90)

    async def recv(self) -> VideoFrame:
        """Give the next picture."""
        number = await self.next_frame()
        self._turned.pts, self._turned.time_base = number, Fraction(1, FRAME_RATE)
        return self._turned


class Microphone(PacedTrack):
    """Sound of one frequency, in Hz; a multiple of 50."""

    kind = "audio"

    def __init__(self, frequency: int) -> None:
        super().__init__(FRAME_SAMPLES / SAMPLE_RATE)
        self.frequency = frequency
        step = 2 * math.pi * frequency / SAMPLE_RATE
        wave = (round(AMPLITUDE * math.sin(step * index)) for index in range(FRAME_SAMPLES))
        self._samples = array("h", wave).tobytes()

    async def recv(self) -> AudioFrame:
        """Give the next 20 ms."""
        number = await self.next_frame()
        frame = AudioFrame(format="s16", layout="mono", samples=FRAME_SAMPLES)
        frame.sample_rate = SAMPLE_RATE
        frame.pts, frame.time_base = number * FRAME_SAMPLES, Fraction(1, SAMPLE_RATE)
        frame.planes[0].update(self._samples)
        return frame


async def watch(track: MediaStreamTrack, frames: int = 3) -> Color:
    """Receive pictures and give the colour in the middle of the last."""
    for _ in range(frames):
        frame = await track.recv()
    assert isinstance(frame, VideoFrame)
    plane = frame.reformat(format="rgb24").planes[0]
    middle = frame.height // 2 * plane.line_size + frame.width // 2 * 3
    return Color(*bytes(plane)[middle : middle + 3])


async def listen(track: MediaStreamTrack) -> float:
    """Receive sound and give its frequency in Hz; 0 is silence."""
    samples = array("h")
    for number in range(SETTLE + LISTEN):
        frame = await track.recv()
        assert isinstance(frame, AudioFrame)
        if number >= SETTLE:
            samples += _left(frame)
    if max(samples) < AMPLITUDE // 10:
        return 0.0
    rises = sum(one < 0 <= other for one, other in pairwise(samples))
    return rises * SAMPLE_RATE / len(samples)


def _left(frame: AudioFrame) -> "array[int]":
    assert frame.format.name == "s16"
    assert frame.sample_rate == SAMPLE_RATE
    channels = len(frame.layout.channels)
    # A plane may be padded.
    samples = array("h", bytes(frame.planes[0])[: frame.samples * channels * 2])
    return samples[::channels]
