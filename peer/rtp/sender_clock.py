"""When something was captured, by the clock of who sent it (RFC 3550 §6.4.1).

Times are NTP times of 64 bits, 32 of them behind the point. They wrap in 2036, and their origin
may be any: only differences within one sender (CNAME) mean anything.
"""

from collections import deque
from typing import NamedTuple

from .extensions import CaptureTime
from .serial import TIMESTAMP_BITS, signed_difference

NTP_BITS = 64
SECOND = 1 << 32
MAX_REPORTS = 20
_MAX_AHEAD = 3600 * SECOND
_MAX_TICKS = 1 << 25
_MAX_INVALID = 3
_MAX_DRIFT = 0.1
_MAX_OFFSETS = 100
MAX_SENDERS = 16
"""Senders whose clocks are known at a time."""
STAMP_INTERVAL = 1.0
STAMP_ERROR = SECOND // 1000
INTERPOLATION = 5.0
"""Seconds for which an absolute capture time says those of later packets."""


class ClockLine(NamedTuple):
    """The clock of a source as it is known: a line from `origin`, timestamp and time, in ticks.

    `newest` are the ticks of the latest report.
    """

    origin: tuple[int, int]
    newest: int
    slope: float
    intercept: float

    def capture_time(self, rtp_timestamp: int) -> int:
        """Return the time of a timestamp near the newest report's."""
        timestamp, time = self.origin
        newest = timestamp + self.newest & (1 << TIMESTAMP_BITS) - 1
        ticks = self.newest + signed_difference(rtp_timestamp, newest, TIMESTAMP_BITS)
        return (time + round(self.intercept + self.slope * ticks)) % (1 << NTP_BITS)


class RtpClock:
    """Maps the RTP timestamps of one source to its sender's clock, by its sender reports.

    A line is fitted through the last of them; with one alone the clock rate is believed. `line` is
    that, None before the first; it never changes, but is another one after each report.
    """

    def __init__(self, clock_rate: int) -> None:
        self.line: ClockLine | None = None
        self._rate = clock_rate
        self._pairs: deque[tuple[int, int]] = deque(maxlen=MAX_REPORTS)
        self._origin = 0, 0
        self._invalid = 0

    def note(self, ntp_time: int, rtp_timestamp: int) -> bool:
        """Note what a sender report says; returns whether it is of use. 0 is no time."""
        if not ntp_time:
            return False
        if not self._pairs:
            self._begin(ntp_time, rtp_timestamp)
            return True
        ticks, time = self._relative(rtp_timestamp, ntp_time)
        last_ticks, last_time = self._pairs[-1]
        if ticks == last_ticks or time == last_time:
            return False
        if not 0 < ticks - last_ticks <= _MAX_TICKS or not 0 < time - last_time <= _MAX_AHEAD:
            self._invalid += 1
            if self._invalid < _MAX_INVALID:
                return False
            self._begin(ntp_time, rtp_timestamp)
            return True
        self._invalid = 0
        self._pairs.append((ticks, time))
        self._fit()
        return True

    def capture_time(self, rtp_timestamp: int) -> int | None:
        """Return the time of a timestamp near the newest report's, None before the first."""
        return None if self.line is None else self.line.capture_time(rtp_timestamp)

    def seconds(self, rtp_timestamp: int) -> float | None:
        """Return the same in seconds, for `TimeLine`."""
        time = self.capture_time(rtp_timestamp)
        return None if time is None else time / SECOND

    def _begin(self, ntp_time: int, rtp_timestamp: int) -> None:
        self._pairs.clear()
        self._pairs.append((0, 0))
        self._origin = rtp_timestamp, ntp_time
        self._invalid = 0
        self.line = ClockLine(self._origin, 0, SECOND / self._rate, 0.0)

    def _relative(self, rtp_timestamp: int, ntp_time: int) -> tuple[int, int]:
        """Return both as counted from the first report, near the newest one."""
        rtp_origin, ntp_origin = self._origin
        ticks = self._pairs[-1][0]
        newest = rtp_origin + ticks & (1 << TIMESTAMP_BITS) - 1
        ticks += signed_difference(rtp_timestamp, newest, TIMESTAMP_BITS)
        return ticks, signed_difference(ntp_time, ntp_origin, NTP_BITS)

    def _fit(self) -> None:
        """Fit a line by least squares; one that no clock could have is not believed."""
        count = len(self._pairs)
        x0, y0 = self._pairs[0]
        xs = [x - x0 for x, _ in self._pairs]
        ys = [y - y0 for _, y in self._pairs]
        mean_x, mean_y = sum(xs) / count, sum(ys) / count
        spread = sum((x - mean_x) ** 2 for x in xs)
        slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
        nominal = SECOND / self._rate
        last_x, last_y = self._pairs[-1]
        intercept = y0 + mean_y - slope * (mean_x + x0)
        if abs(slope - nominal) > _MAX_DRIFT * nominal:
            slope, intercept = nominal, last_y - nominal * last_x
        self.line = ClockLine(self._origin, last_x, slope, intercept)


class ClockMapping(NamedTuple):
    """A sender's clock on ours as it is known: `offset` is when `first` was."""

    first: int
    offset: float

    def local(self, ntp_time: int) -> float:
        """Return when that was by our clock."""
        return signed_difference(ntp_time, self.first, NTP_BITS) / SECOND + self.offset


class ClockOffset:
    """Maps a sender's clock to ours, by when its reports arrive.

    `mapping` is None before two reports; it never changes, but is another one after each.
    """

    def __init__(self) -> None:
        self.mapping: ClockMapping | None = None
        self._offsets: deque[float] = deque(maxlen=_MAX_OFFSETS)
        self._first: int | None = None

    def note(self, ntp_time: int, now: float, round_trip: float) -> None:
        """Note a sender report that has just arrived."""
        if self._first is None:
            self._first = ntp_time
        elapsed = signed_difference(ntp_time, self._first, NTP_BITS) / SECOND
        self._offsets.append(now - elapsed - round_trip / 2)
        ordered = sorted(self._offsets)
        middle = len(ordered) // 2
        if middle:
            median = (ordered[middle] + ordered[~middle]) / 2
            self.mapping = ClockMapping(self._first, median)

    def local(self, ntp_time: int) -> float | None:
        """Return when that was by our clock, None before two reports."""
        return None if self.mapping is None else self.mapping.local(ntp_time)


class SenderClocks:
    """The clocks of those that send over one transport, by their canonical names (CNAME)."""

    def __init__(self) -> None:
        self._offsets: dict[str, ClockOffset] = {}

    def clock_of(self, cname: str) -> ClockOffset:
        """Return what maps a sender's clock to ours.

        Beyond `MAX_SENDERS` the one goes that was asked for longest ago.
        """
        known = self._offsets.pop(cname, None) or ClockOffset()
        if len(self._offsets) >= MAX_SENDERS:
            del self._offsets[next(iter(self._offsets))]
        self._offsets[cname] = known
        return known


class CaptureStamps:
    """Which packets tell when they were captured: those without which a receiver would be wrong.

    That is one a second, and each that is more than a millisecond off what the last one says.
    """

    def __init__(self) -> None:
        self._clock = CaptureClock()
        self._due = -1e9

    def stamp(
        self, rtp_timestamp: int, clock_rate: int, ntp_time: int, now: float
    ) -> CaptureTime | None:
        """Return what the first packet of a frame is to say, None when it need not."""
        known = self._clock.capture_time(0, rtp_timestamp, clock_rate, now)
        if known is not None and now < self._due:
            error = signed_difference(ntp_time, known.ntp_time, NTP_BITS)
            if abs(error) <= STAMP_ERROR:
                return None
        told = CaptureTime(ntp_time, 0)
        self._clock.note(0, rtp_timestamp, clock_rate, now, told)
        self._due = now + STAMP_INTERVAL
        return told


class CaptureClock:
    """Capture times of packets from those that some carry (abs-capture-time).

    Who captured is the first contributing source of a packet, else its SSRC.
    """

    def __init__(self) -> None:
        self._source = -1
        self._rate = 0
        self._timestamp = self._time = 0
        self._offset: int | None = None
        self._at = -1e9

    def note(
        self, source: int, rtp_timestamp: int, clock_rate: int, now: float, carried: CaptureTime
    ) -> None:
        """Note what a packet's own header extension says."""
        if source != self._source or now > self._at + INTERPOLATION:
            self._offset = None
        self._source, self._rate, self._timestamp = source, clock_rate, rtp_timestamp
        self._time, self._at = carried.ntp_time, now
        if carried.offset is not None:
            self._offset = carried.offset

    def capture_time(
        self, source: int, rtp_timestamp: int, clock_rate: int, now: float
    ) -> CaptureTime | None:
        """Return a packet's capture time, from the latest one noted if that still counts."""
        if source != self._source or clock_rate != self._rate or now > self._at + INTERPOLATION:
            return None
        ticks = signed_difference(rtp_timestamp, self._timestamp, TIMESTAMP_BITS)
        time = self._time + ticks * SECOND // clock_rate
        return CaptureTime(time % (1 << NTP_BITS), self._offset)
