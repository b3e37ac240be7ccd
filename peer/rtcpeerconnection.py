"""The connection, where aiortc keeps it."""

from .connection import RTCPeerConnection

__all__ = ["RTCPeerConnection"]
