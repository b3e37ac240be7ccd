"""The audio buffer that lets sound leave as soon as it can: for programs that listen.

What is next in order leaves at once. A missing packet holds back what is behind it for at most
`HOLD`, and only while something may still bring it: packets came out of order lately, or what is
asked for (`repairs`) can come within that time. Then the gap is filled in one go and all that
waited leaves.
"""

import enum

from .audio_queue import REPAIR_MARGIN, AudioQueue, Decision, Held, Packet

HOLD = 0.04
"""Seconds that a missing packet may hold others back."""
MAX_PAUSE = 1.0
"""Seconds of a sender's pause, or of a loss, that are filled; of a longer pause none, of a loss its
beginning: what is left is a step in time."""
_ASSUMED = 10.0
_MEMORY = 60.0


class Gap(enum.Enum):
    """What becomes of sound that is missing."""

    CONCEAL = "conceal"
    """It is made up for as long as that sounds well, then it is silent."""
    SILENCE = "silence"
    """It is silent."""
    STEP = "step"
    """Time steps ahead."""


class EagerAudioBuffer(AudioQueue[Packet]):
    """Sound at once: pull after each packet, and at the deadline when there is one."""

    def __init__(self, rate: int, *, hold: float = HOLD, gap: Gap = Gap.CONCEAL) -> None:
        super().__init__(rate)
        self._hold = hold
        self._gap = gap
        self._reordered = 0.0
        self._held_since: float | None = None

    def deadline(self) -> float | None:
        """Return when the missing packet is waited for no longer."""
        return None if self._held_since is None else self._held_since + self._hold

    def pull(self, now: float) -> list[Decision[Packet]]:
        """Return all that can leave, in order."""
        played: list[Decision[Packet]] = []
        while self._times and (held := self._first()) is not None:
            gap = held.time - self._cursor if self._cursor is not None else 0
            if gap > self._tiny:
                if self._was_lost(held):
                    if self._waits(held, gap, now):
                        return played
                    self._run_lost = True
                    played += self._repair(held, gap)
                elif gap <= MAX_PAUSE * self.rate:
                    self._dtx = True
                    played.append(self._fill(held.time - gap, gap))
                else:
                    self.statistics.skipped += gap
            self._held_since = None
            self._cursor = held.time + held.ticks
            if held.ticks:
                played.append(self._decode(held, held.time, now))
            else:
                self._take(held)
                self._played, self._dtx = held.number, True
        self._held_since = None
        return played

    def _arrived(self, held: Held[Packet], now: float) -> None:
        if self._played < 0 and not self._reordered:
            # Nothing is known of this network yet.
            self._reordered = now + _ASSUMED - _MEMORY
        if held.number < self._newest and not held.is_copy:
            self._reordered = now

    def _first_in_time(self, arrival: float) -> int:
        held = self._first()
        if held is None:
            return self._newest + 1
        return self._played + 1 if arrival <= held.arrival + self._hold else held.number

    def _waits(self, held: Held[Packet], gap: int, now: float) -> bool:
        """Tell whether to wait (some more) for what is missing before a packet.

        The time counts from when that packet came: gaps that follow each other do not add up.
        """
        repairable = self.repairs and gap > held.fec and self._is_repaired_in_time()
        if not repairable and now - self._reordered > _MEMORY:
            return False
        self._held_since = held.arrival
        return not self._ended and now < self._held_since + self._hold

    def _is_repaired_in_time(self) -> bool:
        return self.missing.round_trip + REPAIR_MARGIN <= self._hold

    def _repair(self, held: Held[Packet], gap: int) -> list[Decision[Packet]]:
        """Fill a gap, its end from the copy in the packet behind it."""
        begin = held.time - gap
        copied = held.fec if held.fec <= gap else 0
        rest = gap - copied
        filled = []
        if rest and self._gap is not Gap.STEP:
            ticks = min(rest, int(MAX_PAUSE * self.rate))
            made_up = min(ticks, self._fade) if self._gap is Gap.CONCEAL else 0
            if made_up:
                filled.append(self._fill(begin, made_up))
            if ticks > made_up:
                filled.append(self._fill(begin + made_up, ticks - made_up, silent=True))
            rest -= ticks
        self.statistics.skipped += rest
        if copied:
            filled.append(self._decode_copy(held, held.time - copied, copied))
        return filled
