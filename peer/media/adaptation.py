"""Smaller or fewer pictures, where what may be sent does not do for those of the track.

An encoder tells by its quantizer, and by the pictures it leaves out, that there are too many pixels
for their bits, or that there could be more. Steps are as in libwebrtc: three fifths of the pixels,
or two thirds of the pictures, at most one in two seconds. A larger picture that turned out to be
too large is tried again only after twice as long.
"""

import math
from typing import NamedTuple

INTERVAL = 2.0
"""Seconds that are judged together."""
MIN_JUDGED = 10
"""Pictures in them."""
PIXELS = 3 / 5
PICTURES = 2 / 3
MIN_PIXELS = 320 * 180
MIN_RATE = 5.0
"""Below so many pixels, or pictures a second, there are no steps."""
MAX_PATIENCE = 64.0
"""Seconds until what failed is tried again, at most."""
_FAILED_WITHIN = 10.0
_MOSTLY_LEFT_OUT = 0.6
_BALANCED_PIXELS = 480 * 270
_QUANTIZERS = {
    "video/vp8": (29, 95),
    "video/vp9": (149, 205),
    "video/av1": (145, 205),
    "video/h264": (24, 37),
    "video/h265": (24, 37),
}
"""Up to which quantizer there may be more pixels, and beyond which there are too many."""
_LEAST = (
    (1920 * 1080, 800_000),
    (1280 * 720, 600_000),
    (960 * 540, 350_000),
    (480 * 270, 150_000),
    (320 * 180, 30_000),
)
"""Bits per second without which pictures of a size are not worth a try."""


class Judged(NamedTuple):
    """What became of a picture: its size as encoded, and the rates it was encoded at.

    `quantizer` is None where it is not known, or the picture was left out.
    """

    pixels: int
    bitrate: int
    frame_rate: float
    left_out: bool
    quantizer: int | None


class Adaptation:
    """How much smaller pictures are, and how many, by W3C degradationPreference.

    Both sides are to be divided by `scale`; `frame_rate` is the most pictures a second, None for
    all there are.
    """

    def __init__(self, mime_type: str, preference: str | None = None) -> None:
        self.scale = 1.0
        self.frame_rate: float | None = None
        self._quantizers = _QUANTIZERS.get(mime_type.lower())
        self._preference = preference
        self._steps: list[tuple[float, float | None]] = []
        self._begun: float | None = None
        self._judged = self._left_out = self._quantizer_sum = self._quantizer_count = 0
        self._patience = INTERVAL
        self._raised = self._lowered = -math.inf

    def begin(self, pixels: int, bitrate: int) -> None:
        """Start with what a rate is enough for, so that the first pictures are not the worst."""
        shrinks = self._preference in (None, "maintain-framerate", "balanced")
        while shrinks and bitrate < _least(pixels) and self._may_shrink(pixels):
            self._shrink()
            pixels = round(pixels * PIXELS)

    def note(self, judged: Judged, now: float) -> None:
        """Note a picture, in the order of their times, which are in seconds."""
        if self._begun is None:
            self._begun = now
        self._judged += 1
        self._left_out += judged.left_out
        if judged.quantizer is not None:
            self._quantizer_sum += judged.quantizer
            self._quantizer_count += 1
        if now - self._begun >= INTERVAL and self._judged >= MIN_JUDGED:
            self._decide(judged, now)
            self._begun = now
            self._judged = self._left_out = self._quantizer_sum = self._quantizer_count = 0

    def _decide(self, latest: Judged, now: float) -> None:
        low, high = self._quantizers or (-1, math.inf)
        average = self._quantizer_sum / self._quantizer_count if self._quantizer_count else low + 1
        if self._left_out >= _MOSTLY_LEFT_OUT * self._judged or average > high:
            self._lower(latest, now)
        elif average <= low and not self._left_out and now - self._lowered >= self._patience:
            self._raise(latest, now)

    def _lower(self, latest: Judged, now: float) -> None:
        failed = now - self._raised < _FAILED_WITHIN
        self._patience = min(MAX_PATIENCE, 2 * self._patience) if failed else INTERVAL
        self._lowered = now
        prefers_rate = self._preference in (None, "maintain-framerate")
        balanced = self._preference == "balanced" and latest.pixels > _BALANCED_PIXELS
        if (prefers_rate or balanced) and self._may_shrink(latest.pixels):
            self._shrink()
        elif self._preference in ("maintain-resolution", "balanced"):
            rate = latest.frame_rate * PICTURES
            if rate >= MIN_RATE:
                self._steps.append((self.scale, self.frame_rate))
                self.frame_rate = rate

    def _raise(self, latest: Judged, now: float) -> None:
        if self._steps:
            scale, frame_rate = self._steps[-1]
            if latest.bitrate >= _least(round(latest.pixels * (self.scale / scale) ** 2)):
                self.scale, self.frame_rate = scale, frame_rate
                self._steps.pop()
                self._raised = now

    def _may_shrink(self, pixels: int) -> bool:
        return pixels * PIXELS >= MIN_PIXELS

    def _shrink(self) -> None:
        self._steps.append((self.scale, self.frame_rate))
        self.scale /= math.sqrt(PIXELS)


def _least(pixels: int) -> int:
    return next((bitrate for size, bitrate in _LEAST if pixels >= size), 0)
