"""Which packets to ask for, and when again (RFC 4585 §6.2.1).

A gap is asked for at once, or after a moment where packets have been seen to overtake each other;
again when an answer could have come; and no more when it cannot help, or when hardly anything is
answered. Numbers are extended sequence numbers.
"""

from typing import NamedTuple

MAX_MISSING = 1000
"""Packets that are waited for; with more it is cheaper to begin with a new picture."""
MAX_REQUESTS = 10
MAX_NUMBERS = 253
"""Numbers of one message, as in libwebrtc."""
DEFAULT_ROUND_TRIP = 0.1
MESSAGE_INTERVAL = 0.005
"""Seconds between two messages."""
MAX_AGE = 1.0
"""Seconds, besides a round trip, that a packet is asked for."""
REORDERING_MEMORY = 10.0
"""Seconds for which reordering is expected again."""
REORDERING_PATIENCE = 0.005
REORDERING_PACKETS = 2
_MARGIN, _SHORTEST = 0.01, 0.02
_WINDOW, _PAUSE = 2.0, 5.0
_MIN_REQUESTS, _MIN_ANSWERED = 50, 0.1


class _Missing(NamedTuple):
    since: float
    due: float
    times: int


class NackRequester:
    """What is missing of one stream. `round_trip` is in seconds; set it when it is measured."""

    __slots__ = (
        "_answered",
        "_asked",
        "_highest",
        "_missing",
        "_next_message",
        "_paused_until",
        "_reordered_at",
        "_window_end",
        "round_trip",
    )

    def __init__(self) -> None:
        self.round_trip = DEFAULT_ROUND_TRIP
        self._highest = -1
        self._missing: dict[int, _Missing] = {}
        self._reordered_at: float | None = None
        self._next_message = self._paused_until = self._window_end = 0.0
        self._asked = self._answered = 0

    def __contains__(self, number: int) -> bool:
        return number in self._missing

    def __len__(self) -> int:
        return len(self._missing)

    def add(self, number: int, now: float) -> bool:
        """Note a packet, however it came; True when so much is missing that all was given up.

        Only a picture that needs no other helps then.
        """
        if self._highest < 0:
            self._highest = number
            return False
        if number <= self._highest:
            self._fill(number, now)
            return False
        gap = number - self._highest - 1
        if len(self._missing) + gap > MAX_MISSING:
            self._missing.clear()
            self._highest = number
            return True
        due = now + (REORDERING_PATIENCE if self._expects_reordering(now) else 0)
        for missing in range(self._highest + 1, number):
            self._missing[missing] = _Missing(now, due, 0)
        self._highest = number
        return False

    def _fill(self, number: int, now: float) -> None:
        missing = self._missing.pop(number, None)
        if missing is None:
            return
        if missing.times:
            self._answered += 1
        else:
            self._reordered_at = now

    def _expects_reordering(self, now: float) -> bool:
        return self._reordered_at is not None and now < self._reordered_at + REORDERING_MEMORY

    def forget(self, before: int) -> None:
        """Ask no more for what is before a number: it is decoded, or nobody needs it."""
        if self._missing and min(self._missing) < before:
            self._missing = {n: one for n, one in self._missing.items() if n >= before}

    def due(self, now: float) -> tuple[int, ...]:
        """Return what it is time to ask for, and count it as asked for."""
        if not self._missing or now < max(self._next_message, self._paused_until):
            return ()
        self._give_up(now)
        if self._hardly_answered(now):
            return ()
        due = [n for n, one in self._missing.items() if one.due <= now or self._overtaken(n, one)]
        del due[MAX_NUMBERS:]
        for number in due:
            since, _, times = self._missing[number]
            self._missing[number] = _Missing(since, now + self._patience(times + 1), times + 1)
        if due:
            self._next_message = now + MESSAGE_INTERVAL
            self._asked += len(due)
        return tuple(due)

    def _overtaken(self, number: int, missing: _Missing) -> bool:
        return not missing.times and self._highest >= number + REORDERING_PACKETS

    def _patience(self, times: int) -> float:
        wait = max(self.round_trip + _MARGIN, _SHORTEST)
        return wait * 1.5 ** max(0, times - 2)

    def _give_up(self, now: float) -> None:
        oldest = now - MAX_AGE - self.round_trip
        if any(one.times >= MAX_REQUESTS or one.since < oldest for one in self._missing.values()):
            self._missing = {
                number: one
                for number, one in self._missing.items()
                if one.times < MAX_REQUESTS and one.since >= oldest
            }

    def _hardly_answered(self, now: float) -> bool:
        """See every two seconds whether asking does any good, and pause when it does not."""
        if now < self._window_end:
            return False
        asked, answered = self._asked, self._answered
        self._asked = self._answered = 0
        self._window_end = now + _WINDOW
        if asked <= _MIN_REQUESTS or answered >= _MIN_ANSWERED * asked:
            return False
        self._paused_until = now + _PAUSE
        return True

    def deadline(self) -> float | None:
        """Return when to ask for `due` next; None when nothing is missing."""
        if not self._missing:
            return None
        first = min(one.due for one in self._missing.values())
        return max(first, self._next_message, self._paused_until)
