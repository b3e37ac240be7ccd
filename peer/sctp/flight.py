"""What was sent and is not acknowledged for good: SACKs, and what they say is lost.

Each packet with data has a number. A fragment is lost when a packet that was sent sufficiently
later than the last one with it has arrived: `_tolerance` packets later, or more than a part of a
round trip beyond one, an eighth at first (RFC 8985 §7.2, RFC 9002 §6.1). That holds for what was
sent again as well, so that a timeout is left for what nothing comes after. Where what was taken for
lost arrives all the same, late or twice, the path has put packets out of order: more of them are
waited for, and where even many are not enough, time alone tells, up to a whole round trip more. If
nothing was lost at all, the window is what it was.
"""

import heapq
from collections import deque
from collections.abc import Iterable
from math import inf

from .congestion import Congestion
from .message import ABANDONED, ACKED, IN_FLIGHT, LOST, Fragment, OutgoingMessage
from .rtt import RoundTrip
from .wire import HALF, MASK

TOLERANCE = 3
MAX_TOLERANCE = 64
PATIENCE, MAX_PATIENCE = 1 / 8, 1.0
"""Round trips that what was sent earlier may arrive later."""
MAX_OUTSTANDING = 65535
"""TSNs under way: gap blocks can say no more."""
_COMPACT = 512
_GRANULARITY = 0.001

Ranges = list[tuple[int, int]]


class Flight:
    """Fragments by their TSNs, which follow each other and never wrap.

    `cumulative` is the last that was acknowledged for good. `expired` collects messages to be
    given up because one of their fragments is not to be sent again.
    """

    def __init__(self, next_tsn: int, packet: int, round_trip: RoundTrip) -> None:
        self.next_tsn = next_tsn
        self.cumulative = next_tsn - 1
        self.congestion = Congestion(packet)
        self.count = 0
        """Fragments that are under way."""
        self.expired: list[OutgoingMessage] = []
        self._round_trip = round_trip
        self._sent: list[Fragment | None] = []
        # Where the fragment after the cumulative TSN is in it.
        self._head = 0
        self._order: deque[tuple[int, Fragment]] = deque()
        self._packet = 0
        self._arrived = 0
        self._measured_from = next_tsn
        self._gaps: Ranges = []
        self._lost: list[int] = []
        self._tolerance: float = TOLERANCE
        self._patience = PATIENCE
        # What was taken for lost since the window shrank, but for what arrived all the same.
        self._doubted: set[int] = set()
        self._has_tolerated = False
        # The last packet before the window shrank.
        self._shrunk_at = 0

    @property
    def outstanding(self) -> int:
        """The number of TSNs that are not acknowledged for good."""
        return self.next_tsn - 1 - self.cumulative

    def fragment(self, tsn: int) -> Fragment:
        """Return one that is outstanding."""
        found = self._sent[self._head + tsn - self.cumulative - 1]
        assert found is not None
        return found

    def add(self, fragment: Fragment) -> None:
        """Take in a fragment with the next TSN."""
        self._sent.append(fragment)
        self.next_tsn += 1

    def begin_packet(self) -> None:
        """Have what is launched from now on be in another packet."""
        self._packet += 1

    def launch(self, fragment: Fragment, now: float) -> None:
        """Note that a fragment is in the packet that was begun."""
        fragment.state = IN_FLIGHT
        fragment.times += 1
        fragment.sent_in, fragment.sent_at = self._packet, now
        self._order.append((self._packet, fragment))
        self.congestion.flight += fragment.size
        self.count += 1

    def next_lost(self) -> Fragment | None:
        """Return the first fragment that is to be sent again."""
        lost = self._lost
        while lost:
            if lost[0] > self.cumulative:
                fragment = self.fragment(lost[0])
                if fragment.state == LOST:
                    return fragment
            heapq.heappop(lost)
        return None

    def begin_anew(self) -> None:
        """Forget what the path is like: it is another one (RFC 8261 §6.1)."""
        self.congestion.reset()
        self._tolerance, self._patience = TOLERANCE, PATIENCE
        self._doubted.clear()

    # What the peer says

    def acknowledge(self, cumulative: int, blocks: Ranges, now: float) -> int:
        """Take in a SACK, in TSNs; returns the bytes of chunks it is the first to acknowledge.

        The blocks are in order, apart, and beyond the cumulative TSN.
        """
        acked = 0
        arrived: Fragment | None = None
        sent, at, ahead = self._sent, self._head, cumulative - self.cumulative
        for index in range(at, at + ahead):
            fragment, sent[index] = sent[index], None
            if fragment is not None and fragment.state < ACKED:
                if self._doubted:
                    self._look_back(fragment, now)
                acked += self._take_off(fragment)
                arrived = self._later(arrived, fragment, now)
            if fragment is not None:
                fragment.state = max(fragment.state, ACKED)
        self._head += ahead
        self.cumulative = cumulative
        if blocks or self._gaps:
            new = _difference(blocks, self._gaps)
            for first, last in new:
                for tsn in range(first, last + 1):
                    fragment = self.fragment(tsn)
                    if fragment.state < ACKED:
                        if self._doubted:
                            self._look_back(fragment, now)
                        acked += self._take_off(fragment)
                        fragment.state = ACKED
                        arrived = self._later(arrived, fragment, now)
            # One that says nothing new is an older one, which others have overtaken.
            if new or ahead:
                self._renege(_difference(self._gaps, blocks))
                self._gaps = blocks
        if arrived is not None:
            self._note_arrival(arrived, now)
        if self._head > _COMPACT and 2 * self._head > len(sent):
            del sent[: self._head]
            self._head = 0
        return acked

    def note_duplicates(self, numbers: Iterable[int]) -> None:
        """Take in TSNs that have come twice, as they are written."""
        following = self.next_tsn
        for number in numbers if self._doubted else ():
            self._take_back(following - (following - number & MASK))

    def _look_back(self, fragment: Fragment, now: float) -> None:
        """See whether what has arrived is what was taken for lost (RFC 3522)."""
        if fragment.state == LOST or self._came_before(fragment, now):
            self._take_back(fragment.tsn)

    def _take_back(self, tsn: int) -> None:
        """Take it that packets arrive out of order, if this was taken for lost and was not.

        Once that holds for all of it the window is what it was (RFC 3708).
        """
        if tsn not in self._doubted:
            return
        self._doubted.remove(tsn)
        if not self._doubted:
            self.congestion.undo()
        if not self._has_tolerated:
            self._has_tolerated = True
            self._tolerate()

    def _tolerate(self) -> None:
        if self._tolerance < MAX_TOLERANCE:
            self._tolerance = min(2 * self._tolerance, MAX_TOLERANCE)
        else:
            self._tolerance = inf
            self._patience = min(2 * self._patience, MAX_PATIENCE)

    def _take_off(self, fragment: Fragment) -> int:
        if fragment.state == IN_FLIGHT:
            self.congestion.flight -= fragment.size
            self.count -= 1
        return fragment.size

    def _later(self, one: Fragment | None, other: Fragment, now: float) -> Fragment | None:
        """Return the one that was sent later, of those that tell which packet has arrived."""
        if self._came_before(other, now):
            return one
        return other if one is None or other.sent_in > one.sent_in else one

    def _came_before(self, fragment: Fragment, now: float) -> bool:
        """Tell whether it arrived as it was sent before: since it was again there was no time."""
        return fragment.times > 1 and now - fragment.sent_at < self._round_trip.least

    def _note_arrival(self, fragment: Fragment, now: float) -> None:
        self._arrived = max(self._arrived, fragment.sent_in)
        if fragment.times > 1:
            return
        self.congestion.on_round_trip(now - fragment.sent_at, fragment.tsn, self.next_tsn)
        if fragment.tsn >= self._measured_from:
            # RFC 9260 §6.3.1 C4, C5: one measurement a round trip, of what was sent once.
            self._measured_from = self.next_tsn
            self._round_trip.measure(now - fragment.sent_at)

    def _renege(self, ranges: Ranges) -> None:
        """Send again what the peer has had and has not any more (§6.2.1 D iii)."""
        found: set[int] = set()
        for first, last in ranges:
            for tsn in range(max(first, self.cumulative + 1), last + 1):
                fragment = self.fragment(tsn)
                if fragment.state == ACKED:
                    fragment.state = LOST
                    found.add(tsn)
        if found:
            # It may have been lost before the peer had it. What is sorted is a heap.
            self._lost = sorted(found.union(self._lost))

    # What is lost

    def detect(self, now: float) -> float:
        """Mark what must be lost; returns when more is, if nothing arrives until then."""
        order, arrived = self._order, self._arrived
        round_trip = max(self._round_trip.latest, self._round_trip.srtt or 0.0)
        wait = (1 + self._patience) * round_trip + _GRANULARITY
        found: list[Fragment] = []
        due = inf
        while order:
            number, fragment = order[0]
            if fragment.state == IN_FLIGHT and fragment.sent_in == number:
                if number > arrived - self._tolerance:
                    due = fragment.sent_at + wait if number < arrived else inf
                    if due > now:
                        break
                self._lose(fragment, now)
                found.append(fragment)
            order.popleft()
        if found:
            self._shrink(found)
        return due if order else inf

    def _shrink(self, lost: list[Fragment]) -> None:
        """Shrink the window, again only for what has left since then (RFC 9002 §7.3.2)."""
        if not self.congestion.recovering or any(one.sent_in > self._shrunk_at for one in lost):
            self._doubted.clear()
            self._has_tolerated = False
            self._shrunk_at = self._packet
            self.congestion.on_loss(self.next_tsn - 1, self._round_trip.queued)
        self._doubted.update(one.tsn for one in lost)

    def lose_all(self, now: float) -> None:
        """Mark all that is under way as lost (§6.3.3)."""
        for _, fragment in self._order:
            if fragment.state == IN_FLIGHT:
                self._lose(fragment, now)
        self._order.clear()

    def repeat_last(self, now: float) -> bool:
        """Have the last one under way sent again (RFC 8985 §7.3); False if there is none."""
        for number, fragment in reversed(self._order):
            if fragment.state == IN_FLIGHT and fragment.sent_in == number:
                if not fragment.message.has_expired(fragment, now):
                    self._lose(fragment, now)
                    return True
        return False

    def abandon(self, message: OutgoingMessage) -> None:
        """Send no fragment of a message again (RFC 3758 §3.5 A3)."""
        for fragment in message.fragments or ():
            if fragment.tsn > self.cumulative:
                if fragment.state == IN_FLIGHT:
                    self._take_off(fragment)
                fragment.state = ABANDONED

    def _lose(self, fragment: Fragment, now: float) -> None:
        self._take_off(fragment)
        fragment.state = LOST
        if fragment.message.has_expired(fragment, now):
            self.expired.append(fragment.message)
        else:
            heapq.heappush(self._lost, fragment.tsn)


def read_blocks(pairs: Ranges, cumulative: int, outstanding: int) -> Ranges | None:
    """Return the gap blocks of a SACK as TSNs, in order and apart; None if they lie.

    `outstanding` counts the TSNs beyond the cumulative one.
    """
    merged: Ranges = []
    for first, last in sorted(pairs):
        if last > outstanding:
            return None
        if first < 2 or first > last:
            continue
        first, last = first + cumulative, last + cumulative
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged


def unwrap_ahead(number: int, base: int) -> int | None:
    """Return how far a TSN is beyond another, None when it is behind."""
    ahead = (number - base) & MASK
    return ahead if ahead < HALF else None


def _difference(ranges: Ranges, others: Ranges) -> Ranges:
    """Return what the ranges cover and the others do not; both are in order and apart."""
    found: Ranges = []
    at = 0
    for first, last in ranges:
        while at < len(others) and others[at][1] < first:
            at += 1
        index = at
        while index < len(others) and others[index][0] <= last:
            if others[index][0] > first:
                found.append((first, others[index][0] - 1))
            first = max(first, others[index][1] + 1)
            index += 1
        if first <= last:
            found.append((first, last))
    return found
