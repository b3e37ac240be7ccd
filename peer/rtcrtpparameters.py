"""RTP parameters, where aiortc keeps them."""

from .options import RTCRtpEncodingParameters
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
from .rtp_parameters import RTCRtpCodecDescription as RTCRtpCodecParameters
from .rtp_parameters import RTCRtpHeaderExtension as RTCRtpHeaderExtensionParameters

__all__ = [
    "RTCRtcpParameters",
    "RTCRtpCapabilities",
    "RTCRtpCodecCapability",
    "RTCRtpCodecParameters",
    "RTCRtpEncodingParameters",
    "RTCRtpHeaderExtensionCapability",
    "RTCRtpHeaderExtensionParameters",
    "RTCRtpParameters",
    "RTCRtpReceiveParameters",
    "RTCRtpSendParameters",
]
