"""Data streams and their generations (RFC 8445 §4, §9)."""

from collections import deque
from typing import NamedTuple

from .address import TransportAddress
from .base import Base, LocalCandidate
from .candidate import Candidate, TransportProtocol
from .checklist import Checklist
from .embedding import Embedding
from .events import IceParameters, IceState, RemoteParameters
from .pair import CandidatePair, PairStatistics

MAX_REMEMBERED = 256
"""Pairs of ended generations a stream remembers for statistics."""
MAX_REMOVED = 64
"""Removed local candidates a generation remembers for statistics."""

RemoteKey = tuple[int, TransportProtocol, TransportAddress]


class EarlyCheck(NamedTuple):
    """A check that was answered before the remote description was known (RFC 8445 §7.3)."""

    base: Base
    source: TransportAddress
    remote_fragment: str
    priority: int
    use_candidate: bool
    nomination: int | None


class AwaitedBase(NamedTuple):
    """A base that was asked of the driver, and until when gathering waits for it."""

    component: int
    host: str
    until: float


class Generation:
    """One ICE session of a stream: from its credentials to the restart that replaces them.

    `learned` tells on which base each peer-reflexive remote candidate was first seen, `place_made`
    when one was last forgotten for the sake of another, `selected` holds the pair chosen per
    component; `local_ended` and `remote_ended` tell about the end-of-candidates of either side,
    `replaced` that the peer has other credentials now while ours are the same.
    """

    __slots__ = (
        "announced",
        "checklist",
        "completed_at",
        "early",
        "early_end",
        "failure",
        "follow_latest",
        "freed",
        "key",
        "learned",
        "local",
        "local_candidates",
        "local_ended",
        "nominate_at",
        "patience_until",
        "place_made",
        "remote",
        "remote_candidates",
        "remote_ended",
        "remote_key",
        "removed_candidates",
        "replaced",
        "selected",
        "signalled",
        "valid_since",
        "waiting_candidates",
    )

    def __init__(self, stream: str, local: IceParameters) -> None:
        self.local = local
        self.key = local.password.encode()
        self.remote: RemoteParameters | None = None
        self.remote_key = b""
        self.checklist = Checklist(stream)
        self.local_candidates: list[LocalCandidate] = []
        self.removed_candidates: deque[LocalCandidate] = deque(maxlen=MAX_REMOVED)
        self.announced: set[Base] = set()
        self.remote_candidates: dict[RemoteKey, Candidate] = {}
        self.early_end: str | None = None
        self.signalled = 0
        self.learned: dict[RemoteKey, Base] = {}
        self.local_ended = False
        self.remote_ended = False
        self.early: deque[EarlyCheck] = deque()
        self.waiting_candidates: list[tuple[str, Candidate]] = []
        self.patience_until: float | None = None
        self.place_made = float("-inf")
        self.selected = self.checklist.selected
        self.valid_since: dict[int, float] = {}
        self.nominate_at: float | None = None
        self.completed_at: float | None = None
        self.freed = False
        self.failure = ""
        self.replaced = False
        self.follow_latest = False


class Stream:
    """A data stream with its components, its bases and at most two generations.

    `previous` goes on carrying data and answering checks until the restarted session has
    selected its own pair (RFC 8445 §9). `sending` is the pair data goes out on, per component,
    `awaited` are the bases asked for with `BaseRequested` that have not come,
    `unresponsive` when one stopped answering, `ended` the generations before these,
    `other_traffic` what no remembered pair carried, `embeddings` what checks carry
    of DTLS handshakes.
    """

    __slots__ = (
        "_counted",
        "announced",
        "awaited",
        "bases",
        "bases_ended",
        "components",
        "current",
        "embeddings",
        "ended",
        "id",
        "keys",
        "old_fragments",
        "other_traffic",
        "previous",
        "selected_pair_changes",
        "sending",
        "states",
        "unresponsive",
        "validated",
    )

    def __init__(
        self,
        stream_id: str,
        components: tuple[int, ...],
        current: Generation,
        *,
        embeds: bool = False,
    ) -> None:
        self.id = stream_id
        self.components = list(components)
        self.current = current
        self.previous: Generation | None = None
        self.bases: list[Base] = []
        self.bases_ended = False
        self.awaited: list[AwaitedBase] = []
        self.keys = {current.local.username_fragment: current.key}
        self.sending: dict[int, CandidatePair] = {}
        self.announced: dict[int, bool] = {}
        self.unresponsive: dict[int, float] = {}
        self.states = dict.fromkeys(components, IceState.NEW)
        self.validated: set[tuple[Base, TransportAddress]] = set()
        self.old_fragments: deque[str] = deque(maxlen=16)
        self.ended: deque[Generation] = deque()
        self.other_traffic = {component: PairStatistics() for component in components}
        self.selected_pair_changes = dict.fromkeys(components, 0)
        self.embeddings = {component: Embedding(enabled=embeds) for component in components}
        self._counted: dict[int, CandidatePair | None] = {}

    def responsive(self, component: int) -> bool:
        """Tell whether the pair in use answers."""
        return component not in self.unresponsive

    def base_settled(self, component: int, host: str) -> None:
        """Wait no longer for a base that was asked for, if one was on this host."""
        found = [each for each in self.awaited if (each.component, each.host) == (component, host)]
        if found:
            self.awaited.remove(found[0])

    def generations(self) -> tuple[Generation, ...]:
        """Give the live generations, the current one first."""
        return (self.current,) if self.previous is None else (self.current, self.previous)

    def count_selection(self, component: int) -> None:
        """Count a change of the pair in use, from none and to none as well."""
        pair = self.sending.get(component)
        if pair is not self._counted.get(component):
            self._counted[component] = pair
            self.selected_pair_changes[component] += 1

    def remember(self, generation: Generation) -> None:
        """Keep an ended generation for statistics, and of older ones their traffic only."""
        self.ended.append(generation)
        while len(self.ended) > 1 and self._remembered() > MAX_REMEMBERED:
            for component, stats in self.ended.popleft().checklist.paths():
                self.other_traffic[component].add_traffic(stats)

    def _remembered(self) -> int:
        # An empty generation counts too: there may be any number of them.
        return sum(1 + len(list(each.checklist.all_pairs())) for each in self.ended)

    def generation_of(self, local: str, remote: str) -> Generation | None:
        """Find the live generation that a check with these username fragments is for.

        The peer may change its own alone. None when it is one that is over on its side; an unknown
        one of the peer counts for the current generation.
        """
        found = [each for each in self.generations() if each.local.username_fragment == local]
        for generation in found:
            if generation.remote is not None and generation.remote.username_fragment == remote:
                return generation
        return None if not found or remote in self.old_fragments else found[0]

    def forget_key(self, ended: Generation) -> None:
        """Answer no checks for an ended generation, unless a live one has the same credentials."""
        live = (each for each in self.generations() if each is not ended)
        if all(each.local != ended.local for each in live):
            self.keys.pop(ended.local.username_fragment, None)
