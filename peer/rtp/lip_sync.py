"""Sound and picture together: which of the two waits for the other, and how long.

Each second the difference between how long both took from capture to being played is filtered
and half of it taken away, first by giving back what the later one waits on our account.
"""

from typing import NamedTuple

INTERVAL = 1.0
"""Seconds between two steps."""
MAX_STEP = 0.08
DEAD_BAND = 0.03
MAX_DIFFERENCE = 10.0
"""Seconds of difference that nobody believes."""
_FILTER = 0.25


class Flow(NamedTuple):
    """What was last heard of one medium: its arrival, its capture by the sender's clock, and how
    long it is held back without us; all in seconds."""

    arrival: float
    capture: float
    delay: float


class LipSync:
    """Extra delays, in seconds, for two tracks of one sender (CNAME) and stream."""

    def __init__(self) -> None:
        self.audio_delay = 0.0
        self.video_delay = 0.0
        self._difference: float | None = None
        self._next = -1e9

    def update(self, audio: Flow | None, video: Flow | None, now: float) -> bool:
        """Take a step when it is time; returns whether the delays changed.

        Without capture times, or with absurd ones, nothing is held back.
        """
        if now < self._next:
            return False
        self._next = now + INTERVAL
        difference = None
        if audio is not None and video is not None:
            difference = (
                (video.arrival - audio.arrival)
                - (video.capture - audio.capture)
                + (video.delay + self.video_delay)
                - (audio.delay + self.audio_delay)
            )
        if difference is None or abs(difference) > MAX_DIFFERENCE:
            changed = bool(self.audio_delay or self.video_delay)
            self.audio_delay = self.video_delay = 0.0
            self._difference = None
            return changed
        if self._difference is None:
            self._difference = difference
        self._difference += (difference - self._difference) * _FILTER
        if abs(self._difference) < DEAD_BAND:
            return False
        self._step(min(MAX_STEP, max(-MAX_STEP, self._difference / 2)))
        return True

    def _step(self, step: float) -> None:
        """Take `step` away from how much later pictures are than sound."""
        assert self._difference is not None
        self._difference -= step
        if step > 0:
            taken = min(step, self.video_delay)
            self.video_delay -= taken
            self.audio_delay += step - taken
        else:
            taken = min(-step, self.audio_delay)
            self.audio_delay -= taken
            self.video_delay += -step - taken
