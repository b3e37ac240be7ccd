"""Certificates as the W3C has them made (W3C §4.9)."""

from collections.abc import Mapping

from peer.transports import Certificate

from .errors import JsepTypeError, NotSupportedError

RTCCertificate = Certificate
"""A certificate with its private key; `RTCPeerConnection.generateCertificate` makes them."""


def make_certificate(algorithm: object) -> Certificate:
    """Make a certificate by the name or the dictionary of a WebCrypto algorithm.

    Raises NotSupportedError for all but ECDSA with P-256 and RSASSA-PKCS1-v1_5.
    """
    members = {"name": algorithm} if isinstance(algorithm, str) else algorithm
    if not isinstance(members, Mapping) or not isinstance(members.get("name"), str):
        raise JsepTypeError(f"{algorithm!r} names no algorithm")
    name = members["name"].upper()
    if name == "ECDSA" and members.get("namedCurve", "P-256") == "P-256":
        return Certificate.generate("ecdsa")
    if name == "RSASSA-PKCS1-V1_5" and members.get("modulusLength", 2048) == 2048:
        return Certificate.generate("rsa")
    raise NotSupportedError(f"certificates cannot be made with {algorithm!r}")
