"""Statistics in a sentence."""

from datetime import UTC, datetime

from demos.call.figures import describe_path
from peer.stats import (
    RTCIceCandidatePairStats,
    RTCIceCandidateStats,
    RTCStatsReport,
    RTCTransportStats,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def transport(selected: str | None) -> RTCTransportStats:
    return RTCTransportStats(
        NOW,
        "transport",
        "T",
        packetsSent=0,
        packetsReceived=0,
        bytesSent=0,
        bytesReceived=0,
        iceRole="controlled",
        dtlsState="connected",
        selectedCandidatePairId=selected,
    )


def report() -> RTCStatsReport:
    found = RTCStatsReport()
    found.add(transport("P2"))
    for id_, round_trip in (("P1", 0.5), ("P2", 0.0123)):
        found.add(
            RTCIceCandidatePairStats(
                NOW,
                "candidate-pair",
                id_,
                "T",
                "L",
                "R",
                "succeeded",
                currentRoundTripTime=round_trip,
            )
        )
    for id_, type_, kind, address in (
        ("L", "local-candidate", "host", "192.0.2.1"),
        ("R", "remote-candidate", "relay", "203.0.113.7"),
    ):
        found.add(RTCIceCandidateStats(NOW, type_, id_, "T", kind, address=address, port=5000))
    return found


def test_the_selected_pair_is_described() -> None:
    assert describe_path(report()) == (
        "From host 192.0.2.1 5000 to relay 203.0.113.7 5000, 12.3 ms there and back."
    )


def test_there_may_be_no_path() -> None:
    nothing = RTCStatsReport()
    nothing.add(transport(None))
    assert describe_path(nothing) == "No path yet."
