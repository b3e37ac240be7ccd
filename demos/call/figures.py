"""The statistics of a connection in a sentence."""

from peer.stats import (
    RTCIceCandidatePairStats,
    RTCIceCandidateStats,
    RTCStatsReport,
    RTCTransportStats,
)


def describe_path(report: RTCStatsReport) -> str:
    """Say which way the data goes, and how long it takes there and back."""
    pair = selected_pair(report)
    if pair is None:
        return "No path yet."
    local, remote = (
        describe_candidate(report.get(id_))
        for id_ in (pair.localCandidateId, pair.remoteCandidateId)
    )
    milliseconds = (pair.currentRoundTripTime or 0) * 1000
    return f"From {local} to {remote}, {milliseconds:.1f} ms there and back."


def selected_pair(report: RTCStatsReport) -> RTCIceCandidatePairStats | None:
    """Find the pair that carries the first transport."""
    for transport in report.values():
        if isinstance(transport, RTCTransportStats) and transport.selectedCandidatePairId:
            pair = report.get(transport.selectedCandidatePairId)
            return pair if isinstance(pair, RTCIceCandidatePairStats) else None
    return None


def describe_candidate(candidate: object) -> str:
    """Give type and address of a candidate."""
    if not isinstance(candidate, RTCIceCandidateStats):
        return "somewhere"
    return f"{candidate.candidateType} {candidate.address} {candidate.port}"
