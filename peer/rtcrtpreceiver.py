"""Receivers, where aiortc keeps them."""

from .api import (
    RemoteStreamTrack,
    RTCRtpContributingSource,
    RTCRtpReceiver,
    RTCRtpSynchronizationSource,
)
from .stand_in import stand_in

__all__ = [
    "RTCRtpContributingSource",
    "RTCRtpReceiver",
    "RTCRtpSynchronizationSource",
    "RemoteStreamTrack",
]

stand_in(__name__)
