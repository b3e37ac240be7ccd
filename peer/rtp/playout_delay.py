"""When pictures leave: so that they move as they were filmed, or at once.

A frame is shown at its time, counted from the fastest frames, plus a delay that lets most be
complete and decoded: the delay that 95 % of the frames of the last ten seconds did not exceed,
and, while packets are lost and sent again, what that takes. It moves slowly, so that nobody
sees it, or at once where the picture stood still anyway. The sender may limit it (playout-delay
extension), down to showing at once.

Without an even pace frames leave as soon as they can be decoded. Only where the picture would
stand still again and again the others wait as long as repairs take: while more than one in twenty
has to wait for a packet that is sent again, or, where the round trip is so long that each of them
is a freeze (webrtc-stats), while there is more than one of them in ten seconds, or three in a
minute.
"""

from bisect import bisect_left, insort
from collections import deque
from typing import Generic

from .audio_queue import Packet
from .fastest import Fastest
from .frame_buffer import VideoFrame
from .freezes import LONGER

RENDER = 0.01
"""Seconds that showing a frame takes."""
SLOPE = 0.1
"""Seconds that the delay moves in a second."""
MAX_DELAY = 10.0
MAX_HELD = 60
"""Frames that wait to be shown."""
MAX_HELD_BYTES = 16 << 20
MAX_IMMEDIATE = 0.5
"""A sender that allows from nothing to at most this wants frames shown at once."""
TOO_LATE = 0.005
"""Seconds after which a frame that no other needs is not decoded when the next is due."""
_MEMORY = 10.0
_QUANTILE = 0.95
_MAX_SAMPLES = 1200
_REPAIRED_MEMORY = 60.0
_REPAIRED = 3
_REPAIR_ROUND_TRIPS = 1.4
"""More than one: a picture goes by until a loss shows. Beyond that those behind wait anyway."""
_MAX_REPAIR = 0.28
_TOLERATED = 0.05
"""The share of frames that may wait for repairs while others leave at once."""
_FREEZES = 2
"""Frames of the last ten seconds that may not, where each is a freeze."""
_SLOW, _FAST = 5.0, 10.0


class VideoDelay:
    """The delay of one track, in seconds; times of frames are ticks of `rate`."""

    def __init__(self, rate: int, *, even: bool = True) -> None:
        self.is_even = even
        """Whether frames leave at an even pace; else at once, but for repairs."""
        self.floor = 0.0
        """What the application wants at least."""
        self.sync_delay = 0.0
        """What lip synchronisation adds."""
        self.round_trip = 0.1
        self.current = 0.0
        self._rate = rate
        self._limits: tuple[float, float] | None = None
        self._fastest = Fastest()
        self._samples: deque[tuple[float, float]] = deque()
        self._sorted: list[float] = []
        self._repaired: deque[float] = deque(maxlen=_MAX_SAMPLES)
        self._repair_until = 0.0
        self._is_often = False
        self._decoding: deque[float] = deque(maxlen=100)
        self._decode_time = 0.0
        self._last: float | None = None

    def set_even(self, even: bool) -> None:
        """Let frames leave at an even pace, or at once, from now on."""
        self.is_even = even
        if not even:
            self.current = min(self.current, self.unsynchronized)

    @property
    def is_immediate(self) -> bool:
        """Whether the sender wants frames shown when they come."""
        return self._limits is not None and self._limits[0] == 0 <= self._limits[1] <= MAX_IMMEDIATE

    @property
    def target(self) -> float:
        """The delay that fits the network."""
        if not self.is_even:
            return self._repair()
        return self._jitter() + self._repair() + self._decode_time + RENDER

    @property
    def unsynchronized(self) -> float:
        """The delay that is wanted without what lip synchronisation adds."""
        return max(self.target, self.floor)

    def limit(self, minimum: float, maximum: float) -> None:
        """Note what a playout-delay extension says; nonsense is ignored."""
        if 0 <= minimum <= maximum:
            self._limits = minimum, maximum

    def note_decoding(self, seconds: float) -> None:
        """Note how long a frame took to decode."""
        self._decoding.append(seconds)
        self._decode_time = sorted(self._decoding)[int(len(self._decoding) * _QUANTILE)]

    def note(self, time: int, now: float, *, is_repaired: bool) -> None:
        """Note a frame that is complete."""
        late = self._fastest.note(now - time / self._rate, now)
        if is_repaired:
            self._repaired.append(now)
            is_often = len(self._repaired) >= _REPAIRED
            is_often = is_often and self._repaired[-_REPAIRED] > now - _REPAIRED_MEMORY
            self._is_often = is_often
            self._repair_until = now + (_REPAIRED_MEMORY if is_often else _MEMORY)
        else:
            self._samples.append((now, late))
            insort(self._sorted, late)
        while self._samples and (
            self._samples[0][0] < now - _MEMORY or len(self._samples) > _MAX_SAMPLES
        ):
            _, old = self._samples.popleft()
            del self._sorted[bisect_left(self._sorted, old)]
        self._move(now, late - self.current)

    def render(self, time: int) -> float:
        """Return when a frame is to be shown."""
        return self._fastest.delay + time / self._rate + self.current

    def decode(self, time: int) -> float:
        """Return when a frame is to be decoded, so that it is shown in time."""
        return self.render(time) - (self._decode_time + RENDER if self.is_even else 0.0)

    def _jitter(self) -> float:
        if not self._sorted:
            return 0.0
        jitter = self._sorted[int((len(self._sorted) - 1) * _QUANTILE)]
        span = self._samples[-1][0] - self._samples[0][0]
        if span > 0:
            # With few pictures a second nobody sees it, and there is nothing to measure.
            rate = (len(self._samples) - 1) / span
            jitter *= min(1.0, max(0.0, (rate - _SLOW) / (_FAST - _SLOW)))
        return jitter

    def _repair(self) -> float:
        """Return what frames wait for those that are repaired."""
        if self._last is None or self._last >= self._repair_until:
            return 0.0
        wait = _REPAIR_ROUND_TRIPS * self.round_trip
        if not self.is_even and self._is_tolerable(wait, self._last):
            return 0.0
        return min(wait, _MAX_REPAIR)

    def _is_tolerable(self, wait: float, now: float) -> bool:
        """Tell whether frames may wait for their repairs while others leave at once."""
        repaired = len(self._repaired) - bisect_left(self._repaired, now - _MEMORY)
        if wait < LONGER:
            return repaired <= _TOLERATED * (len(self._samples) + repaired)
        return repaired < _FREEZES and not self._is_often

    def _move(self, now: float, overdue: float) -> None:
        wanted = self.unsynchronized + (self.sync_delay if self.is_even else 0.0)
        if self._limits is not None:
            least, most = self._limits
            wanted = min(max(wanted, least) if self.is_even else wanted, most)
        wanted = min(wanted, MAX_DELAY)
        if self._last is None:
            self.current = wanted
        else:
            step = SLOPE * max(0.0, now - self._last)
            rise = max(step, overdue)
            self.current = min(max(wanted, self.current - step), self.current + rise)
        self._last = now


class FramePlayout(Generic[Packet]):
    """Holds frames until they are to be decoded: insert each that left the frame buffer."""

    def __init__(self, rate: int, *, even: bool = True) -> None:
        self.delay = VideoDelay(rate, even=even)
        self.dropped = 0
        """Frames that were too late, and that no other needs."""
        self.emitted = 0
        """Frames that left."""
        self.waited = 0.0
        """Seconds from their first packets to leaving."""
        self._held: deque[VideoFrame[Packet]] = deque()
        self._size = 0

    def insert(self, frame: VideoFrame[Packet]) -> None:
        """Take a frame, in decoding order."""
        self.delay.note(frame.time, frame.completed, is_repaired=frame.is_repaired)
        self._held.append(frame)
        self._size += len(frame.data)

    def deadline(self) -> float | None:
        """Return when the next frame is to be decoded."""
        if not self._held:
            return None
        if self.delay.is_immediate or self._is_full():
            return self._held[0].completed
        return self.delay.decode(self._held[0].time)

    def _is_full(self) -> bool:
        return len(self._held) > MAX_HELD or self._size > MAX_HELD_BYTES

    def pull(self, now: float) -> list[VideoFrame[Packet]]:
        """Return the frames that are to be decoded now."""
        frames: list[VideoFrame[Packet]] = []
        while (due := self.deadline()) is not None and due <= now:
            frame = self._held.popleft()
            self._size -= len(frame.data)
            following = self.deadline()
            if (
                self.delay.is_even
                and not frame.is_reference
                and due < now - TOO_LATE
                and following is not None
                and following <= now
            ):
                self.dropped += 1
                continue
            frames.append(frame)
            self.emitted += 1
            self.waited += now - frame.arrival
        return frames
