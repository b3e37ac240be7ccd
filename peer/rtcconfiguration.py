"""The configuration, where aiortc keeps it."""

from .api import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCIceTransportPolicy

__all__ = ["RTCBundlePolicy", "RTCConfiguration", "RTCIceServer", "RTCIceTransportPolicy"]
