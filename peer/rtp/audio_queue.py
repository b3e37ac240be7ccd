"""Packets of sound that wait for their turn: in order, each once, bounded, counted."""

import enum
from abc import ABC, abstractmethod
from bisect import insort
from collections import deque
from typing import Generic, NamedTuple, TypeVar

from .audio_delay import MAX_PACKETS, TargetDelay
from .nack import NackRequester

Packet = TypeVar("Packet")

MAX_LOST = 1 << 15
"""Numbers that lie farther apart belong to different sources: nothing was lost in between."""
FADE = 0.12
"""Seconds that a decoder makes up before silence takes over."""
REPAIR_MARGIN = 0.01
"""Seconds beyond a round trip that a packet is asked for before its time."""
MAX_PADDING = 512
"""Numbers of packets without sound that are remembered: a tone of 6 s has 300."""
_SEEN = 512
_SEEN_MASK = (1 << _SEEN) - 1


class Action(enum.Enum):
    """What a codec layer is to do."""

    DECODE = "decode"
    """Decode the packet."""
    FEC = "fec"
    """Decode what the packet repeats of what is before it."""
    CONCEAL = "conceal"
    """Make up what is missing; the codec layer knows what was before."""
    SILENCE = "silence"
    """Give zeros."""
    COMFORT = "comfort"
    """Fill a pause in which the sender sends nothing."""


class Decision(NamedTuple, Generic[Packet]):
    """One piece of what is played: `ticks` of sound at `time` of the track's line.

    With `stretch` it should be by up to so much longer, or shorter when negative, where nobody
    hears that; `AudioBuffer.stretched` is told of it.
    """

    action: Action
    time: int
    ticks: int
    packet: Packet | None = None
    stretch: int = 0


class AudioStatistics:
    """What became of the sound; ticks and packets, and seconds times ticks (webrtc-stats)."""

    __slots__ = (
        "comfort",
        "concealed",
        "concealment_events",
        "delay",
        "duplicates",
        "emitted",
        "fec_discarded",
        "fec_received",
        "flushed",
        "inserted",
        "interruption",
        "interruptions",
        "late",
        "minimum_delay",
        "received",
        "removed",
        "silent_concealed",
        "skipped",
        "target_delay",
    )

    def __init__(self) -> None:
        self.received = 0
        """Ticks of all that left, made up or not."""
        self.emitted = 0
        """Ticks of what left and had arrived: jitterBufferEmittedCount."""
        self.delay = self.target_delay = self.minimum_delay = 0.0
        """Seconds times ticks: jitterBufferDelay, -TargetDelay, -MinimumDelay."""
        self.concealed = self.silent_concealed = 0
        """Ticks that were made up for lost or late packets, and those of them that are zeros."""
        self.concealment_events = 0
        self.interruptions = 0
        """Concealments of 150 ms and more."""
        self.interruption = 0
        """Ticks of those."""
        self.comfort = 0
        """Ticks that fill pauses of the sender."""
        self.inserted = self.removed = 0
        """Ticks by which what left was made longer or shorter, for the sake of the delay."""
        self.skipped = 0
        """Ticks that left nothing but a step in time."""
        self.late = self.flushed = self.duplicates = 0
        """Packets that came too late, that did not fit, that came again."""
        self.fec_received = self.fec_discarded = 0
        """Copies of packets in others, and those that were not needed."""


class Held(Generic[Packet]):
    """A packet that waits."""

    __slots__ = (
        "arrival",
        "fec",
        "is_copy",
        "is_dtx",
        "is_quiet",
        "number",
        "packet",
        "ticks",
        "time",
    )

    def __init__(
        self,
        number: int,
        time: int,
        ticks: int,
        packet: Packet,
        arrival: float,
        fec: int,
        is_quiet: bool,
        is_dtx: bool,
        is_copy: bool,
    ) -> None:
        self.number = number
        self.time = time
        self.ticks = ticks
        self.packet = packet
        self.arrival = arrival
        self.fec = fec
        self.is_quiet = is_quiet
        self.is_dtx = is_dtx
        self.is_copy = is_copy


class AudioQueue(ABC, Generic[Packet]):
    """What the two audio buffers share: taking packets in.

    Times and durations are ticks of `rate`, of the track's line (`TimeLine`). With `repairs`
    missing packets are asked for, by the `round_trip` of `missing`: as far as they can come in
    time, and nothing else has brought what is in them.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.repairs = False
        self.missing = NackRequester()
        self.statistics = AudioStatistics()
        self.target = TargetDelay(rate)
        self._held: dict[int, Held[Packet]] = {}
        self._times: list[int] = []
        self._cursor: int | None = None
        """The time of what is played next; None until something was."""
        self._newest = -1
        self._seen = 0
        self._padding: deque[int] = deque(maxlen=MAX_PADDING)
        self._played = -1
        """The number of the packet that was played last."""
        self._dtx = False
        self._run = 0
        """Ticks of what was made up since."""
        self._run_silent = 0
        self._run_lost = False
        self._ended = False
        self._fade = int(FADE * rate)
        self._tiny = rate // 400
        self._interruption = rate * 3 // 20

    def insert(
        self,
        number: int,
        time: int,
        ticks: int,
        packet: Packet,
        now: float,
        *,
        fec: int = 0,
        is_quiet: bool = False,
        is_dtx: bool = False,
        age: int = 0,
    ) -> None:
        """Take a packet in: its number and time (`TimeLine.place`), and what `Sound` tells.

        `is_quiet` says that there is no sound in it worth hearing (-60 dBov and less). With `age`
        it is a copy of the packet so many before the one it came in, which has the number
        (RFC 2198). Without ticks it only begins a pause.
        """
        counts, is_copy = self.statistics, age > 0
        number = self._number_before(number, age) if is_copy else number
        if fec or is_copy:
            counts.fec_received += 1
        if self.repairs:
            self._note_missing(number, now, fec=fec > 0, is_copy=is_copy)
        ahead = number - self._newest
        if (ahead <= 0 or time in self._held) and self._is_known(ahead, time, is_copy):
            return
        if not is_copy:
            self._see(number)
            if ticks:
                self.target.note(time, ticks, now, in_order=ahead > 0)
        if self._cursor is not None and time < self._cursor - self._tiny:
            if is_copy:
                counts.fec_discarded += 1
            else:
                counts.late += 1
            return
        if len(self._times) >= MAX_PACKETS:
            self._flush()
        held = Held(number, time, ticks, packet, now, fec, is_quiet, is_dtx, is_copy)
        if time not in self._held:
            insort(self._times, time)
        self._held[time] = held
        self._ended = False
        self._arrived(held, now)

    def pad(self, number: int, now: float) -> None:
        """Take note of a packet that has no sound at all: its number is not missing.

        Browsers send them to find out what the network bears.
        """
        if number not in self._padding:
            self._padding.append(number)
            if self.repairs:
                self.missing.add(number, now)

    def end(self) -> None:
        """Say that nothing more comes: what waits is played, and nothing is made up after it."""
        self._ended = True

    @abstractmethod
    def pull(self, now: float) -> list[Decision[Packet]]:
        """Return what is due, in order."""

    @abstractmethod
    def deadline(self) -> float | None:
        """Return when to pull at the latest, None when only a packet can change anything."""

    def requests(self, now: float) -> tuple[int, ...]:
        """Return the numbers of packets to ask for, after `pull`."""
        if not self.repairs or not self.missing:
            return ()
        self.missing.forget(self._first_in_time(now + self.missing.round_trip + REPAIR_MARGIN))
        return self.missing.due(now)

    def next_request(self) -> float | None:
        """Return when to look for `requests` again."""
        return self.missing.deadline() if self.repairs else None

    @abstractmethod
    def _first_in_time(self, arrival: float) -> int:
        """Return the first number that is of use when it comes then."""

    @abstractmethod
    def _arrived(self, held: Held[Packet], now: float) -> None:
        """Note a packet that was taken in."""

    def _note_missing(self, number: int, now: float, *, fec: bool, is_copy: bool) -> None:
        if is_copy:
            self.missing.recover(number)
            return
        self.missing.add(number, now)
        if fec:
            self.missing.recover(number - 1)

    def _see(self, number: int) -> None:
        """Remember that a packet came."""
        ahead = number - self._newest
        if ahead > 0:
            self._seen = (self._seen << min(ahead, _SEEN) | 1) & _SEEN_MASK
            self._newest = number
        elif -ahead < _SEEN:
            self._seen |= 1 << -ahead

    def _number_before(self, number: int, age: int) -> int:
        """Return the number of the packet with sound so many before another."""
        for _ in range(age):
            number -= 1
            while number in self._padding:
                number -= 1
        return number

    def _is_known(self, ahead: int, time: int, is_copy: bool) -> bool:
        """Count what came already; a copy is worth less than its original."""
        if ahead <= 0 and -ahead < _SEEN and self._seen >> -ahead & 1:
            if is_copy:
                self.statistics.fec_discarded += 1
            else:
                self.statistics.duplicates += 1
            return True
        there = self._held.get(time)
        if there is None:
            return False
        if is_copy or not there.is_copy:
            self.statistics.fec_discarded += is_copy
            self.statistics.late += not is_copy
            return True
        self.statistics.fec_discarded += 1
        return False

    def _flush(self) -> None:
        """Drop all that waits."""
        self.statistics.flushed += len(self._times)
        self._times.clear()
        self._held.clear()

    def _first(self) -> Held[Packet] | None:
        """Return what is to be played next of what waits, less what came too late."""
        times = self._times
        while times:
            held = self._held[times[0]]
            if self._cursor is None or held.time >= self._cursor - self._tiny:
                return held
            self._take(held)
            self.statistics.late += 1
        return None

    def _take(self, held: Held[Packet]) -> None:
        self._times.pop(0)
        del self._held[held.time]
        if held.fec:
            self.statistics.fec_discarded += 1

    def _was_lost(self, held: Held[Packet]) -> bool:
        """Tell whether numbers are missing before a packet."""
        ahead = held.number - self._played
        if self._played < 0 or ahead >= MAX_LOST:
            return False
        return ahead > 1 + sum(self._played < number < held.number for number in self._padding)

    def _decode(self, held: Held[Packet], time: int, now: float) -> Decision[Packet]:
        """Let a packet leave."""
        self._take(held)
        counts = self.statistics
        ticks = held.ticks
        if self._run:
            self._end_run()
        self._run_lost = False
        counts.received += ticks
        counts.emitted += ticks
        counts.delay += ticks * (now - held.arrival)
        counts.target_delay += ticks * self.target.seconds
        counts.minimum_delay += ticks * self.target.minimum
        self._played = held.number
        self._dtx = held.is_dtx
        return Decision(Action.DECODE, time, ticks, held.packet)

    def _fill(self, time: int, ticks: int, *, silent: bool = False) -> Decision[Packet]:
        """Let something leave in place of what is not there."""
        self.statistics.received += ticks
        if self._dtx:
            self.statistics.comfort += ticks
            return Decision(Action.COMFORT, time, ticks)
        action = Action.CONCEAL
        if silent or self._run >= self._fade:
            action = Action.SILENCE
            self._run_silent += ticks
        self._run += ticks
        return Decision(action, time, ticks)

    def _decode_copy(self, held: Held[Packet], time: int, ticks: int) -> Decision[Packet]:
        """Let what a packet repeats of the one before leave."""
        self.statistics.received += ticks
        self.statistics.emitted += ticks
        held.fec = 0
        return Decision(Action.FEC, time, ticks, held.packet)

    def _end_run(self) -> None:
        """Count what was made up, now that it is known what for."""
        counts = self.statistics
        if self._run_lost:
            counts.concealed += self._run
            counts.silent_concealed += self._run_silent
            counts.concealment_events += 1
            if self._run >= self._interruption:
                counts.interruptions += 1
                counts.interruption += self._run
        else:
            counts.comfort += self._run
        self._run = self._run_silent = 0
