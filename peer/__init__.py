"""WebRTC peer connections (W3C WebRTC 1.0), with the names of the W3C and of aiortc.

    from peer import RTCPeerConnection

    pc = RTCPeerConnection()
    channel = pc.createDataChannel("chat")
    await pc.setLocalDescription()
    ...  # pc.localDescription goes to the peer, its answer comes back
    await pc.setRemoteDescription({"type": "answer", "sdp": answer})

Below it, each with its own front door: `peer.jsep` (offer/answer), `peer.ice` (the ICE agent),
`peer.net` (sockets), `peer.transports` (DTLS, SRTP, RTP, SCTP).
"""

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peer.transports import (
        AudioStreamTrack,
        MediaBlackhole,
        MediaPlayer,
        MediaRelay,
        MediaStreamError,
        MediaStreamTrack,
        RTCDtlsFingerprint,
        RTCDtlsParameters,
        VideoStreamTrack,
    )

    from .certificates import (
        RTCCertificate,
    )
    from .configuration import (
        RTCBundlePolicy,
        RTCConfiguration,
        RTCIceServer,
        RTCIceTransportPolicy,
        RTCRtcpMuxPolicy,
    )
    from .connection import (
        RTCPeerConnection,
    )
    from .data_channel import (
        RTCDataChannel,
    )
    from .dtls_transport import (
        RTCDtlsTransport,
    )
    from .errors import (
        DOMException,
        InvalidAccessError,
        InvalidModificationError,
        InvalidStateError,
        JsepTypeError,
        NotSupportedError,
        OperationError,
        RangeError,
        RTCError,
        SyntaxError_,
    )
    from .events import (
        Event,
        MediaStreamTrackEvent,
        MessageEvent,
        RTCDataChannelEvent,
        RTCErrorEvent,
        RTCPeerConnectionIceErrorEvent,
        RTCPeerConnectionIceEvent,
        RTCTrackEvent,
    )
    from .ice_candidate import (
        RTCIceCandidate,
        candidate_from_sdp,
        candidate_to_sdp,
    )
    from .ice_transport import (
        RTCIceCandidatePair,
        RTCIceGatherer,
        RTCIceParameters,
        RTCIceTransport,
    )
    from .media_recorder import MediaRecorder
    from .media_stream import (
        MediaStream,
    )
    from .options import (
        RTCAnswerOptions,
        RTCDataChannelInit,
        RTCOfferOptions,
        RTCRtpEncodingParameters,
        RTCRtpTransceiverInit,
    )
    from .rtcrtpparameters import RTCRtpCodecParameters, RTCRtpHeaderExtensionParameters
    from .rtp_capabilities import (
        RTCRtpCapabilities,
        RTCRtpCodecCapability,
        RTCRtpHeaderExtensionCapability,
    )
    from .rtp_parameters import (
        RTCRtcpParameters,
        RTCRtpParameters,
        RTCRtpReceiveParameters,
        RTCRtpSendParameters,
    )
    from .rtp_receiver import (
        RemoteStreamTrack,
        RTCRtpContributingSource,
        RTCRtpReceiver,
        RTCRtpSynchronizationSource,
    )
    from .rtp_sender import (
        RTCRtpSender,
    )
    from .sctp_transport import (
        RTCSctpTransport,
    )
    from .session_description import (
        RTCSessionDescription,
    )
    from .stats import (
        RTCIceCandidatePairStats,
        RTCIceCandidateStats,
        RTCInboundRtpStreamStats,
        RTCOutboundRtpStreamStats,
        RTCRemoteInboundRtpStreamStats,
        RTCRemoteOutboundRtpStreamStats,
        RTCStats,
        RTCStatsReport,
        RTCTransportStats,
    )
    from .transceiver import (
        RTCRtpTransceiver,
    )

_HOMES = {
    "peer.transports": (
        "AudioStreamTrack",
        "MediaBlackhole",
        "MediaPlayer",
        "MediaRelay",
        "MediaStreamError",
        "MediaStreamTrack",
        "RTCDtlsFingerprint",
        "RTCDtlsParameters",
        "VideoStreamTrack",
    ),
    ".certificates": ("RTCCertificate",),
    ".configuration": (
        "RTCBundlePolicy",
        "RTCConfiguration",
        "RTCIceServer",
        "RTCIceTransportPolicy",
        "RTCRtcpMuxPolicy",
    ),
    ".connection": ("RTCPeerConnection",),
    ".data_channel": ("RTCDataChannel",),
    ".dtls_transport": ("RTCDtlsTransport",),
    ".errors": (
        "DOMException",
        "InvalidAccessError",
        "InvalidModificationError",
        "InvalidStateError",
        "JsepTypeError",
        "NotSupportedError",
        "OperationError",
        "RTCError",
        "RangeError",
        "SyntaxError_",
    ),
    ".events": (
        "Event",
        "MediaStreamTrackEvent",
        "MessageEvent",
        "RTCDataChannelEvent",
        "RTCErrorEvent",
        "RTCPeerConnectionIceErrorEvent",
        "RTCPeerConnectionIceEvent",
        "RTCTrackEvent",
    ),
    ".ice_candidate": (
        "RTCIceCandidate",
        "candidate_from_sdp",
        "candidate_to_sdp",
    ),
    ".ice_transport": (
        "RTCIceCandidatePair",
        "RTCIceGatherer",
        "RTCIceParameters",
        "RTCIceTransport",
    ),
    ".media_recorder": ("MediaRecorder",),
    ".media_stream": ("MediaStream",),
    ".options": (
        "RTCAnswerOptions",
        "RTCDataChannelInit",
        "RTCOfferOptions",
        "RTCRtpEncodingParameters",
        "RTCRtpTransceiverInit",
    ),
    ".rtcrtpparameters": ("RTCRtpCodecParameters", "RTCRtpHeaderExtensionParameters"),
    ".rtp_capabilities": (
        "RTCRtpCapabilities",
        "RTCRtpCodecCapability",
        "RTCRtpHeaderExtensionCapability",
    ),
    ".rtp_parameters": (
        "RTCRtcpParameters",
        "RTCRtpParameters",
        "RTCRtpReceiveParameters",
        "RTCRtpSendParameters",
    ),
    ".rtp_receiver": (
        "RTCRtpContributingSource",
        "RTCRtpReceiver",
        "RTCRtpSynchronizationSource",
        "RemoteStreamTrack",
    ),
    ".rtp_sender": ("RTCRtpSender",),
    ".sctp_transport": ("RTCSctpTransport",),
    ".session_description": ("RTCSessionDescription",),
    ".stats": (
        "RTCIceCandidatePairStats",
        "RTCIceCandidateStats",
        "RTCInboundRtpStreamStats",
        "RTCOutboundRtpStreamStats",
        "RTCRemoteInboundRtpStreamStats",
        "RTCRemoteOutboundRtpStreamStats",
        "RTCStats",
        "RTCStatsReport",
        "RTCTransportStats",
    ),
    ".transceiver": ("RTCRtpTransceiver",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_AIORTC_MODULES = (
    "codecs",
    "contrib",
    "exceptions",
    "mediastreams",
    "rtcconfiguration",
    "rtcdatachannel",
    "rtcdtlstransport",
    "rtcicetransport",
    "rtcpeerconnection",
    "rtcrtpparameters",
    "rtcrtpreceiver",
    "rtcrtpsender",
    "rtcrtptransceiver",
    "rtcsctptransport",
    "rtcsessiondescription",
    "sdp",
    "stats",
)
"""Where aiortc keeps things; its programs need not import these modules by themselves."""


def __getattr__(name: str) -> object:
    """Import what is asked for: who needs `peer.ice` alone does not load DTLS and codecs."""
    if name == "__version__":
        return version("aiopeer")
    if name in _AIORTC_MODULES:
        return importlib.import_module(f".{name}", __name__)
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(home, __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted((*globals(), *_HOME_OF))


__all__ = [
    "RTCPeerConnection",
    "AudioStreamTrack",
    "MediaBlackhole",
    "MediaPlayer",
    "MediaRecorder",
    "MediaRelay",
    "MediaStreamError",
    "MediaStreamTrack",
    "RTCDtlsFingerprint",
    "RTCDtlsParameters",
    "VideoStreamTrack",
    "RTCCertificate",
    "RTCBundlePolicy",
    "RTCConfiguration",
    "RTCIceServer",
    "RTCIceTransportPolicy",
    "RTCRtcpMuxPolicy",
    "RTCDataChannel",
    "RTCDtlsTransport",
    "DOMException",
    "InvalidAccessError",
    "InvalidModificationError",
    "InvalidStateError",
    "JsepTypeError",
    "NotSupportedError",
    "OperationError",
    "RTCError",
    "RangeError",
    "SyntaxError_",
    "Event",
    "MediaStreamTrackEvent",
    "MessageEvent",
    "RTCDataChannelEvent",
    "RTCErrorEvent",
    "RTCPeerConnectionIceErrorEvent",
    "RTCPeerConnectionIceEvent",
    "RTCTrackEvent",
    "RTCIceCandidate",
    "candidate_from_sdp",
    "candidate_to_sdp",
    "RTCIceCandidatePair",
    "RTCIceGatherer",
    "RTCIceParameters",
    "RTCIceTransport",
    "MediaStream",
    "RTCAnswerOptions",
    "RTCDataChannelInit",
    "RTCOfferOptions",
    "RTCRtpEncodingParameters",
    "RTCRtpTransceiverInit",
    "RTCRtpCapabilities",
    "RTCRtpCodecCapability",
    "RTCRtpHeaderExtensionCapability",
    "RTCRtpCodecParameters",
    "RTCRtpHeaderExtensionParameters",
    "RTCRtcpParameters",
    "RTCRtpParameters",
    "RTCRtpReceiveParameters",
    "RTCRtpSendParameters",
    "RTCRtpContributingSource",
    "RTCRtpReceiver",
    "RTCRtpSynchronizationSource",
    "RemoteStreamTrack",
    "RTCRtpSender",
    "RTCSctpTransport",
    "RTCSessionDescription",
    "RTCIceCandidatePairStats",
    "RTCIceCandidateStats",
    "RTCInboundRtpStreamStats",
    "RTCOutboundRtpStreamStats",
    "RTCRemoteInboundRtpStreamStats",
    "RTCRemoteOutboundRtpStreamStats",
    "RTCStats",
    "RTCStatsReport",
    "RTCTransportStats",
    "RTCRtpTransceiver",
]
