"""RTP parameters, where aiortc keeps them."""

from .api import (
    RTCRtcpParameters,
    RTCRtpCapabilities,
    RTCRtpCodecCapability,
    RTCRtpEncodingParameters,
    RTCRtpHeaderExtensionCapability,
    RTCRtpParameters,
    RTCRtpReceiveParameters,
    RTCRtpSendParameters,
)
from .api import RTCRtpCodecDescription as RTCRtpCodecParameters
from .api import RTCRtpHeaderExtension as RTCRtpHeaderExtensionParameters
from .stand_in import stand_in

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

stand_in(__name__)
