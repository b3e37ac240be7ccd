"""The jitter buffer, where aiortc keeps it."""

from peer.transports import JitterBuffer, JitterFrame

__all__ = ["JitterBuffer", "JitterFrame"]
