"""The configuration, where aiortc keeps it."""

from .api import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCIceTransportPolicy
from .stand_in import stand_in

__all__ = ["RTCBundlePolicy", "RTCConfiguration", "RTCIceServer", "RTCIceTransportPolicy"]

stand_in(__name__)
