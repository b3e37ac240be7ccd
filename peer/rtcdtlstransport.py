"""DTLS, where aiortc keeps it."""

from peer.transports import RTCDtlsFingerprint, RTCDtlsParameters

from .certificates import RTCCertificate
from .dtls_transport import RTCDtlsTransport

__all__ = ["RTCCertificate", "RTCDtlsFingerprint", "RTCDtlsParameters", "RTCDtlsTransport"]
