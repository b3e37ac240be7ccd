"""Transceivers, where aiortc keeps them."""

from .transceiver import RTCRtpTransceiver

__all__ = ["RTCRtpTransceiver"]
