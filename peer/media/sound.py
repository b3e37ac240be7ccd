"""Frames of sound of any shape, cut to packets of one shape."""

from collections.abc import Iterable
from typing import NamedTuple

from av import AudioFrame, AudioResampler

BYTES_PER_SAMPLE = 2
MAX_STEP = 10.0
"""Seconds a source may jump ahead of the time that passes; beyond, and at any step back, its clock
has started anew."""


class Shape(NamedTuple):
    """What frames are like: samples a second, channels and storage by FFmpeg's names."""

    rate: int
    layout: str
    format: str


class Chunk(NamedTuple):
    """Interleaved samples of 16 bits, and the number of the first one on the source's time line.

    `first` tells that none are right before it.
    """

    position: int
    pcm: bytes
    first: bool


def shape_of(frame: AudioFrame) -> Shape:
    """Return what a frame is like."""
    return Shape(frame.sample_rate, frame.layout.name, frame.format.name)


def samples_of(frame: AudioFrame) -> bytes:
    """Return the samples of a frame that is stored interleaved, without the padding behind them."""
    size = BYTES_PER_SAMPLE * frame.layout.nb_channels * frame.samples
    return memoryview(frame.planes[0])[:size].tobytes()


def _joined(frames: Iterable[AudioFrame]) -> bytes:
    return b"".join(map(samples_of, frames))


class Shaper:
    """Turns frames as they come into chunks of `samples` samples at `rate`, `channels` wide.

    Frames may change their rate, channels, format and length from one to the next; what is left
    over waits for the next frame. A gap in their time is a gap in the positions; a step back, or
    one of more than ten seconds, is a clock that started anew and leaves none.

    `position` is that of the next chunk. `max_step` are those ten seconds: who knows how much time
    has passed since the last frame adds it.
    """

    def __init__(self, rate: int, channels: int, samples: int) -> None:
        self.rate = rate
        self.channels = channels
        self.samples = samples
        self._target = Shape(rate, "mono" if channels == 1 else "stereo", "s16")
        self._size = BYTES_PER_SAMPLE * channels * samples
        self._shape: Shape | None = None
        self._resampler: AudioResampler | None = None
        self._left = b""
        self.position = 0
        self.max_step = MAX_STEP
        self._first = True
        self._expected: float | None = None

    def add(self, frame: AudioFrame) -> list[Chunk]:
        """Return the chunks a frame completes; av.FFmpegError when it cannot be converted.

        One without samples is nothing.
        """
        if not frame.samples:
            return []
        shape = shape_of(frame)
        if shape != self._shape:
            self._change(shape)
        gap = self._gap(frame)
        before = self._skip(gap) if gap else []
        resampler = self._resampler
        self._left += samples_of(frame) if resampler is None else _joined(resampler.resample(frame))
        return before + self._cut()

    def finish(self) -> list[Chunk]:
        """Return what is left over, up to a chunk with silence: no frame follows."""
        if self._shape is not None:
            self._change(self._target)
        self._left += bytes(-len(self._left) % self._size)
        return self._cut()

    def fits(self, frame: AudioFrame) -> bool:
        """Tell whether a frame is as long as a chunk."""
        return frame.samples * self.rate == self.samples * frame.sample_rate

    def _change(self, shape: Shape) -> None:
        if self._resampler is not None:
            # What the filter still holds belongs to the sound before.
            self._left += _joined(self._resampler.resample(None))
        self._shape = shape
        plain = shape == self._target
        self._resampler = (
            None
            if plain
            else AudioResampler(
                format=self._target.format, layout=self._target.layout, rate=self._target.rate
            )
        )

    def _gap(self, frame: AudioFrame) -> int:
        """Return how many samples are missing before a frame."""
        begin, expected = frame.time, self._expected
        if begin is None:
            begin = expected
        length = frame.samples / frame.sample_rate
        self._expected = None if begin is None else begin + length
        if begin is None or expected is None or not 0 < begin - expected <= self.max_step:
            return 0
        missing = round((begin - expected) * self.rate)
        return missing if missing > self.samples else 0

    def _skip(self, gap: int) -> list[Chunk]:
        """Fill the chunk that was begun with silence, and go on behind the gap."""
        width = BYTES_PER_SAMPLE * self.channels
        filled = -(len(self._left) // width) % self.samples
        self._left += bytes(width * filled)
        chunks = self._cut()
        self._first |= gap > filled
        self.position += max(0, gap - filled)
        return chunks

    def _cut(self) -> list[Chunk]:
        size, chunks = self._size, []
        while len(self._left) >= size:
            pcm, self._left = self._left[:size], self._left[size:]
            chunks.append(Chunk(self.position, pcm, self._first))
            self.position += self.samples
            self._first = False
        return chunks
