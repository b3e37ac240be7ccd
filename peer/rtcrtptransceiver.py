"""Transceivers, where aiortc keeps them."""

from .api import RTCRtpTransceiver

__all__ = ["RTCRtpTransceiver"]
