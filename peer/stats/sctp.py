"""Statistics of the association of the data channels (W3C webrtc-provisional-stats)."""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

from .report import RTCStats
from .sources import StatsSources


@dataclass
class RTCSctpTransportStats(RTCStats):
    """The SCTP association (type "sctp-transport"), over the transport that `transportId` names.

    Sizes are in bytes: `mtu` is that of an SCTP packet, `receiverWindow` what the peer last said it
    has room for. `unackData` counts chunks. Beyond the W3C's members: `queuedBytes` wait to be
    sent, `heldBytes` came and wait for what is missing before them; `drops` counts what came and
    was of no use, and each bound that the peer has met, by the name of the reason.
    """

    transportId: str
    state: str
    congestionWindow: int
    receiverWindow: int
    mtu: int
    unackData: int
    _: KW_ONLY
    smoothedRoundTripTime: float | None = None
    queuedBytes: int = 0
    heldBytes: int = 0
    retransmittedBytes: int = 0
    retransmissionTimeouts: int = 0
    messagesAbandoned: int = 0
    duplicatesReceived: int = 0
    messageInterleaving: bool = False
    zeroChecksum: bool = False
    drops: dict[str, int] | None = None


def sctp_transports(sources: StatsSources) -> Iterator[RTCSctpTransportStats]:
    """Yield the statistics of the association if there is one."""
    association = sources.association
    for source in sources.transports:
        if association is None or association.dtls not in source.group.dtls:
            continue
        figures = association.statistics()
        yield RTCSctpTransportStats(
            sources.timestamp,
            "sctp-transport",
            f"S{source.id}",
            source.id,
            association.state,
            figures.window,
            figures.peer_window,
            figures.packet,
            figures.unacknowledged,
            smoothedRoundTripTime=figures.round_trip,
            queuedBytes=figures.queued,
            heldBytes=figures.held,
            retransmittedBytes=figures.resent,
            retransmissionTimeouts=figures.timeouts,
            messagesAbandoned=figures.abandoned,
            duplicatesReceived=figures.duplicates,
            messageInterleaving=figures.interleaving,
            zeroChecksum=figures.zero_checksum,
            drops=figures.drops or None,
        )
