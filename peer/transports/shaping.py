"""Fewer and smaller pictures than a track gives (W3C RTCRtpEncodingParameters)."""

from av import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter

from peer.media import Upright

from .encoded import timestamp_of
from .encoded_media import MediaData

_SLACK, _MAX_SLACK = 0.25, 0.010
"""How early a frame may be and still count as in time: of the interval, and in seconds."""
_USUAL_RATE = 30
_TICKS = 90_000
_PAUSE = 1.0
_WEIGHT = 1 / 8


class PictureClock:
    """The times of a track's pictures by a codec's clock, which rise whatever the track says.

    A picture without a time, or with that of the one before, has the time that passed meanwhile; so
    has one whose time steps back, and those after it count from there.
    """

    def __init__(self, clock_rate: int) -> None:
        self.clock_rate = clock_rate
        self._told: int | None = None
        self._shift = 0
        self._last: int | None = None
        self._at = 0.0

    def time(self, picture: VideoFrame, now: float) -> int:
        """Return the time of the next picture; `now` is in seconds."""
        told = None
        if picture.pts is not None and picture.time_base is not None:
            told = timestamp_of(picture, self.clock_rate)
        if self._last is None:
            made = told or 0
        else:
            after = self._last + max(1, round((now - self._at) * self.clock_rate))
            if told is not None and self._told is not None and told < self._told:
                self._shift = after - told
            made = after if told is None else told + self._shift
            if made <= self._last:
                made = after
        self._told = self._told if told is None else told
        self._last, self._at = made, now
        return made


class PictureGate:
    """Lets the pictures of a track through no faster than a rate, evenly, and all else."""

    def __init__(self) -> None:
        self._clock = PictureClock(_TICKS)
        self._gate = FrameGate()

    def admits(self, data: MediaData, rate: float | None, now: float) -> bool:
        """Tell whether a frame goes out; `rate` is in frames per second, None for no limit."""
        if rate is None or not isinstance(data, VideoFrame):
            return True
        return self._gate.admits(self._clock.time(data, now) / _TICKS, rate)


class FrameGate:
    """Lets pictures through no faster than a rate, evenly."""

    def __init__(self) -> None:
        self._due = float("-inf")

    def admits(self, time: float, rate: float) -> bool:
        """Tell whether a picture of that time goes out; `rate` is in frames per second."""
        if rate <= 0:
            return False
        interval = 1 / rate
        if time < self._due - min(interval * _SLACK, _MAX_SLACK):
            return False
        self._due += interval
        if self._due <= time:
            # A late frame does not make room for a burst after it.
            self._due = time + interval
        return True


class FrameRate:
    """Measures how many pictures a second there are, by their times.

    A single pause between them is none of their intervals; several are, as of slides.
    """

    def __init__(self) -> None:
        self.elapsed = 0.0
        """Seconds of pictures so far; a time that steps back takes nothing from them."""
        self._interval = 1 / _USUAL_RATE
        self._last: float | None = None
        self._paused = False

    def add(self, time: float) -> float:
        """Note a picture's time in seconds; returns pictures per second, 1 at least."""
        step = 0.0 if self._last is None else time - self._last
        self.elapsed += max(0.0, step)
        interval = min(step, _PAUSE)
        paused, self._paused = self._paused, interval == _PAUSE
        if interval > 0 and (paused or not self._paused):
            self._interval += (interval - self._interval) * _WEIGHT
        self._last = time
        return max(1.0, round(1 / self._interval))


class PictureShaper:
    """Makes pictures what encoders take: of yuv420p, limited in range, smaller if asked."""

    def __init__(self, *, upright: bool = True) -> None:
        self._turns = upright
        self._reformatter = VideoReformatter()
        self._upright = Upright()

    def shape(self, picture: VideoFrame, by: float) -> VideoFrame:
        """Return a picture with both sides divided by `by`, in even numbers unless it is 1."""
        width, height = picture.width, picture.height
        if by > 1:
            width, height = (int(side / by) // 2 * 2 for side in (width, height))
        width, height = max(2, width), max(2, height)
        # Cameras that compress, and pictures of files, have 0 for black; decoders take 16 for it.
        full = picture.color_range == ColorRange.JPEG
        limited = ColorRange.MPEG if full else None
        shaped = self._reformatter.reformat(
            picture, width, height, "yuv420p", dst_color_range=limited
        )
        shaped.pts, shaped.time_base = picture.pts, picture.time_base
        return self._upright.turn(shaped, picture.rotation) if self._turns else shaped
