"""Checklists and the checklist set (RFC 8445 §6.1.2, §6.1.4; RFC 8838 §10..§12)."""

import enum
from bisect import insort
from collections import deque
from collections.abc import Iterable, Iterator

from .address import TransportAddress
from .base import Base
from .events import IceRole
from .pair import CandidatePair, PairStatistics
from .pair_state import PairState, PairStep

Foundation = tuple[str, str]

MAX_RETIRED = 256
"""Discarded pairs a checklist remembers for statistics."""
MAX_ANSWERED = 64
"""Sources of requests remembered until there is a pair for them."""

_UNTOUCHED = (PairState.FROZEN, PairState.WAITING)


class ChecklistState(enum.Enum):
    """State of a checklist (RFC 8445 §6.1.2.1)."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


def _by_priority(pair: CandidatePair) -> int:
    return -pair.priority


class Checklist:
    """The pairs of one data stream and generation, highest priority first.

    `valid` is the valid list (RFC 8445 §7.2.5.3.2); it may hold pairs that are not in `pairs`.
    `retired` keeps what was discarded, for statistics. `selected` are the pairs chosen, by
    component; `contested` says that one of higher priority may still be chosen in their place.
    """

    __slots__ = (
        "_answered",
        "_index",
        "contested",
        "pairs",
        "retired",
        "selected",
        "state",
        "stream",
        "triggered",
        "valid",
    )

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.selected: dict[int, CandidatePair] = {}
        self.contested = False
        self.state = ChecklistState.RUNNING
        self.pairs: list[CandidatePair] = []
        self.triggered: deque[CandidatePair] = deque()
        self.valid: list[CandidatePair] = []
        self.retired: list[CandidatePair] = []
        self._index: dict[tuple[Base, TransportAddress], CandidatePair] = {}
        self._answered: dict[tuple[Base, TransportAddress], int] = {}

    def find(self, base: Base, remote: TransportAddress) -> CandidatePair | None:
        """Give the pair checked from `base` to `remote`."""
        return self._index.get((base, remote))

    def has_retired(self, base: Base, remote: TransportAddress) -> bool:
        """Tell whether there once was a pair from `base` to `remote`."""
        return any(
            pair.local.base is base and pair.remote.address == remote for pair in self.retired
        )

    def has_worked(self, foundation: Foundation) -> bool:
        """Tell whether a pair of a foundation was valid that is gone since."""
        return any(
            pair.valid_since is not None and pair.foundation == foundation for pair in self.retired
        )

    def is_spare(self, pair: CandidatePair) -> bool:
        """Tell whether another pair was selected, so that this one has no ordinary check."""
        selected = self.selected.get(pair.component)
        if selected is None or pair is selected:
            return False
        return not (self.contested and pair.priority > selected.priority)

    def insert(self, pair: CandidatePair) -> None:
        """Put a pair in its place by priority."""
        insort(self.pairs, pair, key=_by_priority)
        path = pair.local.base, pair.remote.address
        self._index[path] = pair
        answered = self._answered.pop(path, 0)
        pair.stats.requests_received += answered
        pair.stats.responses_sent += answered

    def count_answered(self, base: Base, remote: TransportAddress) -> None:
        """Count a request that was answered, for its pair or until it gets one."""
        path = base, remote
        pair = self._index.get(path)
        if pair is not None:
            pair.stats.requests_received += 1
            pair.stats.responses_sent += 1
        elif path in self._answered or len(self._answered) < MAX_ANSWERED:
            self._answered[path] = self._answered.get(path, 0) + 1

    def discard(self, pair: CandidatePair, reason: str) -> None:
        """Take a pair off the list; it stays known to statistics."""
        self.pairs.remove(pair)
        del self._index[pair.local.base, pair.remote.address]
        if pair in self.triggered:
            self.triggered.remove(pair)
        self.retire(pair, reason)

    def retire(self, pair: CandidatePair, reason: str) -> None:
        """Keep a pair for statistics; those that carried data stay longest."""
        pair.retire(reason)
        if len(self.retired) >= MAX_RETIRED:
            unused = (old for old in self.retired if not old.carried_data)
            self.retired.remove(next(unused, self.retired[0]))
        self.retired.append(pair)

    def reprioritize(self, role: IceRole) -> None:
        """Compute all priorities again, after a role change or a learned remote priority."""
        for pair in self.pairs:
            pair.set_priority(role)
        for pair in self.valid:
            pair.set_priority(role)
        self.pairs.sort(key=_by_priority)

    def all_pairs(self) -> Iterator[CandidatePair]:
        """Give every pair ever formed, in no particular order."""
        yield from self.pairs
        yield from self.retired
        listed = set(map(id, self.pairs)) | set(map(id, self.retired))
        yield from (pair for pair in self.valid if id(pair) not in listed)

    def paths(self) -> Iterator[tuple[int, PairStatistics]]:
        """Give component and counters of every pair, each set of counters once."""
        seen: set[int] = set()
        for pair in self.all_pairs():
            if id(pair.stats) not in seen:
                seen.add(id(pair.stats))
                yield pair.component, pair.stats

    def best_valid(self, component: int) -> CandidatePair | None:
        """Give the valid pair with the highest priority."""
        candidates = [pair for pair in self.valid if pair.component == component]
        return max(candidates, key=lambda pair: pair.priority, default=None)

    def unfinished(self, component: int) -> Iterator[CandidatePair]:
        """Give the pairs of a component whose checks are not over, best first."""
        for pair in self.pairs:
            if pair.component == component and pair.state not in (
                PairState.SUCCEEDED,
                PairState.FAILED,
            ):
                yield pair


class ChecklistSet:
    """The checklists of all data streams in order, and the schedule over them.

    Pairs come, go and change their states through its methods only, so that it knows itself
    whether another look for something to check is worth it.
    """

    __slots__ = ("_foundations", "_idle", "_limit", "_next", "lists")

    def __init__(self, limit: int) -> None:
        self.lists: list[Checklist] = []
        self._idle = True
        self._limit = limit
        self._next = 0
        self._foundations: dict[Foundation, list[CandidatePair]] = {}

    @property
    def idle(self) -> bool:
        """Tell that the last look left nothing to check and nothing has changed since."""
        return self._idle

    def wake(self) -> None:
        """Look again: a check may leave now that could not before, as over a permitted relay."""
        self._idle = False

    def move(self, pair: CandidatePair, step: PairStep, reason: str = "") -> bool:
        """Move a pair on (see `pair_state`); False when the step changes nothing.

        A pair that is done with may let another list's Frozen pairs go; one whose check begins
        leaves less to do.
        """
        if not pair.move(step, reason):
            return False
        if step is not PairStep.PERFORM:
            self.wake()
        return True

    def trigger(self, checklist: Checklist, pair: CandidatePair) -> None:
        """Enqueue a triggered check (RFC 8445 §7.3.1.4)."""
        if pair not in checklist.triggered:
            checklist.triggered.append(pair)
        self.move(pair, PairStep.TRIGGER)
        self.wake()

    def append(self, checklist: Checklist) -> None:
        """Add the checklist of a new stream at the end of the order."""
        self.lists.append(checklist)

    def replace(self, old: Checklist, new: Checklist) -> None:
        """Put a restarted stream's new checklist in the old one's place (RFC 8445 §9)."""
        self.lists[self.lists.index(old)] = new
        self._forget(old)

    def remove(self, checklist: Checklist) -> None:
        """Take out the checklist of a removed stream."""
        self.lists.remove(checklist)
        self._forget(checklist)

    def _forget(self, checklist: Checklist) -> None:
        for pair in checklist.pairs:
            self._leave(pair)
        self.wake()

    # Forming (RFC 8445 §6.1.2.2..§6.1.2.5, RFC 8838 §12)

    def add_pairs(self, new: list[tuple[Checklist, CandidatePair]]) -> None:
        """Add new pairs and set their states as RFC 8838 §12 says.

        Added in one call before anything was checked, they come out exactly as by the initial
        rule (RFC 8445 §6.1.2.6). What has succeeded counts also when it is gone since. Pairs over
        the limit are discarded.
        """
        rank = {checklist.stream: i for i, checklist in enumerate(self.lists)}
        new.sort(key=lambda item: (rank[item[0].stream], item[1].component, -item[1].priority))
        room = self._limit - sum(len(checklist.pairs) for checklist in self.lists)
        for checklist, pair in new:
            if room <= 0 and not self._make_room(checklist, pair):
                checklist.retire(pair, "over the limit of pairs")
                continue
            room -= 1
            checklist.insert(pair)
        for checklist, pair in new:
            if checklist.find(pair.local.base, pair.remote.address) is pair:
                if not checklist.is_spare(pair):
                    self._set_initial_state(rank, checklist, pair)
                self._foundations.setdefault(pair.foundation, []).append(pair)
        self.wake()

    def _set_initial_state(
        self, rank: dict[str, int], checklist: Checklist, pair: CandidatePair
    ) -> None:
        others = self._foundations.get(pair.foundation)
        if not others:
            self.move(pair, PairStep.UNFREEZE)
            return

        def position(item: CandidatePair) -> tuple[int, int, int]:
            return rank[item.stream], item.component, -item.priority

        place = position(pair)
        topmost = all(place < position(other) for other in others)
        succeeded = any(other.state is PairState.SUCCEEDED for other in others)
        # One of a relay that is made again waits for no address of a relay that is gone.
        if topmost or succeeded or checklist.has_worked(pair.foundation):
            self.move(pair, PairStep.UNFREEZE)

    def add_triggered(self, checklist: Checklist, pair: CandidatePair) -> None:
        """Insert a pair learned from a request; it displaces others rather than be dropped."""
        if sum(len(each.pairs) for each in self.lists) >= self._limit:
            self._evict(checklist, 0)
        checklist.insert(pair)
        self._foundations.setdefault(pair.foundation, []).append(pair)

    def set_aside(self, checklist: Checklist, pair: CandidatePair) -> None:
        """Check a pair no more but as a spare."""
        if pair in checklist.triggered:
            checklist.triggered.remove(pair)
        self.move(pair, PairStep.SPARE)

    def discard(self, checklist: Checklist, pair: CandidatePair, reason: str) -> None:
        """Take one pair out of the set."""
        checklist.discard(pair, reason)
        # Another list's Frozen pairs of this foundation may have waited for it.
        self.wake()
        self._leave(pair)

    def _leave(self, pair: CandidatePair) -> None:
        """Take a pair out of its foundation; a foundation without pairs is forgotten."""
        others = self._foundations.get(pair.foundation, [])
        if pair in others:
            others.remove(pair)
            if not others:
                del self._foundations[pair.foundation]

    def refound(self, pair: CandidatePair, foundation: Foundation) -> None:
        """Move a pair to another foundation, when signalling explains a learned candidate."""
        self._leave(pair)
        pair.foundation = foundation
        self._foundations.setdefault(foundation, []).append(pair)

    def _make_room(self, checklist: Checklist, pair: CandidatePair) -> bool:
        # Even across checklists (RFC 8445 §6.1.2.5): the longest list gives way first.
        longest = max(self.lists, key=lambda each: len(each.pairs))
        if longest is not checklist and len(longest.pairs) > len(checklist.pairs) + 1:
            return self._evict(longest, 1 << 64) or self._evict(checklist, pair.priority)
        return self._evict(checklist, pair.priority)

    def _evict(self, checklist: Checklist, priority: int) -> bool:
        """Discard a Failed pair, else the last untouched one; below `priority` if given."""
        worst: CandidatePair | None = None
        for pair in checklist.pairs:
            if pair.state is PairState.FAILED:
                worst = pair
                break
            if pair.state in _UNTOUCHED and (not priority or pair.priority < priority):
                if pair not in checklist.triggered:
                    worst = pair
        if worst is None:
            return False
        self.discard(checklist, worst, "over the limit of pairs")
        return True

    # Scheduling (RFC 8445 §6.1.4.2)

    def next_check(self) -> tuple[Checklist, CandidatePair] | None:
        """Choose the next pair to check: the next checklist with work, round robin.

        A Completed one has work where its pairs are no spares (§8.1.2), or were triggered.
        """
        found = self._find()
        if found is None:
            return None
        checklist, pair = found
        if pair in checklist.triggered:
            checklist.triggered.remove(pair)
        elif pair.state is PairState.FROZEN:
            for each in self._thawing(checklist):
                self.move(each, PairStep.UNFREEZE)
        self._next = (self.lists.index(checklist) + 1) % len(self.lists)
        self._idle = not any(self._may_have_more(each, pair) for each in self.lists)
        return found

    def upcoming(self) -> CandidatePair | None:
        """Give the pair that `next_check` would choose, and change nothing."""
        found = None if self._idle else self._find()
        return None if found is None else found[1]

    def _find(self) -> tuple[Checklist, CandidatePair] | None:
        for checklist in (*self.lists[self._next :], *self.lists[: self._next]):
            pair = self._choose(checklist)
            if pair is not None:
                return checklist, pair
        self._idle = True
        return None

    @staticmethod
    def _may_have_more(checklist: Checklist, chosen: CandidatePair) -> bool:
        """Tell whether it is worth asking again for a pair, besides the chosen one."""
        left = (
            pair.state in _UNTOUCHED and not checklist.is_spare(pair)
            for pair in checklist.pairs
            if pair is not chosen
        )
        return bool(checklist.triggered) or any(left)

    def _choose(self, checklist: Checklist) -> CandidatePair | None:
        for pair in checklist.triggered:
            if is_ready(pair):
                return pair
        if checklist.state is ChecklistState.FAILED:
            return None
        waiting = [pair for pair in checklist.pairs if pair.state is PairState.WAITING]
        return _first(waiting or self._thawing(checklist))

    def _thawing(self, checklist: Checklist) -> list[CandidatePair]:
        """List what is unfrozen when nothing waits: the first pair of each foundation that nobody
        is checking (RFC 8445 §6.1.4.2 step 2)."""
        thawing: dict[Foundation, CandidatePair] = {}
        for pair in checklist.pairs:
            if pair.state is PairState.FROZEN and not checklist.is_spare(pair):
                if not self._busy(pair.foundation):
                    thawing.setdefault(pair.foundation, pair)
        return list(thawing.values())

    def _busy(self, foundation: Foundation) -> bool:
        busy = (PairState.WAITING, PairState.IN_PROGRESS)
        return any(pair.state in busy for pair in self._foundations[foundation])

    def unfreeze(self, foundation: Foundation) -> None:
        """A check of this foundation succeeded: all its Frozen pairs may go (§7.2.5.3.3)."""
        by_stream = {checklist.stream: checklist for checklist in self.lists}
        for pair in self._foundations.get(foundation, ()):
            if not by_stream[pair.stream].is_spare(pair):
                self.move(pair, PairStep.UNFREEZE)

    def count(self, states: Iterable[PairState]) -> int:
        """Count the pairs of the set in any of these states."""
        wanted = tuple(states)
        return sum(pair.state in wanted for each in self.lists for pair in each.pairs)


def _first(pairs: Iterable[CandidatePair]) -> CandidatePair | None:
    """Give the pair to check first, of those of the highest priority that of the first component.

    The pairs come by priority.
    """
    best: CandidatePair | None = None
    for pair in pairs:
        if best is not None and pair.priority < best.priority:
            break
        if is_ready(pair) and (best is None or pair.component < best.component):
            best = pair
    return best


def is_ready(pair: CandidatePair) -> bool:
    """Tell whether a check can leave: over a relay only with a permission (§7.2.1)."""
    relay = pair.local.base.relay
    return relay is None or relay.has_permission(pair.remote.address)
