"""Data channels, where aiortc keeps them."""

from .api import RTCDataChannel
from .stand_in import stand_in

__all__ = ["RTCDataChannel"]

stand_in(__name__)
