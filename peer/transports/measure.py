"""Measuring media as it passes by: how loud, how large, how many in a second."""

import math
from collections import deque
from typing import NamedTuple

from av import AudioFrame, VideoFrame

from .encoded_media import MediaData
from .statistics import AudioFigures, SourceStatistics, VideoFigures

MAX_MEASURED = 160
"""Samples of a channel that are looked at; of longer frames every n-th."""
MAX_RATE = 1000
"""Frames of the last second that are remembered."""
_FULL_SCALE = 32768


class Loudness(NamedTuple):
    """How loud a frame of audio is.

    `level` is the root mean square of the loudest channel, 0..1, None when the format is not
    16 bits. `samples` are those of one channel, `duration` is in seconds.
    """

    level: float | None
    samples: int
    duration: float


def measure(data: MediaData, level: float | None = None) -> Loudness | None:
    """Tell how loud audio is, None for all else; `level` where that was measured already."""
    if not isinstance(data, AudioFrame):
        return None
    samples, rate = data.samples, data.sample_rate
    duration = samples / rate if rate else 0.0
    return Loudness(_level(data) if level is None else level, samples, duration)


def _level(frame: AudioFrame) -> float | None:
    if not frame.samples or frame.format.name not in ("s16", "s16p"):
        return None
    # Of a planar format the first channel stands for all.
    channels = 1 if frame.format.is_planar else frame.layout.nb_channels
    samples = memoryview(frame.planes[0])[: 2 * channels * frame.samples].cast("h")
    step = channels * math.ceil(frame.samples / MAX_MEASURED)
    measured = [samples[channel::step].tolist() for channel in range(channels)]
    loudest = max(math.hypot(*each) for each in measured)
    return min(1.0, loudest / math.sqrt(len(measured[0])) / _FULL_SCALE)


class AudioMeter:
    """Sums up audio."""

    def __init__(self) -> None:
        self._level: float | None = None
        self._energy = self._duration = 0.0
        self._samples = 0

    def add(self, loudness: Loudness) -> None:
        """Add a frame."""
        self._samples += loudness.samples
        self._duration += loudness.duration
        if loudness.level is not None:
            self._level = loudness.level
            self._energy += loudness.level * loudness.level * loudness.duration

    def figures(self) -> AudioFigures:
        """Return the sums."""
        return AudioFigures(self._level, self._energy, self._duration, self._samples)


class VideoMeter:
    """Counts pictures; moments are in seconds, and never go back."""

    def __init__(self) -> None:
        self._frames = self._keyframes = 0
        self._width: int | None = None
        self._height: int | None = None
        self._first: float | None = None
        self._times: deque[float] = deque(maxlen=MAX_RATE)
        self._quantizers: int | None = None

    def add(
        self,
        data: MediaData,
        now: float,
        *,
        keyframe: bool = False,
        quantizer: int | None = None,
    ) -> None:
        """Add a picture; of one that is encoded already the size is not known."""
        if quantizer is not None:
            self._quantizers = (self._quantizers or 0) + quantizer
        self._frames += 1
        self._keyframes += keyframe
        self._first = now if self._first is None else self._first
        self._times.append(now)
        if isinstance(data, VideoFrame):
            self._width, self._height = data.width, data.height

    def figures(self, now: float) -> VideoFigures:
        """Return the counts; the rate is that of the second before `now`."""
        rate = None
        if self._first is not None and now - self._first >= 1:
            while self._times and self._times[0] <= now - 1:
                self._times.popleft()
            rate = float(len(self._times))
        return VideoFigures(
            self._frames, self._keyframes, self._width, self._height, rate, self._quantizers
        )


class SourceMeter:
    """Measures what a track delivers."""

    def __init__(self) -> None:
        self._audio = AudioMeter()
        self._video = VideoMeter()

    def add(self, data: MediaData, loudness: Loudness | None, now: float) -> None:
        """Add a frame, with what `measure` says of it."""
        if loudness is not None:
            self._audio.add(loudness)
        elif not isinstance(data, AudioFrame):
            self._video.add(data, now)

    def figures(self, now: float) -> SourceStatistics:
        """Return the sums so far."""
        return SourceStatistics(self._audio.figures(), self._video.figures(now))
