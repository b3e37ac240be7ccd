"""ICE, where aiortc keeps it."""

from .ice_candidate import RTCIceCandidate
from .ice_transport import RTCIceGatherer, RTCIceParameters, RTCIceTransport

__all__ = ["RTCIceCandidate", "RTCIceGatherer", "RTCIceParameters", "RTCIceTransport"]
