"""ICE, where aiortc keeps it."""

from peer.transports import parse_stun_turn_uri

from .api import RTCIceCandidate, RTCIceGatherer, RTCIceParameters, RTCIceTransport
from .stand_in import stand_in

__all__ = [
    "RTCIceCandidate",
    "RTCIceGatherer",
    "RTCIceParameters",
    "RTCIceTransport",
    "parse_stun_turn_uri",
]

stand_in(__name__)
