"""One time line for each received track, whatever its sources do.

RTP timestamps belong to a source (SSRC): each has a random beginning, wraps after 2^32 ticks and
counts in the clock of the codec in use. What the reader of a track sees has one time line. So
each source is *anchored* on the line: a pair of its own timestamp and a time of the line, from
which all its packets are counted until something happens that no recording and no pause explains:

- another source takes over: by the capture times of both when the sender's reports tell them
  (RFC 3550 §6.4.1), else by the time that passed between their packets;
- its clock starts again: behind where it was while its sequence numbers go on, or farther ahead
  than the time that passed (RFC 3550 §5.1 promises neither, and restarted encoders do both): all
  steps together, so that no track has more sound than there was time for;
- its payload type changes to a clock of another rate (RFC 7160 §4): the ticks in between are
  taken at the new rate, when that agrees with the time that passed.

Sequence numbers go the same way: they are counted without wrapping, and a source that starts
anew begins so far ahead (`RESTART_GAP`) that nobody takes the step for lost packets.
"""

from collections.abc import Callable
from typing import NamedTuple

RESTART_GAP = 1 << 16
"""How far the numbers of packets jump where something else began, within one ring."""
MAX_MISORDER = 100
"""How far behind the newest packet one may be and belong to it (RFC 3550 §A.1)."""
MAX_SOURCES = 4
"""Sources of one track that are remembered, for their packets that come late."""
STRAGGLING = 1.0
"""Seconds of silence after which a source that was replaced may take over again."""
_PLAUSIBLE = 0.5
MAX_AHEAD = 10.0
"""Seconds by which a track's time may be ahead of the time that passes."""
_LENIENCY = 1e-3
"""The part of the time that passes by which a sender's clock may be too fast for ever."""
_AGREEMENT = 1.0
_LONGEST_FRAME = 0.2

CaptureTimes = Callable[[int, int], float | None]
"""Gives the capture time of an SSRC's timestamp in seconds of its sender's clock, if known."""


class Place(NamedTuple):
    """Where a packet belongs: its number among the track's packets, and its time in ticks."""

    number: int
    time: int


class _Source:
    """Where the timestamps of one SSRC lie on the line."""

    __slots__ = (
        "anchor_time",
        "anchor_timestamp",
        "arrival",
        "clock_rate",
        "ended",
        "number",
        "retired",
        "ssrc",
        "suspect",
        "timestamp",
    )

    def __init__(self, ssrc: int, number: int, timestamp: int, clock_rate: int, now: float) -> None:
        self.ssrc = ssrc
        self.number = number
        self.timestamp = timestamp
        """The newest timestamp, counted on from the anchor's without wrapping."""
        self.anchor_timestamp = timestamp
        self.anchor_time = 0
        self.clock_rate = clock_rate
        self.arrival = now
        self.ended = False
        """It said BYE: where it does not go on, it is a new one."""
        self.retired = False
        """Another one took over."""
        self.suspect = -1
        """The sequence number that would prove that it began anew."""


class TimeLine:
    """The time line of a track, in ticks of `rate` for its whole life.

    `max_step_back` is by how many seconds a later packet may be earlier in time: pictures are
    sent in another order than shown, sound is not. What leaves through `leave` strictly
    increases and begins at 0.
    """

    def __init__(
        self,
        rate: int,
        *,
        max_step_back: float = 0.0,
        capture_times: CaptureTimes | None = None,
    ) -> None:
        self.rate = rate
        self.restarts = 0
        """How often a source's clock or numbers began anew."""
        self.changes = 0
        """How often another source took over."""
        self.dropped = 0
        """Packets of sources that were replaced, and first ones of what may be a restart."""
        self._max_step_back = max_step_back
        self._capture_times = capture_times
        self._sources: dict[int, _Source] = {}
        self._current: _Source | None = None
        self._newest = 0
        self._frame = 1
        self._ahead = 0.0
        """Seconds by which its steps were longer than the time that passed."""
        self._origin: int | None = None
        self._left = -1

    @property
    def ssrc(self) -> int | None:
        """The source that is followed now; a packet of another one takes over or is dropped."""
        return None if self._current is None else self._current.ssrc

    def ticks(self, count: int, clock_rate: int) -> int:
        """Return what `count` ticks of an RTP clock are on this line."""
        return count if clock_rate == self.rate else count * self.rate // clock_rate

    def place(
        self,
        ssrc: int,
        sequence_number: int,
        timestamp: int,
        clock_rate: int,
        now: float,
        *,
        repaired: bool = False,
        may_take_over: bool = True,
    ) -> Place | None:
        """Return where a packet belongs, None when it is to be dropped.

        A `repaired` packet was sent again, so that it is late without meaning anything by it.
        One that may not take over from another source is dropped instead: pictures of a new one
        are of no use before its key frame, and the old one may still go on.
        """
        source = self._current
        if source is None or ssrc != source.ssrc:
            known = self._take_over_or_find(ssrc, now)
            if known is None:
                if source is not None and not may_take_over:
                    self.dropped += 1
                    return None
                return self._begin(ssrc, sequence_number, timestamp, clock_rate, now)
            source = known
        ahead = (sequence_number - source.number + 0x8000 & 0xFFFF) - 0x8000
        ticks = (timestamp - source.timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        if ahead <= 0 or source.retired:
            if not self._is_off(source, ahead, ticks, repaired):
                return Place(source.number + ahead, self._time(source, source.timestamp + ticks))
            if not self._begins_anew(source, sequence_number, repaired):
                self.dropped += 1
                return None
            ahead += RESTART_GAP
        self._advance(source, ticks, clock_rate, now)
        source.number += ahead
        time = self._time(source, source.timestamp)
        step = time - self._newest
        if step > 0:
            self._newest = time
            if step <= _LONGEST_FRAME * self.rate:
                self._frame = step
        return Place(source.number, time)

    def number(self, ssrc: int, sequence_number: int) -> int | None:
        """Return the number of a packet whose time says nothing, as that of a tone (RFC 4733 §2.2).

        None when it is not of the source that is followed.
        """
        source = self._current
        if source is None or ssrc != source.ssrc:
            return None
        number = source.number + (sequence_number - source.number + 0x8000 & 0xFFFF) - 0x8000
        source.number = max(source.number, number)
        return number

    def leave(self, time: int) -> int:
        """Return the time that is put on what leaves: from 0 on, strictly increasing."""
        if self._origin is None:
            self._origin = time
        self._left = max(time - self._origin, self._left + 1)
        return self._left

    def end(self, ssrc: int) -> None:
        """Note that a source said BYE (RFC 3550 §6.6): it may go on, or begin anew."""
        source = self._sources.get(ssrc)
        if source is not None:
            source.ended = True

    def _time(self, source: _Source, timestamp: int) -> int:
        ticks = timestamp - source.anchor_timestamp
        if source.clock_rate == self.rate:
            return source.anchor_time + ticks
        return source.anchor_time + ticks * self.rate // source.clock_rate

    def _take_over_or_find(self, ssrc: int, now: float) -> _Source | None:
        """Return a source that was replaced; None when this one is to take over, or again."""
        source, current = self._sources.get(ssrc), self._current
        if source is None or current is None:
            return None
        silent = now - source.arrival > STRAGGLING
        alone = now - current.arrival > STRAGGLING
        source.arrival = now
        return None if silent or alone else source

    def _begin(
        self, ssrc: int, sequence_number: int, timestamp: int, clock_rate: int, now: float
    ) -> Place:
        """Let a source take over."""
        old, number, time = self._current, 0, 0
        if old is not None:
            number = old.number + RESTART_GAP
            time = self._after(old, now)
            captured = self._captured(ssrc, timestamp, old)
            # Reports that disagree with our clock by that much are of no use.
            if captured is not None and abs(captured - time) < self.rate:
                ahead = self._ahead_after(max(0, captured - time) / self.rate, 0.0)
                if ahead <= MAX_AHEAD:
                    time, self._ahead = max(captured, self._newest + 1), ahead
            old.retired = True
            self.changes += 1
        number += sequence_number - number & 0xFFFF
        source = _Source(ssrc, number, timestamp, clock_rate, now)
        source.anchor_time = self._newest = time
        self._sources.pop(ssrc, None)
        self._sources[ssrc] = self._current = source
        if len(self._sources) > MAX_SOURCES:
            del self._sources[next(iter(self._sources))]
        return Place(number, time)

    def _ahead_after(self, step: float, gap: float) -> float:
        """Return by how much the track is ahead after a step, in seconds, when so many passed."""
        return max(0.0, self._ahead + step - gap * (1 + _LENIENCY))

    def _after(self, old: _Source, now: float) -> int:
        """Return the time of something that comes now, after all there was."""
        return self._newest + max(self._frame, round((now - old.arrival) * self.rate))

    def _captured(self, ssrc: int, timestamp: int, old: _Source) -> int | None:
        """Return the time of a new source's packet by the sender's clock, if that is known."""
        if self._capture_times is None:
            return None
        new = self._capture_times(ssrc, timestamp)
        before = self._capture_times(old.ssrc, old.timestamp & 0xFFFFFFFF)
        if new is None or before is None:
            return None
        return self._time(old, old.timestamp) + round((new - before) * self.rate)

    def _is_off(self, source: _Source, ahead: int, ticks: int, repaired: bool) -> bool:
        """Tell whether a packet that is not the newest has a timestamp it would not have had."""
        if source.retired:
            return ahead > 0 or ticks > 0
        near = _PLAUSIBLE * source.clock_rate
        if ahead < -MAX_MISORDER and not repaired:
            return not -near <= ticks <= 0
        return ticks > near

    def _begins_anew(self, source: _Source, sequence_number: int, repaired: bool) -> bool:
        """Tell whether a packet that is off shows that its source began anew.

        A single one may be very late: the next one tells, when there is none of the others
        in between.
        """
        if source.retired or repaired:
            return False
        if source.ended or source.suspect == sequence_number:
            return True
        source.suspect = sequence_number + 1 & 0xFFFF
        return False

    def _advance(self, source: _Source, ticks: int, clock_rate: int, now: float) -> None:
        """Count the source's timestamps on, or anchor it anew where they do not go on."""
        gap = now - source.arrival
        step = ticks / clock_rate
        ahead = self._ahead_after(step, gap)
        if clock_rate != source.clock_rate:
            fits = abs(step - gap) <= _AGREEMENT and ahead <= MAX_AHEAD
            if fits:
                # RFC 7160 §4.3: what lies between counts at the new rate.
                source.anchor_time = self._time(source, source.timestamp)
                source.anchor_timestamp = source.timestamp
        else:
            fits = -self._max_step_back <= step and ahead <= MAX_AHEAD
        source.timestamp += ticks
        if fits:
            self._ahead = ahead
        else:
            self.restarts += 1
            source.anchor_time = self._after(source, now)
            source.anchor_timestamp = source.timestamp
        source.clock_rate = clock_rate
        source.arrival = now
        source.suspect = -1
        source.ended = False
