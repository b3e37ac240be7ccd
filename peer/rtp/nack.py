"""Which packets to ask for, and when again (RFC 4585 §6.2.1).

A gap is asked for at once, or after a moment where packets have been seen to overtake each other,
and so is what seems to be lost behind the last packet (`suspect`);
again when an answer could have come; and no more when it cannot help, or when hardly anything is
answered. Numbers are extended sequence numbers.

Each request leaves twice, as it may be lost like what it asks for. From the second on it leaves
several times, at distances that double: senders send nothing again within a round trip as they
measure it, and what comes to them a moment too early is not answered at all. A sender that is seen
to answer a request and its copy is asked once.

While error correction comes, what is missing is left to that first: until some has come that did
not bring it, a quarter of a round trip at most.
"""

import math
from typing import NamedTuple

MAX_MISSING = 1000
"""Packets that are waited for at most."""
MIN_LIMIT = 10
"""Packets that are waited for however small key frames are."""
RELIEF = 0.3
"""Seconds, besides a round trip, that nothing is asked for when all was given up: what is sent
again would only be in the way of the key frame. The first packet of that ends it."""
MAX_REQUESTS = 10
MAX_NUMBERS = 253
"""Numbers of one message, as in libwebrtc."""
DEFAULT_ROUND_TRIP = 0.1
MESSAGE_INTERVAL = 0.005
"""Seconds between two messages."""
MIN_COPY_DELAY = 0.01
"""Seconds from a request to its first copy; of the first request a quarter of a round trip, if that
is longer."""
MAX_AGE = 1.0
"""Seconds, besides a round trip, that a packet is asked for."""
REORDERING_MEMORY = 10.0
"""Seconds for which reordering is expected again."""
REORDERING_PATIENCE = 0.005
REORDERING_PACKETS = 2
CORRECTION_MEMORY = 2.0
"""Seconds for which more error correction is expected."""
MAX_CORRECTION_DELAY = 0.05
"""Seconds that are left to it at most."""
CORRECTION_GRACE = 0.01
"""Seconds in which the packets of error correction come that belong together."""
_MARGIN, _SHORTEST = 0.01, 0.02
_STEADY = 4
"""Requests until the wait for an answer grows by half each time."""
_WINDOW, _PAUSE = 2.0, 5.0
_MIN_REQUESTS, _MIN_ANSWERED = 50, 0.1
_MIN_COPIES, _ECHOED = 10, 0.5
MAX_SUSPECTED = 8
"""Packets that are suspected at a time."""
MAX_MISTAKES = 5
"""Suspected packets, beyond those that were lost indeed, that came by themselves in some seconds:
then nothing is suspected for the rest of these."""
_SOONER = 0.9
"""The part of a round trip within which nothing can come that was asked for."""


class _Missing(NamedTuple):
    since: float
    due: float
    times: int
    again: float | None = None
    """When it is to be asked for anew, if what is due is the copy of a request."""
    wait: float = math.inf
    """Seconds from that copy to the next."""
    suspected: bool = False


class NackRequester:
    """What is missing of one stream. `round_trip` is in seconds; set it when it is measured.

    When more is missing than `limit` all is given up: a picture that needs no other is cheaper.
    """

    __slots__ = (
        "_answered",
        "_asked",
        "_copied",
        "_copies",
        "_corrected_at",
        "_echoed",
        "_highest",
        "_missing",
        "_mistakes",
        "_next_message",
        "_paused_until",
        "_relief_until",
        "_reordered_at",
        "_window_end",
        "limit",
        "round_trip",
    )

    def __init__(self) -> None:
        self.round_trip = DEFAULT_ROUND_TRIP
        self.limit = MAX_MISSING
        self._highest = -1
        self._missing: dict[int, _Missing] = {}
        self._reordered_at: float | None = None
        self._next_message = self._paused_until = self._window_end = 0.0
        self._relief_until = 0.0
        self._corrected_at = -math.inf
        self._asked = self._answered = self._mistakes = 0
        self._copies = True
        self._copied: set[int] = set()
        self._echoed: set[int] = set()

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
        if now < self._relief_until:
            self._highest = number
            return False
        if len(self._missing) + gap > self.limit:
            self._missing.clear()
            self._highest = number
            self._relief_until = now + self.round_trip + RELIEF
            return True
        self._miss(range(self._highest + 1, number), now)
        self._highest = number
        return False

    def suspect(self, count: int, now: float) -> None:
        """Note that so many packets behind the last one may be lost: a sender that has not sent
        them yet has nothing to answer."""
        count = min(count, MAX_SUSPECTED)
        is_idle = self._highest < 0 or now < self._relief_until or self._hardly_answered(now)
        if is_idle or self._mistakes >= MAX_MISTAKES or len(self._missing) + count > self.limit:
            return
        self._miss(range(self._highest + 1, self._highest + count + 1), now, suspected=True)

    def _miss(self, numbers: range, now: float, *, suspected: bool = False) -> None:
        due = now + max(
            REORDERING_PATIENCE if self._expects_reordering(now) else 0,
            min(MAX_CORRECTION_DELAY, self.round_trip / 4) if self._expects_correction(now) else 0,
        )
        for number in numbers:
            self._missing[number] = _Missing(now, due, 0, suspected=suspected)
        self._highest = numbers.stop - 1

    def _fill(self, number: int, now: float) -> None:
        missing = self._missing.pop(number, None)
        if missing is None:
            if number in self._copied:
                self._echoed.add(number)
            return
        if missing.suspected and now < missing.since + _SOONER * self.round_trip:
            self._mistakes += 1
            return
        if missing.suspected:
            self._mistakes = max(0, self._mistakes - 1)
        if missing.times:
            self._answered += 1
        else:
            self._reordered_at = now

    def has_asked_for(self, sequence_number: int) -> bool:
        """Tell whether a packet with that number, as packets have it, was asked for."""
        return any(
            one.times and number & 0xFFFF == sequence_number
            for number, one in self._missing.items()
        )

    def recover(self, number: int) -> None:
        """Note that something else brought what is in a packet: nobody needs it any more."""
        missing = self._missing.pop(number, None)
        if missing is not None and missing.times:
            # Whether there is an answer does not show, nor to which of the requests.
            self._asked = max(0, self._asked - missing.times)
            self._copied.discard(number)

    def leave_out(self, numbers: range) -> None:
        """Note that packets up to the next one were nothing that anybody needs."""
        for number in [one for one in self._missing if one in numbers]:
            self.recover(number)
        if numbers and numbers.start <= self._highest + 1:
            self._highest = max(self._highest, numbers.stop - 1)

    def note_correction(self, now: float) -> None:
        """Note that error correction came; what it has not brought by now, more of it will not."""
        self._corrected_at = now
        soon = now + CORRECTION_GRACE
        for number, one in self._missing.items():
            if not one.times and one.due > soon:
                self._missing[number] = one._replace(due=soon)

    def _expects_correction(self, now: float) -> bool:
        return now < self._corrected_at + CORRECTION_MEMORY

    def _expects_reordering(self, now: float) -> bool:
        return self._reordered_at is not None and now < self._reordered_at + REORDERING_MEMORY

    def key_begins(self) -> None:
        """Note the first packet of a key frame: what is missing behind it is asked for."""
        self._relief_until = 0.0

    def note_key_frame(self, packets: int) -> None:
        """Note how many packets a picture that needs no other takes."""
        self.limit = min(MAX_MISSING, max(MIN_LIMIT, packets))

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
            self._missing[number] = self._ask(number, self._missing[number], now)
        if due:
            self._next_message = now + MESSAGE_INTERVAL
        return tuple(due)

    def _ask(self, number: int, missing: _Missing, now: float) -> _Missing:
        """Count a request or its copy; returns what is due next."""
        _, _, times, again, wait, _ = missing
        if again is None:
            self._asked += 1
            times += 1
            again = now + self._patience(times)
            wait = MIN_COPY_DELAY if times > 1 else max(MIN_COPY_DELAY, self.round_trip / 4)
        elif len(self._copied) < MAX_MISSING:
            self._copied.add(number)
        copies = self._copies and self.round_trip >= 2 * MIN_COPY_DELAY
        if not copies or now + wait > again - MIN_COPY_DELAY:
            return missing._replace(due=again, times=times, again=None)
        following = 2 * wait if times > 1 else math.inf
        return missing._replace(due=now + wait, times=times, again=again, wait=following)

    def _overtaken(self, number: int, missing: _Missing) -> bool:
        is_held = missing.due > missing.since + REORDERING_PATIENCE
        return not (missing.times or is_held) and self._highest >= number + REORDERING_PACKETS

    def _patience(self, times: int) -> float:
        wait = max(self.round_trip + _MARGIN, _SHORTEST)
        return wait * 1.5 ** max(0, times - _STEADY)

    def _give_up(self, now: float) -> None:
        oldest = now - MAX_AGE - self.round_trip
        if any(one.times >= MAX_REQUESTS or one.since < oldest for one in self._missing.values()):
            self._missing = {
                number: one
                for number, one in self._missing.items()
                if one.times < MAX_REQUESTS and one.since >= oldest
            }

    def _hardly_answered(self, now: float) -> bool:
        """See every few seconds whether asking does any good, and pause when it does not."""
        if now < self._window_end:
            return False
        if len(self._copied) >= _MIN_COPIES and len(self._echoed) > _ECHOED * len(self._copied):
            self._copies = False
        self._copied.clear()
        self._echoed.clear()
        asked, answered = self._asked, self._answered
        self._asked = self._answered = self._mistakes = 0
        # What was asked for in the last round trip cannot have come.
        self._window_end = now + _WINDOW + self.round_trip
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
