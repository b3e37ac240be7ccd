"""Transceivers, where aiortc keeps them."""

from .api import RTCRtpTransceiver
from .stand_in import stand_in

__all__ = ["RTCRtpTransceiver"]

stand_in(__name__)
