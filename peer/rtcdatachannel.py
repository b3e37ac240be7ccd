"""Data channels, where aiortc keeps them."""

from .data_channel import RTCDataChannel

__all__ = ["RTCDataChannel"]
