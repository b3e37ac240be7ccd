"""The audio buffer that plays at an even pace.

Two clocks meet here: the sender's, in which packets have their times (`TimeLine`), and ours, by
which sound is to leave without a gap. The buffer has a *cursor*, the time that is played next,
and an instant when it is *due*; every piece that leaves moves both by its duration. How far the
instant lies behind the fastest packets is the delay, and `TargetDelay` says how far it should.

When the cursor's packet is there at its instant it is decoded. When it is not:

- A later one is there, and numbers are missing in between: something is lost. Its end is taken
  from the copy in the packet that follows, if that carries one (RFC 6716 §2.1.7); the rest is
  concealed, packet by packet, so that one that comes after all is still used.
- A later one is there and no number is missing: the sender paused, and the pause is filled. Here
  is where the delay is put right without anybody hearing it.
- Nothing is there: it is not known yet which of the two it is, or whether the packet is late.
  What is made up now *floats*: it has no time on the sender's line yet. When the packet comes
  after all, it is played, and what floated was inserted: the delay is longer now by that much.
  When a later one comes, what floated takes the place of what is missing, as far as the target
  delay does not ask for more.

So late speech is heard late instead of being cut. It catches up by leaving out packets that hold
no sound, by having others played a little faster, and, when very late, by leaving out any. Where
the delay is to grow, packets without sound are made longer, and others played a little slower. The
codec layer says how much of that went unheard (`stretched`). The time that goes with what leaves is
the sender's, plus what was inserted and not yet left out again: it never goes back, and steps ahead
only where something was left out. What is made up fades into silence after `FADE`, and ends after
`MAX_FILL`.
"""

from .audio_queue import AudioQueue, Decision, Held, Packet

MAX_FILL = 60.0
"""Seconds of silence that fill a pause; a longer one ends with a step in time."""
MAX_LATE = 1.0
"""Seconds that `pull` may come too late; what is older is dropped."""
_STEP = 0.01
_SILENT_STEP = 0.02
_LACK = 0.0025
_ENOUGH = 0.95
STRETCHED_FROM = 0.015
"""Seconds off the target from which sound is played faster or slower: a period of any voice."""
STRETCH_INTERVAL = 0.05
"""Seconds of sound from one change of its length to the next, at least."""


class AudioBuffer(AudioQueue[Packet]):
    """Sound at an even pace: pull at each deadline, play what comes at once."""

    def __init__(self, rate: int) -> None:
        super().__init__(rate)
        self._due: float | None = None
        self._playing = False
        self._floating = 0
        self._debt = 0
        self._left_out = False
        self._unstretched = 0
        self._is_stretching = False
        self._step = int(_STEP * rate)
        self._silent_step = int(_SILENT_STEP * rate)
        self._unit = self._silent_step

    def deadline(self) -> float | None:
        """Return when to pull; None until a packet comes."""
        return self._due

    @property
    def delay(self) -> float:
        """Seconds that sound waits here, counted from the fastest packets."""
        if self._due is None or self._cursor is None:
            return 0.0
        return self._due - self.target.ideal(self._cursor) + self.target.seconds

    def pull(self, now: float) -> list[Decision[Packet]]:
        """Return what is due, in order."""
        if self._due is None or self._due > now:
            return []
        if now - self._due > MAX_LATE:
            self._skip(now)
        self._is_stretching = False
        played = []
        while self._due is not None and self._due <= now:
            decision = self._next(now)
            if decision is not None:
                played.append(decision)
                self._due += decision.ticks / self.rate
        return played

    def _first_in_time(self, arrival: float) -> int:
        if self._due is None:
            return self._newest + 1
        begin = self._cursor if self._playing else None
        for time in self._times:
            held = self._held[time]
            if begin is None:
                begin = time
            first = begin + int((arrival - self._due) * self.rate)
            if time >= first:
                return held.number - (time - first) // max(1, held.ticks)
        return self._newest + 1

    def _arrived(self, held: Held[Packet], now: float) -> None:
        if self._due is None:
            self._due = now + (self.target.seconds or held.ticks / self.rate)
            self._playing = False

    def _flush(self) -> None:
        super()._flush()
        self._due = None

    def _start(self, held: Held[Packet]) -> None:
        """Begin, or go on after a pause, with the earliest packet there is."""
        self._playing = True
        if self._cursor is not None:
            # What left stays before what leaves.
            ahead = held.time - self._cursor - self._floating
            self._debt = max(0, self._debt - ahead)
            self.statistics.skipped += max(0, ahead)
        self._floating = 0
        self._cursor = held.time

    def _next(self, now: float) -> Decision[Packet] | None:
        """Decide about the next piece; None when something was left out."""
        held = self._first()
        if held is None:
            return self._underrun()
        if not self._playing:
            self._start(held)
        assert self._cursor is not None
        gap = held.time - self._cursor
        if gap > self._tiny:
            return self._bridge(held, gap, now)
        if not held.ticks:
            self._take(held)
            self._played, self._dtx = held.number, True
            return None
        if self._floating:
            self._run_lost = True
            self._insert(self._floating)
        if gap < 0:
            self._insert(-gap)
        self.statistics.skipped += max(0, gap)
        self._cursor = held.time
        return self._play(held, now)

    def _play(self, held: Held[Packet], now: float) -> Decision[Packet] | None:
        assert self._due is not None
        excess = self._due - self.target.ideal(held.time)
        quiet = held.is_quiet or held.is_dtx
        if self._is_left_out(held.ticks / self.rate, excess, quiet):
            self._take(held)
            self._played = held.number
            self._left_out = True
            self._cursor = held.time + held.ticks
            self._leave_out(held.ticks)
            return None
        self._left_out = False
        if quiet and not self._run and excess <= -_LACK:
            return self._lengthen(-excess)
        stretch = 0 if self._run else self._stretch(held, excess)
        self._cursor = held.time + held.ticks
        self._unit = held.ticks
        return self._decode(held, held.time + self._debt, now)._replace(stretch=stretch)

    def _stretch(self, held: Held[Packet], excess: float) -> int:
        """Return by how much longer or shorter a packet should be; one of all that are pulled."""
        self._unstretched += held.ticks
        if self._is_stretching or abs(excess) < STRETCHED_FROM:
            return 0
        if self._unstretched < STRETCH_INTERVAL * self.rate:
            return 0
        self._is_stretching = True
        return -round(excess * self.rate)

    def stretched(self, ticks: int) -> None:
        """Note by how much longer than it was sent a packet left, or shorter when negative."""
        self._unstretched = 0
        self.statistics.received += ticks
        if ticks > 0:
            self._insert(ticks)
            self.statistics.inserted += ticks
        else:
            self._leave_out(-ticks)
        if self._due is not None:
            self._due += ticks / self.rate

    def _lengthen(self, lack: float) -> Decision[Packet]:
        """Insert something where nobody hears it, in steps that every codec can make up."""
        assert self._cursor is not None
        ticks = min(-int(-lack * self.rate // self._tiny) * self._tiny, self._step)
        decision = self._fill(self._cursor + self._debt, ticks)
        self._insert(ticks)
        self.statistics.inserted += ticks
        return decision

    def _is_left_out(self, duration: float, excess: float, quiet: bool) -> bool:
        if excess > self.target.patience - self.target.seconds:
            return True
        return quiet and not self._left_out and excess >= duration * _ENOUGH

    def _underrun(self) -> Decision[Packet] | None:
        """Nothing is there: fill the time, without saying yet what for."""
        if self._ended or self._cursor is None or self._floating >= MAX_FILL * self.rate:
            self._due = None
            return None
        silent = self._dtx or self._run >= self._fade
        step = self._silent_step if silent else self._step
        decision = self._fill(self._cursor + self._floating + self._debt, step)
        self._floating += step
        return decision

    def _bridge(self, held: Held[Packet], gap: int, now: float) -> Decision[Packet] | None:
        """Fill what lies before a packet."""
        assert self._cursor is not None
        lost = self._was_lost(held)
        if lost:
            self._run_lost = True
            if held.fec:
                self.target.note_loss(now)
        excess = self._excess(held, gap)
        if self._floating:
            self._settle(gap, excess, held.fec if lost else 0)
            return None
        if lost and not self._run and excess <= -_LACK:
            return self._lengthen(-excess)
        if not lost or self._run >= self._fade:
            # Nobody hears a pause being shorter.
            if (short := min(gap, round(excess * self.rate))) > self._step:
                self._cursor += short
                self._leave_out(short)
                return None
        time = self._cursor + self._debt
        copied = held.fec if lost and held.fec <= gap else 0
        if 0 <= gap - copied <= self._tiny and copied:
            self._cursor = held.time
            return self._decode_copy(held, time, gap)
        wanted = gap - copied
        ticks = min(wanted, self._unit if lost else self._silent_step)
        self._cursor += ticks
        return self._fill(time, ticks)

    def _excess(self, held: Held[Packet], gap: int) -> float:
        """Return how many seconds after its ideal a packet would be played, behind its gap."""
        assert self._due is not None
        return self._due + gap / self.rate - self.target.ideal(held.time)

    def _settle(self, gap: int, excess: float, fec: int) -> None:
        """Give what floats the place of what is missing, and insert the rest.

        A copy of the missing packet is worth a little more delay.
        """
        assert self._cursor is not None
        settled = max(0, min(gap, self._floating, round(excess * self.rate)))
        if fec and settled > gap - fec >= 0:
            delay = excess - (gap - fec) / self.rate
            if delay <= self._unit / self.rate:
                settled = gap - fec
        self._cursor += settled
        self._floating -= settled
        self._insert(self._floating)

    def _insert(self, ticks: int) -> None:
        """Take note of what left and is on no time of the sender's."""
        self._debt += ticks
        self._floating = 0

    def _leave_out(self, ticks: int) -> None:
        self.statistics.removed += ticks
        self._debt -= min(self._debt, ticks)

    def _skip(self, now: float) -> None:
        """Drop what should have left long ago, when nobody pulled."""
        assert self._due is not None
        ticks = int((now - self._due) * self.rate)
        if self._cursor is not None:
            self._cursor += ticks
        self.statistics.skipped += ticks
        self._due = now
