"""Descriptions, where aiortc keeps them."""

from .api import RTCSessionDescription
from .stand_in import stand_in

__all__ = ["RTCSessionDescription"]

stand_in(__name__)
