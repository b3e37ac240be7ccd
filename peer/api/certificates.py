"""Certificates as the W3C has them made (W3C §4.9)."""

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from peer.transports import Certificate

from .errors import JsepTypeError, NotSupportedError

RTCCertificate = Certificate
"""A certificate with its private key; `RTCPeerConnection.generateCertificate` makes them."""

_DEFAULT_LIFETIME = timedelta(days=30)
_MAX_LIFETIME = timedelta(days=365)
"""W3C §4.9.1: no certificate is valid for longer."""
_UNSIGNED_LONG_LONG = 2**64 - 1
_MODULUS_LENGTH = 2048
_EXPONENT = (65537).to_bytes(3)


def make_certificate(algorithm: object) -> Certificate:
    """Make a certificate by the name or the dictionary of a WebCrypto algorithm.

    Its member `expires` is in milliseconds from now. Raises NotSupportedError for all but ECDSA
    with P-256 and RSASSA-PKCS1-v1_5 with SHA-256 and 2048 bits, JsepTypeError for wrong types.
    """
    members = {"name": algorithm} if isinstance(algorithm, str) else algorithm
    if not isinstance(members, Mapping) or not isinstance(members.get("name"), str):
        raise JsepTypeError(f"{algorithm!r} names no algorithm")
    lifetime = _lifetime(members.get("expires"))
    name = members["name"].upper()
    if name == "ECDSA" and members.get("namedCurve", "P-256") == "P-256":
        return Certificate.generate("ecdsa", lifetime=lifetime)
    if name == "RSASSA-PKCS1-V1_5" and _is_supported_rsa(members):
        return Certificate.generate("rsa", lifetime=lifetime)
    raise NotSupportedError(f"certificates cannot be made with {algorithm!r}")


def _lifetime(expires: object) -> timedelta:
    if expires is None:
        return _DEFAULT_LIFETIME
    if not isinstance(expires, int | float) or not math.isfinite(expires):
        raise JsepTypeError(f"expires is a number of milliseconds, not {expires!r}")
    if not 0 <= expires <= _UNSIGNED_LONG_LONG:
        raise JsepTypeError(f"expires is 0..{_UNSIGNED_LONG_LONG}")
    return min(timedelta(milliseconds=min(expires, 10**12)), _MAX_LIFETIME)


def _is_supported_rsa(members: Mapping[str, Any]) -> bool:
    digest = members.get("hash", "SHA-256")
    if isinstance(digest, Mapping):
        digest = digest.get("name")
    if not isinstance(digest, str) or digest.upper() != "SHA-256":
        return False
    if members.get("modulusLength", _MODULUS_LENGTH) != _MODULUS_LENGTH:
        return False
    exponent = members.get("publicExponent", _EXPONENT)
    return isinstance(exponent, Sequence) and bytes(exponent).lstrip(bytes(1)) == _EXPONENT
