"""Certificates for DTLS (W3C RTCCertificate)."""

from typing import Literal, Self, cast

from aiortc.rtcdtlstransport import (
    RTCCertificate,
    SRTPProtectionProfile,
    generate_certificate,
)
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from OpenSSL import SSL

# RFC 8827 §6.5 makes ECDHE with P-256 and AES-128-GCM mandatory; peers with an RSA certificate
# (GStreamer, older gateways) need the RSA forms. The last four are for stacks without AEAD.
_CIPHERS = ":".join(
    f"ECDHE-{signature}-{cipher}"
    for cipher in (
        "AES128-GCM-SHA256",
        "CHACHA20-POLY1305",
        "AES256-GCM-SHA384",
        "AES128-SHA",
        "AES256-SHA",
    )
    for signature in ("ECDSA", "RSA")
).encode()


class Certificate(RTCCertificate):
    """A certificate with its private key, for any number of connections."""

    @classmethod
    def generate(cls, algorithm: Literal["ecdsa", "rsa"] = "ecdsa") -> Self:
        """Make a key (P-256, or RSA of 2048 bits) and a certificate for the next thirty days."""
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
        if algorithm == "rsa":
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        else:
            key = ec.generate_private_key(ec.SECP256R1())
        ec_key = cast("ec.EllipticCurvePrivateKey", key)
        return cls(ec_key, generate_certificate(ec_key))

    @classmethod
    def from_pem(cls, certificate: bytes, key: bytes) -> Self:
        """Read a certificate that `to_pem` wrote; ValueError when it is none, or not the key's."""
        private = serialization.load_pem_private_key(key, password=None)
        loaded = x509.load_pem_x509_certificate(certificate)
        if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise ValueError("the key is neither elliptic nor RSA")
        if private.public_key() != loaded.public_key():
            raise ValueError("the key is not that of the certificate")
        return cls(cast("ec.EllipticCurvePrivateKey", private), loaded)

    @property
    def der(self) -> bytes:
        """The certificate as DER."""
        return self._cert.public_bytes(serialization.Encoding.DER)

    def to_pem(self) -> tuple[bytes, bytes]:
        """Return the certificate and its key as PEM."""
        key = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return self._cert.public_bytes(serialization.Encoding.PEM), key

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(_CIPHERS)
        # The memory OpenSSL writes to knows no MTU; left alone, it would fragment at 228 bytes.
        context.set_options(SSL.OP_NO_QUERY_MTU)
        return context
