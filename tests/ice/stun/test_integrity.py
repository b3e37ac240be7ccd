import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.ice import stun

ID = bytes(12)
KEY = b"key"


def signed(*, sha256: bool = False, fingerprint: bool = True) -> bytes:
    return stun.build(
        stun.Method.BINDING,
        stun.MessageClass.REQUEST,
        ID,
        [(stun.USERNAME, "a:b")],
        key=KEY,
        sha256=sha256,
        fingerprint=fingerprint,
    )


def test_md5_long_term_key() -> None:
    """RFC 8489 §9.2.2's own example."""
    assert stun.long_term_key("user", "realm", "pass").hex() == "8493fbc53ba582fb4c044c456bdc40eb"


def test_sha256_long_term_key() -> None:
    """RFC 8489 §18.5.1.2: SHA-256 of the same string."""
    key = stun.long_term_key("user", "realm", "pass", stun.KeyAlgorithm.SHA256)
    assert key.hex() == "07e934117abd40836e7c6329b54731b2b2d2a5f9a71f544922d75e0730d8251b"


def test_keys_prepare_their_strings() -> None:
    """RFC 8489 §9.1.1, §9.2.2: OpaqueString, here NFC."""
    assert stun.short_term_key("e\u0301") == "\u00e9".encode()
    assert stun.long_term_key("e\u0301", "r", "p") == stun.long_term_key("\u00e9", "r", "p")
    assert stun.userhash("e\u0301", "r") == stun.userhash("\u00e9", "r")


@pytest.mark.parametrize("fingerprint", [True, False])
def test_sha1_covers_the_message_as_if_it_ended_there(fingerprint: bool) -> None:
    """RFC 8489 §14.5: the length counts MESSAGE-INTEGRITY but not FINGERPRINT."""
    data = signed(fingerprint=fingerprint)
    end = len(data) - (8 if fingerprint else 0)
    covered = data[:2] + (end - 20).to_bytes(2, "big") + data[4 : end - 24]
    assert data[end - 20 : end] == hmac.digest(KEY, covered, "sha1")
    assert stun.verify_integrity(stun.parse(data), KEY)


@pytest.mark.parametrize("fingerprint", [True, False])
def test_sha256_covers_the_message_as_if_it_ended_there(fingerprint: bool) -> None:
    """RFC 8489 §14.6."""
    data = signed(sha256=True, fingerprint=fingerprint)
    end = len(data) - (8 if fingerprint else 0)
    covered = data[:2] + (end - 20).to_bytes(2, "big") + data[4 : end - 36]
    assert data[end - 32 : end] == hmac.digest(KEY, covered, "sha256")
    assert stun.verify_integrity_sha256(stun.parse(data), KEY)


def test_absent_integrity_never_verifies() -> None:
    bare = stun.parse(stun.build(stun.Method.BINDING, stun.MessageClass.REQUEST, ID))
    assert not stun.verify_integrity(bare, KEY)
    assert not stun.verify_integrity_sha256(bare, KEY)
    assert not stun.verify_integrity(stun.parse(signed(sha256=True)), KEY)
    assert not stun.verify_integrity_sha256(stun.parse(signed()), KEY)


def test_truncated_sha256_does_not_verify() -> None:
    """RFC 8489 §14.6: truncation only where the usage says so; none here does."""
    full = signed(sha256=True, fingerprint=False)
    body = full[20:-36]
    covered = full[:2] + (len(body) + 20).to_bytes(2, "big") + full[4:20] + body
    code = hmac.digest(KEY, covered, "sha256")[:16]
    message = stun.parse(covered + bytes.fromhex("001c0010") + code)
    assert message.has_integrity_sha256
    assert not stun.verify_integrity_sha256(message, KEY)


def test_both_codes_in_one_message_verify() -> None:
    """RFC 8489 §9.1.2: a request may carry both; the SHA-256 one covers the SHA-1 one."""
    sha1 = signed(fingerprint=False)
    covered = sha1[:2] + (len(sha1) + 16).to_bytes(2, "big") + sha1[4:]
    data = covered + bytes.fromhex("001c0020") + hmac.digest(KEY, covered, "sha256")
    message = stun.parse(data)
    assert stun.verify_integrity(message, KEY)
    assert stun.verify_integrity_sha256(message, KEY)


@given(st.integers(0, 51), st.integers(1, 255))
def test_any_change_before_the_end_of_the_code_is_noticed(position: int, change: int) -> None:
    data = bytearray(signed(fingerprint=False))
    if position in (2, 3):
        return
    data[position] ^= change
    try:
        message = stun.parse(bytes(data))
    except stun.StunError:
        return
    assert not stun.verify_integrity(message, KEY)
