"""Descriptions, where aiortc keeps them."""

from .api import RTCSessionDescription

__all__ = ["RTCSessionDescription"]
