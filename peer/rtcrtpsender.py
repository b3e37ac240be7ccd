"""Senders, where aiortc keeps them."""

from .api import RTCRtpSender

__all__ = ["RTCRtpSender"]
