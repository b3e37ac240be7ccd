"""Certificates for DTLS (W3C RTCCertificate)."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, Self, cast

from aiortc.rtcdtlstransport import (
    SRTP_PROFILES,
    RTCCertificate,
    RTCDtlsFingerprint,
    SRTPProtectionProfile,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from OpenSSL import SSL, crypto

LIFETIME = timedelta(days=30)
"""How long certificates are valid unless told otherwise (W3C §4.10)."""
_TOLERANCE = timedelta(days=1)
"""So far the peer's clock may be behind."""

_HASHES: tuple[tuple[str, Callable[[], hashes.HashAlgorithm]], ...] = (
    ("sha-256", hashes.SHA256),
    ("sha-384", hashes.SHA384),
    ("sha-512", hashes.SHA512),
)

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

_DTLS_1_2 = 0xFEFD


class Certificate(RTCCertificate):
    """A certificate with its private key, for any number of connections."""

    @classmethod
    def generate(
        cls, algorithm: Literal["ecdsa", "rsa"] = "ecdsa", *, lifetime: timedelta = LIFETIME
    ) -> Self:
        """Make a key (P-256, or RSA of 2048 bits) and a certificate; it ends on a full second."""
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
        if algorithm == "rsa":
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        else:
            key = ec.generate_private_key(ec.SECP256R1())
        return cls(cast("ec.EllipticCurvePrivateKey", key), _sign(key, lifetime))

    @classmethod
    def from_pem(cls, certificate: bytes, key: bytes) -> Self:
        """Read a certificate that `to_pem` wrote; ValueError when it is none, or not the key's."""
        from cryptography.hazmat.primitives import serialization

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
        certificate = crypto.X509.from_cryptography(self._cert)
        return crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)

    def to_pem(self) -> tuple[bytes, bytes]:
        """Return the certificate and its key as PEM."""
        from cryptography.hazmat.primitives import serialization

        key = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return self._cert.public_bytes(serialization.Encoding.PEM), key

    def identify(self, association: SSL.Connection) -> None:
        """Have an association show this certificate."""
        association.use_certificate(self._cert)
        association.use_privatekey(self._key)

    @property
    def fingerprints(self) -> list[RTCDtlsFingerprint]:
        """The fingerprints as signalling has them (RFC 8122 §5), one for each hash known."""
        return [self._fingerprint(name, make) for name, make in _HASHES]

    @property
    def signalled(self) -> RTCDtlsFingerprint:
        """The one that descriptions tell: of the hash every peer knows (RFC 8827 §6.5)."""
        return self._fingerprint(*_HASHES[0])

    def _fingerprint(
        self, name: str, make: Callable[[], hashes.HashAlgorithm]
    ) -> RTCDtlsFingerprint:
        return RTCDtlsFingerprint(
            algorithm=name, value=self._cert.fingerprint(make()).hex(":").upper()
        )

    def getFingerprints(self) -> list[RTCDtlsFingerprint]:
        """Return the fingerprint that descriptions tell, in lower case (W3C §4.9.2, §5.5)."""
        told = self.signalled
        return [RTCDtlsFingerprint(algorithm=told.algorithm, value=told.value.lower())]

    @staticmethod
    def prepare() -> None:
        """Do what the first handshake would otherwise have to wait for."""
        _ssl_context(tuple(SRTP_PROFILES))

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        return _ssl_context(tuple(srtp_profiles))


@lru_cache
def _ssl_context(srtp_profiles: tuple[SRTPProtectionProfile, ...]) -> SSL.Context:
    """Return the settings of associations; they share them, and neither state nor certificate."""
    context = SSL.Context(SSL.DTLS_METHOD)
    # No association resumes another: each shows its certificate anew.
    context.set_options(SSL.OP_NO_TICKET)
    # An association is followed by another one (RFC 8842 §6), never renegotiated.
    context.set_options(SSL.OP_NO_RENEGOTIATION)
    # RFC 8996 §5; of what came after 1.2, `plaintext` knows no records.
    context.set_min_proto_version(_DTLS_1_2)
    context.set_max_proto_version(_DTLS_1_2)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    # The memory OpenSSL writes to knows no MTU; left alone, it would fragment at 228 bytes.
    context.set_options(SSL.OP_NO_QUERY_MTU)
    context.set_cipher_list(_CIPHERS)
    context.set_tlsext_use_srtp(b":".join(one.openssl_profile for one in srtp_profiles))
    return context


def _sign(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, lifetime: timedelta
) -> x509.Certificate:
    """Return a certificate that says nothing of who it is for (RFC 8827 §6.5)."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, secrets.token_hex(16))])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _TOLERANCE)
        .not_valid_after(now + lifetime)
    )
    return builder.sign(key, hashes.SHA256())
