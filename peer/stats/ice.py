"""Statistics of candidates and of all pairs ever formed, failed ones too, with what became of them.

Beside the W3C's members a pair has its `reason`, its history and its priority; addresses that
`peer.ice` keeps hidden are None.
"""

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import datetime

from peer.ice import CandidatePairStatistics, CandidateStatistics, NetworkType

from .report import RTCStats
from .sources import StatsSources

_NETWORK_TYPES = {
    NetworkType.WIRED: "ethernet",
    NetworkType.WIFI: "wifi",
    NetworkType.CELLULAR: "cellular",
    NetworkType.VPN: "vpn",
}
"""The W3C has no name for the others."""

TransportIds = Mapping[tuple[str, int], str]
"""The id of the transport statistics of an ICE stream and component."""


@dataclass
class RTCIceCandidateStats(RTCStats):
    """A candidate (type "local-candidate" or "remote-candidate").

    `usernameFragment` is that of its own side. `removed` tells that it cannot be used any more.
    """

    transportId: str
    candidateType: str
    _: KW_ONLY
    address: str | None = None
    port: int | None = None
    protocol: str | None = None
    priority: int | None = None
    url: str | None = None
    relayProtocol: str | None = None
    foundation: str | None = None
    relatedAddress: str | None = None
    relatedPort: int | None = None
    usernameFragment: str | None = None
    tcpType: str | None = None
    networkType: str | None = None
    component: int | None = None
    removed: bool = False


@dataclass(frozen=True)
class RTCIceCandidatePairChange:
    """A step in the life of a pair; `reason` says why when it ended there."""

    timestamp: datetime
    state: str
    reason: str


@dataclass
class RTCIceCandidatePairStats(RTCStats):
    """A pair (type "candidate-pair"); bytes and packets are those of data, not of checks.

    `reason` says why it failed or was discarded, `changes` tells its life from the first state.
    `generatedById` names the pair whose check produced this one: both count the same packets.
    """

    transportId: str
    localCandidateId: str
    remoteCandidateId: str
    state: str
    _: KW_ONLY
    nominated: bool = False
    priority: int | None = None
    discarded: bool = False
    reason: str | None = None
    generatedById: str | None = None
    changes: tuple[RTCIceCandidatePairChange, ...] = ()
    packetsSent: int = 0
    packetsReceived: int = 0
    bytesSent: int = 0
    bytesReceived: int = 0
    lastPacketSentTimestamp: datetime | None = None
    lastPacketReceivedTimestamp: datetime | None = None
    totalRoundTripTime: float = 0.0
    currentRoundTripTime: float | None = None
    availableOutgoingBitrate: float | None = None
    requestsReceived: int = 0
    requestsSent: int = 0
    responsesReceived: int = 0
    responsesSent: int = 0
    consentRequestsSent: int = 0
    retransmissionsSent: int = 0
    packetsDiscardedOnSend: int = 0
    bytesDiscardedOnSend: int = 0


def candidates(sources: StatsSources, transports: TransportIds) -> Iterator[RTCIceCandidateStats]:
    """Yield the statistics of each candidate of these transports."""
    for ice in sources.ice:
        for figures in ice.candidates:
            transport = transports.get((figures.stream, figures.component))
            if transport is not None:
                yield _candidate(sources.timestamp, figures, transport)


def candidate_pairs(
    sources: StatsSources, transports: TransportIds
) -> Iterator[RTCIceCandidatePairStats]:
    """Yield the statistics of each pair of these transports."""
    available = _available_bitrates(sources)
    for ice in sources.ice:
        known = {figures.id for figures in ice.pairs}
        for figures in ice.pairs:
            transport = transports.get((figures.stream, figures.component))
            if transport is not None:
                pair = _pair(sources, figures, transport, known)
                pair.availableOutgoingBitrate = available.get(figures.id)
                yield pair


def _available_bitrates(sources: StatsSources) -> dict[str, float]:
    """Return what may be sent on the pairs in use, as far as their peers told anything."""
    estimates = {str(source.number): source.group.sending.bitrate for source in sources.transports}
    found = {}
    for ice in sources.ice:
        for figures in ice.transports:
            estimate = estimates.get(figures.stream) if figures.component == 1 else None
            if estimate is not None and figures.selected_candidate_pair_id is not None:
                found[figures.selected_candidate_pair_id] = estimate
    return found


def _candidate(
    timestamp: datetime, figures: CandidateStatistics, transport: str
) -> RTCIceCandidateStats:
    network = figures.network_type
    return RTCIceCandidateStats(
        timestamp,
        "remote-candidate" if figures.remote else "local-candidate",
        figures.id,
        transport,
        figures.candidate_type.value,
        address=figures.address,
        port=figures.port,
        protocol=figures.protocol.value,
        priority=figures.priority,
        url=figures.url,
        relayProtocol=figures.relay_protocol,
        foundation=figures.foundation,
        relatedAddress=figures.related_address,
        relatedPort=figures.related_port,
        usernameFragment=figures.username_fragment or None,
        tcpType=None if figures.tcp_type is None else figures.tcp_type.value,
        networkType=None if network is None else _NETWORK_TYPES.get(network, "unknown"),
        component=figures.component,
        removed=figures.removed,
    )


def _pair(
    sources: StatsSources, figures: CandidatePairStatistics, transport: str, known: set[str]
) -> RTCIceCandidatePairStats:
    return RTCIceCandidatePairStats(
        sources.timestamp,
        "candidate-pair",
        figures.id,
        transport,
        figures.local_candidate_id,
        figures.remote_candidate_id,
        figures.state.value,
        nominated=figures.nominated,
        priority=figures.priority,
        discarded=figures.discarded,
        reason=figures.reason or None,
        generatedById=figures.generated_by if figures.generated_by in known else None,
        changes=_changes(sources, figures),
        packetsSent=figures.packets_sent,
        packetsReceived=figures.packets_received,
        bytesSent=figures.bytes_sent,
        bytesReceived=figures.bytes_received,
        lastPacketSentTimestamp=sources.moment_or_none(figures.last_packet_sent_timestamp),
        lastPacketReceivedTimestamp=sources.moment_or_none(figures.last_packet_received_timestamp),
        totalRoundTripTime=figures.total_round_trip_time,
        currentRoundTripTime=figures.current_round_trip_time,
        requestsReceived=figures.requests_received,
        requestsSent=figures.requests_sent,
        responsesReceived=figures.responses_received,
        responsesSent=figures.responses_sent,
        consentRequestsSent=figures.consent_requests_sent,
        retransmissionsSent=figures.retransmissions_sent,
        packetsDiscardedOnSend=figures.packets_discarded_on_send,
        bytesDiscardedOnSend=figures.bytes_discarded_on_send,
    )


def _changes(
    sources: StatsSources, figures: CandidatePairStatistics
) -> tuple[RTCIceCandidatePairChange, ...]:
    return tuple(
        RTCIceCandidatePairChange(sources.moment(change.time), change.state.value, change.reason)
        for change in figures.changes
    )
