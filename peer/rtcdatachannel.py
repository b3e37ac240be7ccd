"""Data channels, where aiortc keeps them."""

from .api import RTCDataChannel

__all__ = ["RTCDataChannel"]
