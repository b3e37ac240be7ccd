"""Senders, where aiortc keeps them."""

from .api import RTCRtpSender
from .stand_in import stand_in

__all__ = ["RTCRtpSender"]

stand_in(__name__)
