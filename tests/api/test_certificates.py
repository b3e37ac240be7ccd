"""generateCertificate: algorithms, and how long certificates are valid."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from peer import RTCPeerConnection
from peer.api.certificates import make_certificate
from peer.api.errors import (
    InvalidAccessError,
    InvalidModificationError,
    JsepTypeError,
    NotSupportedError,
)

EC = {"name": "ECDSA", "namedCurve": "P-256"}
RSA = {
    "name": "rsassa-pkcs1-v1_5",
    "modulusLength": 2048,
    "publicExponent": b"\x01\x00\x01",
    "hash": "SHA-256",
}


def ends_in(algorithm: dict[str, Any]) -> timedelta:
    return make_certificate(algorithm).expires - datetime.now(UTC)


@pytest.mark.parametrize(
    ("expires", "expected"),
    [
        (None, timedelta(days=30)),
        (0, timedelta()),
        (2000, timedelta(seconds=2)),
        (2000.9, timedelta(seconds=2)),
        (2**64 - 1, timedelta(days=365)),
    ],
)
def test_how_long_it_is_valid(expires: float | None, expected: timedelta) -> None:
    # Certificates have whole seconds (RFC 5280 §4.1.2.5).
    assert abs(ends_in({**EC, "expires": expires}) - expected) <= timedelta(seconds=2)


@pytest.mark.parametrize("expires", [-1, 2**64, "invalid", float("nan"), float("inf"), []])
def test_times_that_are_refused(expires: object) -> None:
    with pytest.raises(JsepTypeError):
        make_certificate({**EC, "expires": expires})


def test_an_expired_certificate_is_not_used() -> None:
    expired = make_certificate({**EC, "expires": 0})
    with pytest.raises(InvalidAccessError):
        RTCPeerConnection({"certificates": [expired]})


def test_rsa_with_everything_a_browser_demands() -> None:
    assert make_certificate(RSA).getFingerprints()
    assert make_certificate({**RSA, "hash": {"name": "sha-256"}}).getFingerprints()


@pytest.mark.parametrize(
    "other",
    [
        "invalid",
        {"name": "invalid"},
        {**EC, "namedCurve": "P-521"},
        {**RSA, "hash": "SHA-1"},
        {**RSA, "hash": {}},
        {**RSA, "modulusLength": 512},
        {**RSA, "publicExponent": [3]},
        {**RSA, "publicExponent": None},
    ],
)
def test_what_is_not_supported(other: object) -> None:
    with pytest.raises(NotSupportedError):
        make_certificate(other)


@pytest.mark.parametrize("wrong", [None, 5, {}, {"name": 5}])
def test_what_names_no_algorithm(wrong: object) -> None:
    with pytest.raises(JsepTypeError):
        make_certificate(wrong)


def test_the_configuration_has_the_certificates_it_was_given() -> None:
    assert RTCPeerConnection().getConfiguration().certificates == []
    given, other = make_certificate(EC), make_certificate(EC)
    pc = RTCPeerConnection({"certificates": [given]})
    shown = pc.getConfiguration()
    assert shown.certificates == [given]
    shown.certificates.clear()
    assert pc.getConfiguration().certificates == [given]
    pc.setConfiguration({"certificates": [given]})
    for wrong in ([other], [given, other]):
        with pytest.raises(InvalidModificationError):
            pc.setConfiguration({"certificates": wrong})
    with pytest.raises(InvalidModificationError):
        RTCPeerConnection().setConfiguration({"certificates": [given]})


def test_the_fingerprint_is_the_one_of_the_offer() -> None:
    async def scenario() -> None:
        certificate = make_certificate(EC)
        pc = RTCPeerConnection({"certificates": [certificate]})
        pc.createDataChannel("")
        (told,) = certificate.getFingerprints()
        # W3C §5.5.2 has lower case, RFC 8122 §5 upper case.
        assert re.fullmatch("([0-9a-f]{2}:){31}[0-9a-f]{2}", told.value)
        line = f"a=fingerprint:{told.algorithm} {told.value.upper()}"
        offer = (await pc.createOffer()).sdp.splitlines()
        assert [each for each in offer if each.startswith("a=fingerprint:")] == [line]
        await pc.close()

    asyncio.run(scenario())


def test_of_several_certificates_the_first_is_used() -> None:
    async def scenario() -> None:
        first, second = make_certificate(EC), make_certificate(EC)
        pc = RTCPeerConnection({"certificates": [first, second]})
        pc.createDataChannel("")
        offer = (await pc.createOffer()).sdp.lower()
        assert first.getFingerprints()[0].value in offer
        assert second.getFingerprints()[0].value not in offer
        await pc.close()

    asyncio.run(scenario())
