"""ICE, where aiortc keeps it."""

from .api import RTCIceCandidate, RTCIceGatherer, RTCIceParameters, RTCIceTransport

__all__ = ["RTCIceCandidate", "RTCIceGatherer", "RTCIceParameters", "RTCIceTransport"]
