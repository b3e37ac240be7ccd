"""Statistics of a connection as the W3C has them (webrtc-stats), by aiortc's classes.

`collect` turns the `StatsSources` of a connection into a report. Nothing is counted here: the
figures are those of `peer.ice` and `peer.transports`. Few connections are ever asked for
statistics, so nothing is imported before.
"""

from typing import TYPE_CHECKING

from peer.front_door import lazy

if TYPE_CHECKING:
    from .collection import collect
    from .data import RTCDataChannelStats, RTCPeerConnectionStats
    from .ice import RTCIceCandidatePairChange, RTCIceCandidatePairStats, RTCIceCandidateStats
    from .media import RTCAudioSourceStats, RTCMediaSourceStats, RTCVideoSourceStats
    from .report import RTCStats, RTCStatsReport
    from .rtp import (
        RTCCodecStats,
        RTCInboundRtpStreamStats,
        RTCOutboundRtpStreamStats,
        RTCReceivedRtpStreamStats,
        RTCRemoteInboundRtpStreamStats,
        RTCRemoteOutboundRtpStreamStats,
        RTCRtpStreamStats,
        RTCSentRtpStreamStats,
    )
    from .sctp import RTCSctpTransportStats
    from .sources import (
        Channel,
        MediaReceiver,
        MediaSender,
        ReceiverSource,
        SenderSource,
        StatsSources,
        TransportSource,
    )
    from .transport import RTCCertificateStats, RTCTransportStats
else:
    _HOMES = {
        ".collection": ("collect",),
        ".data": (
            "RTCDataChannelStats",
            "RTCPeerConnectionStats",
        ),
        ".ice": (
            "RTCIceCandidatePairChange",
            "RTCIceCandidatePairStats",
            "RTCIceCandidateStats",
        ),
        ".media": (
            "RTCAudioSourceStats",
            "RTCMediaSourceStats",
            "RTCVideoSourceStats",
        ),
        ".report": (
            "RTCStats",
            "RTCStatsReport",
        ),
        ".rtp": (
            "RTCCodecStats",
            "RTCInboundRtpStreamStats",
            "RTCOutboundRtpStreamStats",
            "RTCReceivedRtpStreamStats",
            "RTCRemoteInboundRtpStreamStats",
            "RTCRemoteOutboundRtpStreamStats",
            "RTCRtpStreamStats",
            "RTCSentRtpStreamStats",
        ),
        ".sctp": ("RTCSctpTransportStats",),
        ".sources": (
            "Channel",
            "MediaReceiver",
            "MediaSender",
            "ReceiverSource",
            "SenderSource",
            "StatsSources",
            "TransportSource",
        ),
        ".transport": (
            "RTCCertificateStats",
            "RTCTransportStats",
        ),
    }
    __getattr__ = lazy(__name__, _HOMES)

__all__ = [
    # the report and what is in it
    "RTCStatsReport",
    "RTCStats",
    "RTCCodecStats",
    "RTCRtpStreamStats",
    "RTCReceivedRtpStreamStats",
    "RTCSentRtpStreamStats",
    "RTCInboundRtpStreamStats",
    "RTCOutboundRtpStreamStats",
    "RTCRemoteInboundRtpStreamStats",
    "RTCRemoteOutboundRtpStreamStats",
    "RTCMediaSourceStats",
    "RTCAudioSourceStats",
    "RTCVideoSourceStats",
    "RTCPeerConnectionStats",
    "RTCDataChannelStats",
    "RTCSctpTransportStats",
    "RTCTransportStats",
    "RTCCertificateStats",
    "RTCIceCandidateStats",
    "RTCIceCandidatePairStats",
    "RTCIceCandidatePairChange",
    # what it is collected from
    "collect",
    "StatsSources",
    "TransportSource",
    "SenderSource",
    "ReceiverSource",
    "MediaSender",
    "MediaReceiver",
    "Channel",
]
