"""Sound as plain samples, into a call and out of it: what a voice agent works with."""

import array
import asyncio
import fractions
from collections.abc import AsyncIterator
from typing import NamedTuple

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, AudioResampler

from .sound import BYTES_PER_SAMPLE, samples_of

FRAME_TIME = 0.02
"""Seconds of a frame that `PcmTrack` sends."""
MAX_BUFFERED = 60.0
"""Seconds that `PcmTrack` holds unless told otherwise."""
MAX_SILENCE = 10.0
"""Seconds without frames for which `pcm_frames` gives silence; of longer ones it gives none."""
_TOLERANCE, _MAX_EARLY = 0.015, 1.0
"""Seconds by which samples may be behind the track's time, and ahead of it: playing evenly makes
sound shorter and longer, and some tracks say when they read a clock."""
MAX_LAG = 1.0
"""Seconds behind its clock from which `PcmTrack` gives up catching up."""


class Flushed(NamedTuple):
    """What became of what was written: seconds of it that were sent, and that were thrown away."""

    sent: float
    dropped: float


class PcmTrack(MediaStreamTrack):
    """A track of samples that a program writes whenever it has some.

    They leave on the clock of the event loop, 20 ms at a time; silence leaves while there are
    none. What is written after a pause begins with the next frame.
    """

    kind = "audio"

    def __init__(
        self, sample_rate: int = 48000, channels: int = 1, *, max_buffered: float = MAX_BUFFERED
    ) -> None:
        super().__init__()
        if sample_rate <= 0 or channels not in (1, 2):
            raise ValueError("a positive rate, and one channel or two")
        self.sample_rate = sample_rate
        self.channels = channels
        self.max_buffered = max_buffered
        self._width = BYTES_PER_SAMPLE * channels
        self._samples = round(sample_rate * FRAME_TIME)
        self._buffer = bytearray()
        self._written = self._dropped = 0
        self._frames = 0
        self._start: float | None = None
        self._began = 0
        self._less = asyncio.Event()

    @property
    def buffered(self) -> float:
        """Seconds that were written and have not left."""
        return len(self._buffer) / self._width / self.sample_rate

    def write(self, samples: "bytes | bytearray | memoryview | array.array[int]") -> None:
        """Add samples of 16 bits, interleaved, in the byte order of the machine.

        Any object with a buffer will do, such as an array of numpy. ValueError when it ends in the
        middle of a sample; BufferError, and nothing is added, when more than `max_buffered`
        seconds would wait: wait for `drained`.
        """
        view = memoryview(samples).cast("B")
        if len(view) % self._width:
            raise ValueError(f"{len(view)} bytes are no whole samples of {self._width}")
        seconds = len(view) / self._width / self.sample_rate
        if self.buffered + seconds > self.max_buffered:
            raise BufferError(f"more than {self.max_buffered} s would wait")
        self._buffer += view
        self._written += len(view)

    def flush(self) -> Flushed:
        """Throw away what has not left: at most the frame under way is still heard.

        Returns what became of everything written since the last time.
        """
        dropped = len(self._buffer)
        sent = self._written - dropped
        self._buffer.clear()
        self._written = 0
        self._less.set()
        scale = self._width * self.sample_rate
        return Flushed(sent / scale, dropped / scale)

    async def drained(self, seconds: float = 0.0) -> None:
        """Wait until no more than so many seconds wait to leave, or the track has ended."""
        while self.buffered > seconds and self.readyState == "live":
            self._less.clear()
            await self._less.wait()

    async def recv(self) -> AudioFrame:
        """Return the next 20 ms when it is time for them; MediaStreamError once it has ended."""
        if self.readyState != "live":
            raise MediaStreamError
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._start is None or now - self._due() > MAX_LAG:
            self._start, self._began = now, self._frames
        if (wait := self._due() - now) > 0:
            await asyncio.sleep(wait)
        if self.readyState != "live":
            raise MediaStreamError
        return self._next()

    def _due(self) -> float:
        assert self._start is not None
        return self._start + (self._frames - self._began) * self._samples / self.sample_rate

    def _next(self) -> AudioFrame:
        size = self._width * self._samples
        pcm = bytes(self._buffer[:size])
        del self._buffer[:size]
        if pcm:
            self._less.set()
        frame = AudioFrame(
            format="s16", layout="mono" if self.channels == 1 else "stereo", samples=self._samples
        )
        frame.planes[0].update(pcm + bytes(size - len(pcm)))
        frame.sample_rate = self.sample_rate
        frame.pts = self._frames * self._samples
        frame.time_base = fractions.Fraction(1, self.sample_rate)
        self._frames += 1
        return frame

    def stop(self) -> None:
        """End the track; whoever waits for it to be drained goes on."""
        super().stop()
        self._buffer.clear()
        self._less.set()


async def pcm_frames(
    track: MediaStreamTrack, *, sample_rate: int = 16000, frame_time: float = 0.02
) -> AsyncIterator[bytes]:
    """Yield what a track receives as samples of 16 bits of one channel, until the track ends.

    Each piece has `frame_time` seconds, the last one what is left. Whatever the track's own rate,
    channels and format are, and however they change, this is the rate; where its time steps ahead
    there is silence, so that samples count the sender's time. TypeError for a track of pictures.
    """
    if track.kind != "audio":
        raise TypeError(f"a track of {track.kind} has no samples")
    size = BYTES_PER_SAMPLE * round(sample_rate * frame_time)
    if size <= 0:
        raise ValueError("a frame has at least one sample")
    shape, silence = _OneShape(sample_rate), bytes(size)
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            break
        assert isinstance(frame, AudioFrame)
        missing = shape.missing(frame)
        while missing > 0:
            # A piece at a time: the pause may be long.
            piece = min(missing, size)
            shape.left += silence[:piece]
            missing -= piece
            while len(shape.left) >= size:
                yield shape.take(size)
        shape.add(frame)
        while len(shape.left) >= size:
            yield shape.take(size)
    shape.finish()
    while shape.left:
        yield shape.take(size)


class _OneShape:
    """Frames of any shape as samples of 16 bits of one channel at one rate."""

    def __init__(self, rate: int) -> None:
        self.left = b""
        self._rate = rate
        self._resampler = self._make_resampler()
        self._shape: tuple[object, ...] | None = None
        self._expected: float | None = None

    def missing(self, frame: AudioFrame) -> int:
        """Return how many bytes of silence are before a frame, by its time."""
        begin, length = frame.time, frame.samples / frame.sample_rate
        gap = 0.0
        if begin is not None:
            gap = 0.0 if self._expected is None else begin - self._expected
            if self._expected is None or not -_MAX_EARLY <= gap <= MAX_SILENCE:
                self._expected, gap = begin, 0.0
        silence = gap if gap > _TOLERANCE else 0.0
        if self._expected is not None:
            self._expected += silence + length
        if not silence:
            return 0
        self._flush()
        return BYTES_PER_SAMPLE * round(silence * self._rate)

    def add(self, frame: AudioFrame) -> None:
        """Take the samples of a frame."""
        shape = (frame.sample_rate, frame.layout.name, frame.format.name)
        if self._shape is not None and shape != self._shape:
            self._flush()
        self._shape = shape
        self.left += b"".join(map(samples_of, self._resampler.resample(frame)))

    def take(self, size: int) -> bytes:
        """Return so many bytes, or what is left."""
        taken, self.left = self.left[:size], self.left[size:]
        return taken

    def finish(self) -> None:
        """Let go of what the filter holds: no frame follows."""
        if self._shape is not None:
            self.left += b"".join(map(samples_of, self._resampler.resample(None)))

    def _flush(self) -> None:
        self.finish()
        self._resampler = self._make_resampler()
        self._shape = None

    def _make_resampler(self) -> AudioResampler:
        return AudioResampler(format="s16", layout="mono", rate=self._rate)
