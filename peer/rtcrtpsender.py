"""Senders, where aiortc keeps them."""

from .rtp_sender import RTCRtpSender

__all__ = ["RTCRtpSender"]
