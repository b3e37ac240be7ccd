"""What an application holds: the W3C's objects, their arguments, events and errors.

Each object is thin: it checks what it is given and hands it to the part of the session behind it.
"""

from .awaitable import (
    Begun,
    Done,
    Ending,
    Going,
    prompt,
    running_loop,
)
from .candidates import (
    from_ice,
    from_value,
    local_candidate,
    to_ice,
)
from .certificates import (
    RTCCertificate,
    make_certificate,
)
from .configuration import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCRtcpMuxPolicy,
    check_change,
    check_gathering_timeout,
    ice_config,
    ice_pacing,
    ice_servers,
    normalize,
    set_default_configuration,
)
from .data_channel import (
    RTCDataChannel,
)
from .dtls_transport import (
    RTCDtlsTransport,
)
from .dtmf_sender import (
    RTCDTMFSender,
)
from .encodings import (
    initial_encodings,
)
from .errors import (
    DOMException,
    InvalidAccessError,
    InvalidCharacterError,
    InvalidModificationError,
    InvalidStateError,
    JsepTypeError,
    NotFoundError,
    NotSupportedError,
    OperationError,
    RangeError,
    RTCError,
    SyntaxError_,
)
from .event_target import (
    EventHandler,
    EventTarget,
)
from .events import (
    CircuitBreakerEvent,
    Event,
    MediaStreamTrackEvent,
    MessageEvent,
    RTCDataChannelEvent,
    RTCDTMFToneChangeEvent,
    RTCErrorEvent,
    RTCPeerConnectionIceErrorEvent,
    RTCPeerConnectionIceEvent,
    RTCTrackEvent,
)
from .host import (
    Host,
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
from .media_recorder import (
    MediaRecorder,
)
from .media_stream import (
    MediaStream,
    stream_names,
)
from .options import (
    RTCAnswerOptions,
    RTCDataChannelInit,
    RTCOfferOptions,
    RTCRtpEncodingParameters,
    RTCRtpTransceiverInit,
)
from .rtp_capabilities import (
    RTCRtpCapabilities,
    RTCRtpCodecCapability,
    RTCRtpHeaderExtensionCapability,
)
from .rtp_parameters import (
    RTCRtcpParameters,
    RTCRtpCodecDescription,
    RTCRtpHeaderExtension,
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
from .script_transform import (
    KeyFrameRequestEvent,
    RTCRtpScriptTransform,
    RTCRtpScriptTransformer,
)
from .sctp_transport import (
    RTCSctpTransport,
)
from .session_description import (
    RTCSessionDescription,
)
from .transceiver import (
    RTCRtpTransceiver,
)

__all__ = [
    # the application's
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
    "InvalidCharacterError",
    "NotFoundError",
    "NotSupportedError",
    "OperationError",
    "RTCAnswerOptions",
    "RTCBundlePolicy",
    "RTCCertificate",
    "RTCConfiguration",
    "RTCDataChannel",
    "CircuitBreakerEvent",
    "RTCDataChannelEvent",
    "RTCDTMFSender",
    "RTCDTMFToneChangeEvent",
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
    "KeyFrameRequestEvent",
    "RTCRtpScriptTransform",
    "RTCRtpScriptTransformer",
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
    # what joins them to the session
    "Begun",
    "Done",
    "Ending",
    "Going",
    "EventHandler",
    "EventTarget",
    "Host",
    "RTCRtpCodecDescription",
    "RTCRtpHeaderExtension",
    "check_change",
    "check_gathering_timeout",
    "from_ice",
    "from_value",
    "ice_config",
    "ice_pacing",
    "ice_servers",
    "initial_encodings",
    "local_candidate",
    "make_certificate",
    "normalize",
    "prompt",
    "running_loop",
    "stream_names",
    "to_ice",
]
