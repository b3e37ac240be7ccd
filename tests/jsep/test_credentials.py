"""Values made from entropy."""

import string

from peer.jsep.credentials import (
    make_credentials,
    make_identifier,
    make_session_id,
    make_ssrc,
)

ICE_CHARS = set(string.ascii_letters + string.digits + "+/")


def ones(size: int) -> bytes:
    return b"\xff" * size


def test_ice_credentials() -> None:
    """RFC 8839 §5.4: 24 and 128 bits at least, ice-char only."""
    asked: list[int] = []

    def entropy(size: int) -> bytes:
        asked.append(size)
        return bytes(range(size))

    credentials = make_credentials(entropy)
    assert asked[0] * 8 >= 24
    assert asked[1] * 8 >= 128
    assert 4 <= len(credentials.ufrag) <= 32
    assert 22 <= len(credentials.pwd) <= 256
    assert ICE_CHARS.issuperset(credentials.ufrag + credentials.pwd)


def test_session_ids_are_below_the_limit() -> None:
    """RFC 9429 §5.2.1."""
    assert 0 <= make_session_id(ones) < 2**63 - 1


def test_an_ssrc_is_32_bits_and_not_0() -> None:
    assert make_ssrc(ones) == 2**32 - 1
    assert make_ssrc(bytes) == 1


def test_identifiers_are_tokens() -> None:
    """RFC 8830 §2: up to 64 characters of a token."""
    identifier = make_identifier(ones)
    assert 1 <= len(identifier) <= 64
    assert set(identifier) <= set(string.ascii_letters + string.digits + "-_")
