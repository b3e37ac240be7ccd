"""DTLS, where aiortc keeps it."""

from peer.transports import RTCDtlsFingerprint, RTCDtlsParameters

from .api import RTCCertificate, RTCDtlsTransport

__all__ = ["RTCCertificate", "RTCDtlsFingerprint", "RTCDtlsParameters", "RTCDtlsTransport"]
