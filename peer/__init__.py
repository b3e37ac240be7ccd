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

import gc
import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peer.media import MediaPlayer, PcmTrack, pcm_frames
    from peer.transports import (
        AudioStreamTrack,
        MediaBlackhole,
        MediaRelay,
        MediaStreamError,
        MediaStreamTrack,
        RTCDtlsFingerprint,
        RTCDtlsParameters,
        VideoStreamTrack,
    )

    from .api import (
        DOMException,
        Event,
        InvalidAccessError,
        InvalidModificationError,
        InvalidStateError,
        JsepTypeError,
        MediaRecorder,
        MediaStream,
        MediaStreamTrackEvent,
        MessageEvent,
        NotSupportedError,
        OperationError,
        RangeError,
        RemoteStreamTrack,
        RTCAnswerOptions,
        RTCBundlePolicy,
        RTCCertificate,
        RTCConfiguration,
        RTCDataChannel,
        RTCDataChannelEvent,
        RTCDataChannelInit,
        RTCDtlsTransport,
        RTCError,
        RTCErrorEvent,
        RTCIceCandidate,
        RTCIceCandidatePair,
        RTCIceGatherer,
        RTCIceParameters,
        RTCIceServer,
        RTCIceTransport,
        RTCIceTransportPolicy,
        RTCOfferOptions,
        RTCPeerConnectionIceErrorEvent,
        RTCPeerConnectionIceEvent,
        RTCRtcpMuxPolicy,
        RTCRtcpParameters,
        RTCRtpCapabilities,
        RTCRtpCodecCapability,
        RTCRtpContributingSource,
        RTCRtpEncodingParameters,
        RTCRtpHeaderExtensionCapability,
        RTCRtpParameters,
        RTCRtpReceiveParameters,
        RTCRtpReceiver,
        RTCRtpSender,
        RTCRtpSendParameters,
        RTCRtpSynchronizationSource,
        RTCRtpTransceiver,
        RTCRtpTransceiverInit,
        RTCSctpTransport,
        RTCSessionDescription,
        RTCTrackEvent,
        SyntaxError_,
        candidate_from_sdp,
        candidate_to_sdp,
        set_default_configuration,
    )
    from .connection import (
        RTCPeerConnection,
    )
    from .rtcrtpparameters import (
        RTCRtpCodecParameters,
        RTCRtpHeaderExtensionParameters,
    )
    from .stand_in import install_as_aiortc
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

_HOMES = {
    "peer.media": ("MediaPlayer", "PcmTrack", "pcm_frames"),
    "peer.transports": (
        "AudioStreamTrack",
        "MediaBlackhole",
        "MediaRelay",
        "MediaStreamError",
        "MediaStreamTrack",
        "RTCDtlsFingerprint",
        "RTCDtlsParameters",
        "VideoStreamTrack",
    ),
    ".api": (
        "DOMException",
        "Event",
        "InvalidAccessError",
        "InvalidModificationError",
        "InvalidStateError",
        "JsepTypeError",
        "MediaRecorder",
        "MediaStream",
        "MediaStreamTrackEvent",
        "MessageEvent",
        "NotSupportedError",
        "OperationError",
        "RTCAnswerOptions",
        "RTCBundlePolicy",
        "RTCCertificate",
        "RTCConfiguration",
        "RTCDataChannel",
        "RTCDataChannelEvent",
        "RTCDataChannelInit",
        "RTCDtlsTransport",
        "RTCError",
        "RTCErrorEvent",
        "RTCIceCandidate",
        "RTCIceCandidatePair",
        "RTCIceGatherer",
        "RTCIceParameters",
        "RTCIceServer",
        "RTCIceTransport",
        "RTCIceTransportPolicy",
        "RTCOfferOptions",
        "RTCPeerConnectionIceErrorEvent",
        "RTCPeerConnectionIceEvent",
        "RTCRtcpMuxPolicy",
        "RTCRtcpParameters",
        "RTCRtpCapabilities",
        "RTCRtpCodecCapability",
        "RTCRtpContributingSource",
        "RTCRtpEncodingParameters",
        "RTCRtpHeaderExtensionCapability",
        "RTCRtpParameters",
        "RTCRtpReceiveParameters",
        "RTCRtpReceiver",
        "RTCRtpSendParameters",
        "RTCRtpSender",
        "RTCRtpSynchronizationSource",
        "RTCRtpTransceiver",
        "RTCRtpTransceiverInit",
        "RTCSctpTransport",
        "RTCSessionDescription",
        "RTCTrackEvent",
        "RangeError",
        "RemoteStreamTrack",
        "SyntaxError_",
        "candidate_from_sdp",
        "candidate_to_sdp",
        "set_default_configuration",
    ),
    ".connection": ("RTCPeerConnection",),
    ".stand_in": ("install_as_aiortc",),
    ".rtcrtpparameters": (
        "RTCRtpCodecParameters",
        "RTCRtpHeaderExtensionParameters",
    ),
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
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_AIORTC_MODULES = (
    "codecs",
    "contrib",
    "exceptions",
    "jitterbuffer",
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
        return importlib.import_module("importlib.metadata").version("aiopeer")
    if name in _AIORTC_MODULES:
        return importlib.import_module(f".{name}", __name__)
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(_load(home), name)
    return value


def _load(home: str) -> ModuleType:
    """Import a module without collecting garbage: what is made by the thousand here is to stay."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return importlib.import_module(home, __name__)
    finally:
        if collecting:
            gc.enable()


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
    "PcmTrack",
    "pcm_frames",
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
    "install_as_aiortc",
    "set_default_configuration",
]
