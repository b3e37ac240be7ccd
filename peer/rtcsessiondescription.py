"""Descriptions, where aiortc keeps them."""

from .session_description import RTCSessionDescription

__all__ = ["RTCSessionDescription"]
