"""Certificates: made, kept, read again."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from peer.transports.certificate import Certificate
from tests.transports.wire import CERTIFICATE, OTHER_CERTIFICATE, RSA_CERTIFICATE


@pytest.mark.parametrize("certificate", [CERTIFICATE, RSA_CERTIFICATE])
def test_a_certificate_survives_being_stored(certificate: Certificate) -> None:
    again = Certificate.from_pem(*certificate.to_pem())
    assert again.fingerprints == certificate.fingerprints
    assert again.to_pem() == certificate.to_pem()


def test_a_new_certificate_has_a_new_fingerprint_and_expires() -> None:
    assert CERTIFICATE.fingerprints != OTHER_CERTIFICATE.fingerprints
    assert CERTIFICATE.expires - datetime.now(UTC) > timedelta(days=29)
    assert {one.algorithm for one in CERTIFICATE.fingerprints} == {
        "sha-256",
        "sha-384",
        "sha-512",
    }


def test_fingerprints_are_hashes_of_the_certificate() -> None:
    """RFC 8122 §5: upper-case hexadecimal numbers, two for a byte, between colons."""
    by_name = {one.algorithm: one.value for one in CERTIFICATE.fingerprints}
    digest = hashlib.sha256(CERTIFICATE.der).hexdigest().upper()
    assert by_name["sha-256"].split(":") == [digest[i : i + 2] for i in range(0, 64, 2)]
    assert len(by_name["sha-384"].split(":")) == 48
    assert len(by_name["sha-512"].split(":")) == 64


def test_the_key_of_another_certificate_is_refused() -> None:
    with pytest.raises(ValueError, match="not that of the certificate"):
        Certificate.from_pem(CERTIFICATE.to_pem()[0], OTHER_CERTIFICATE.to_pem()[1])


def test_garbage_is_refused() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are OpenSSL's
        Certificate.from_pem(b"certificate", b"key")
