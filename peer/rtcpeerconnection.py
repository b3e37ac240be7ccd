"""The connection, where aiortc keeps it."""

from .connection import RTCPeerConnection
from .stand_in import stand_in

__all__ = ["RTCPeerConnection"]

stand_in(__name__)
