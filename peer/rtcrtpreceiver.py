"""Receivers, where aiortc keeps them."""

from .api import (
    RemoteStreamTrack,
    RTCRtpContributingSource,
    RTCRtpReceiver,
    RTCRtpSynchronizationSource,
)

__all__ = [
    "RTCRtpContributingSource",
    "RTCRtpReceiver",
    "RTCRtpSynchronizationSource",
    "RemoteStreamTrack",
]
