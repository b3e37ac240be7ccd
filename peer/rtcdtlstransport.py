"""DTLS, where aiortc keeps it."""

from peer.transports import RTCDtlsFingerprint, RTCDtlsParameters

from .api import RTCCertificate, RTCDtlsTransport
from .stand_in import stand_in

__all__ = ["RTCCertificate", "RTCDtlsFingerprint", "RTCDtlsParameters", "RTCDtlsTransport"]

stand_in(__name__)
