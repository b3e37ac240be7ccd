"""Statistics of an agent, with the names of the W3C's webrtc-stats in snake_case.

Times are in seconds on the agent's clock. An address that the peer hid behind an mDNS name or
that was learned from a check alone is None (RFC 8839 §5.1, draft-ietf-mmusic-mdns-ice-candidates
§3.3); identifiers tell nothing about it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import field

from peer.records import dataclass

from .address import TransportAddress
from .base import LocalCandidate
from .candidate import Candidate, CandidateType, TcpType, TransportProtocol
from .config import NetworkType
from .events import IceRole, IceState
from .pair import CandidatePair, PairChange, PairStatistics
from .pair_state import PairState
from .session import Session
from .stream import Generation, Stream


@dataclass(frozen=True, slots=True)
class CandidateStatistics:
    """A local or remote candidate (RTCIceCandidateStats).

    `username_fragment` is that of its own side. `removed` tells that its base is gone.
    """

    id: str
    stream: str
    component: int
    remote: bool
    username_fragment: str
    address: str | None
    port: int | None
    protocol: TransportProtocol
    candidate_type: CandidateType
    priority: int
    foundation: str
    related_address: str | None
    related_port: int | None
    tcp_type: TcpType | None
    url: str | None
    relay_protocol: str | None
    network_type: NetworkType | None
    removed: bool


@dataclass(frozen=True, slots=True)
class CandidatePairStatistics:
    """A pair that was ever formed (RTCIceCandidatePairStats), with its counters.

    `reason` says why it failed or was discarded. When a check found the local candidate to be
    another, `generated_by` names the pair that was checked: both count the same packets.
    `changes` tells its life: time, state, reason. Data the driver sent or took past the
    agent is counted when it told (`note_traffic`).
    """

    id: str
    stream: str
    component: int
    local_candidate_id: str
    remote_candidate_id: str
    state: PairState
    nominated: bool
    priority: int
    discarded: bool
    reason: str
    generated_by: str | None
    changes: tuple[PairChange, ...]
    packets_sent: int
    packets_received: int
    bytes_sent: int
    bytes_received: int
    last_packet_sent_timestamp: float | None
    last_packet_received_timestamp: float | None
    total_round_trip_time: float
    current_round_trip_time: float | None
    requests_received: int
    requests_sent: int
    responses_received: int
    responses_sent: int
    consent_requests_sent: int
    retransmissions_sent: int
    packets_discarded_on_send: int
    bytes_discarded_on_send: int


@dataclass(frozen=True, slots=True)
class TransportStatistics:
    """The transport of one component (the ICE part of RTCTransportStats)."""

    stream: str
    component: int
    ice_role: IceRole
    ice_state: IceState
    ice_local_username_fragment: str
    selected_candidate_pair_id: str | None
    selected_candidate_pair_changes: int
    packets_sent: int
    packets_received: int
    bytes_sent: int
    bytes_received: int


@dataclass(frozen=True, slots=True)
class IceStatistics:
    """Everything there is to know about an agent at one time.

    Pairs and candidates of ended generations are among them, within a bound. `drops` counts the
    inputs dropped so far under each reason that occurred, `faults` what the system refused its
    driver, which the agent knows nothing of.
    """

    timestamp: float
    transports: tuple[TransportStatistics, ...]
    pairs: tuple[CandidatePairStatistics, ...]
    candidates: tuple[CandidateStatistics, ...]
    drops: Mapping[str, int]
    faults: Mapping[str, int] = field(default_factory=dict)


class _Names:
    """Identifiers of one generation: always the same, and telling nothing about an address."""

    def __init__(self, generation: Generation) -> None:
        self._key = generation.key[:64]

    def _digest(self, prefix: str, *parts: object) -> str:
        text = repr(parts).encode()
        return prefix + hashlib.blake2b(text, key=self._key, digest_size=8).hexdigest()

    def local(self, local: LocalCandidate) -> str:
        candidate = local.candidate
        path = (candidate.component, candidate.transport.value, candidate.address)
        tcp_type = None if candidate.tcp_type is None else candidate.tcp_type.value
        return self._digest("L", candidate.type.value, tcp_type, *path, *local.base.address)

    def remote(self, remote: Candidate) -> str:
        return self._digest("R", remote.component, remote.transport.value, remote.address)

    def pair(self, pair: CandidatePair) -> str:
        # The same candidates may be paired again after a pair of theirs was discarded.
        return self._digest("P", self.local(pair.local), self.remote(pair.remote), pair.formed)


def collect(session: Session) -> IceStatistics:
    """Take the statistics of an agent now."""
    pairs: list[CandidatePairStatistics] = []
    candidates: list[CandidateStatistics] = []
    for stream in session.streams.values():
        for generation in _generations(stream):
            pairs += _pairs(generation)
            candidates += _candidates(stream, generation)
    transports = [
        _transport(session, stream, component)
        for stream in session.streams.values()
        for component in stream.components
    ]
    drops: dict[str, int] = {}
    for reason, count in session.drops.items():
        drops[reason.value] = drops.get(reason.value, 0) + count
    return IceStatistics(session.now, tuple(transports), tuple(pairs), tuple(candidates), drops)


def _generations(stream: Stream) -> tuple[Generation, ...]:
    return (*stream.ended, *reversed(stream.generations()))


# Pairs


def _pairs(generation: Generation) -> Iterator[CandidatePairStatistics]:
    names = _Names(generation)
    discarded = set(map(id, generation.checklist.retired))
    times_seen: dict[str, int] = {}
    for pair in generation.checklist.all_pairs():
        name = names.pair(pair)
        seen = times_seen[name] = times_seen.get(name, 0) + 1
        if seen > 1:
            # Even within one moment.
            name = f"{name}-{seen}"
        yield _pair(names, name, pair, discarded=id(pair) in discarded)


def _pair(
    names: _Names, name: str, pair: CandidatePair, *, discarded: bool
) -> CandidatePairStatistics:
    stats, generator = pair.stats, pair.generator
    return CandidatePairStatistics(
        id=name,
        stream=pair.stream,
        component=pair.component,
        local_candidate_id=names.local(pair.local),
        remote_candidate_id=names.remote(pair.remote),
        state=pair.state,
        nominated=pair.nominated,
        priority=pair.priority,
        discarded=discarded,
        reason=pair.reason,
        generated_by=None if generator in (None, pair) else names.pair(generator),
        changes=tuple(pair.changes),
        packets_sent=stats.packets_sent,
        packets_received=stats.packets_received,
        bytes_sent=stats.bytes_sent,
        bytes_received=stats.bytes_received,
        last_packet_sent_timestamp=stats.last_packet_sent,
        last_packet_received_timestamp=stats.last_packet_received,
        total_round_trip_time=stats.total_round_trip_time,
        current_round_trip_time=stats.current_round_trip_time,
        requests_received=stats.requests_received,
        requests_sent=stats.requests_sent,
        responses_received=stats.responses_received,
        responses_sent=stats.responses_sent,
        consent_requests_sent=stats.consent_requests_sent,
        retransmissions_sent=stats.retransmissions_sent,
        packets_discarded_on_send=stats.packets_discarded_on_send,
        bytes_discarded_on_send=stats.bytes_discarded_on_send,
    )


# Candidates


def _candidates(stream: Stream, generation: Generation) -> Iterator[CandidateStatistics]:
    names = _Names(generation)
    pairs = list(generation.checklist.all_pairs())
    live = set(map(id, generation.local_candidates))
    locals_ = {
        names.local(local): local
        for local in (
            *generation.removed_candidates,
            *(pair.local for pair in pairs),
            *generation.local_candidates,
        )
    }
    ours = generation.local.username_fragment
    for name, local in locals_.items():
        removed = id(local) not in live
        yield _candidate(stream.id, name, local.candidate, ours, removed=removed)
    remotes = {
        names.remote(remote): remote
        for remote in (*(pair.remote for pair in pairs), *generation.remote_candidates.values())
    }
    theirs = "" if generation.remote is None else generation.remote.username_fragment
    for name, remote in remotes.items():
        learned = (remote.component, remote.transport, remote.address) in generation.learned
        yield _candidate(stream.id, name, remote, theirs, remote=True, learned=learned)


def _candidate(
    stream: str,
    name: str,
    candidate: Candidate,
    fragment: str,
    *,
    remote: bool = False,
    removed: bool = False,
    learned: bool = False,
) -> CandidateStatistics:
    hidden = learned or candidate.hidden
    related: TransportAddress | None = None if hidden else candidate.related_address
    return CandidateStatistics(
        id=name,
        stream=stream,
        component=candidate.component,
        remote=remote,
        username_fragment=fragment,
        address=None if hidden else candidate.address.host,
        port=candidate.address.port,
        protocol=candidate.transport,
        candidate_type=candidate.type,
        priority=candidate.priority,
        foundation=candidate.foundation,
        related_address=None if related is None else related.host,
        related_port=None if related is None else related.port,
        tcp_type=candidate.tcp_type,
        url=candidate.url,
        relay_protocol=candidate.relay_protocol,
        network_type=candidate.network,
        removed=removed,
    )


# Transports


def _transport(session: Session, stream: Stream, component: int) -> TransportStatistics:
    total = PairStatistics()
    total.add_traffic(stream.other_traffic[component])
    for generation in _generations(stream):
        for owner, stats in generation.checklist.paths():
            if owner == component:
                total.add_traffic(stats)
    return TransportStatistics(
        stream=stream.id,
        component=component,
        ice_role=session.role,
        ice_state=IceState.CLOSED if session.closed else stream.states[component],
        ice_local_username_fragment=stream.current.local.username_fragment,
        selected_candidate_pair_id=_selected(stream, component),
        selected_candidate_pair_changes=stream.selected_pair_changes[component],
        packets_sent=total.packets_sent,
        packets_received=total.packets_received,
        bytes_sent=total.bytes_sent,
        bytes_received=total.bytes_received,
    )


def _selected(stream: Stream, component: int) -> str | None:
    pair = stream.sending.get(component)
    for generation in stream.generations():
        if pair is not None and pair in generation.checklist.valid:
            return _Names(generation).pair(pair)
    return None
