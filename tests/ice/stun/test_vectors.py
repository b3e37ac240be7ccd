"""The published vectors: RFC 5769 and RFC 8489 appendix B.1."""

import hmac

import pytest

from peer.ice import stun

from . import vectors

SHORT_KEY = stun.short_term_key(vectors.SHORT_TERM_PASSWORD)


def test_request_with_short_term_credentials() -> None:
    message = stun.parse(vectors.REQUEST)
    assert message.method == stun.Method.BINDING
    assert message.message_class is stun.MessageClass.REQUEST
    assert message.transaction_id == bytes.fromhex("b7e7a701bc34d686fa87dfae")
    assert message.get(stun.SOFTWARE) == "STUN test client"
    assert message.get(stun.PRIORITY) == 0x6E0001FF
    assert message.get(stun.ICE_CONTROLLED) == 0x932FF9B151263B36
    assert message.get(stun.USERNAME) == "evtj:h6vY"
    assert message.has_fingerprint
    assert stun.verify_integrity(message, SHORT_KEY)
    assert not stun.verify_integrity(message, SHORT_KEY + b"x")


@pytest.mark.parametrize(
    ("data", "host"),
    [
        (vectors.RESPONSE_IPV4, "192.0.2.1"),
        (vectors.RESPONSE_IPV6, "2001:db8:1234:5678:11:2233:4455:6677"),
    ],
)
def test_responses(data: bytes, host: str) -> None:
    message = stun.parse(data)
    assert message.message_class is stun.MessageClass.SUCCESS
    assert message.get(stun.XOR_MAPPED_ADDRESS) == (host, 32853)
    assert message.get(stun.SOFTWARE) == "test vector"
    assert message.has_fingerprint
    assert stun.verify_integrity(message, SHORT_KEY)


def test_request_with_long_term_credentials() -> None:
    message = stun.parse(vectors.REQUEST_LONG_TERM)
    assert message.get(stun.USERNAME) == vectors.LONG_TERM_USERNAME
    assert message.get(stun.NONCE) == "f//499k954d6OL34oL9FSTvy64sA"
    assert message.get(stun.REALM) == "example.org"
    assert not message.has_fingerprint
    key = stun.long_term_key(vectors.LONG_TERM_USERNAME, "example.org", vectors.LONG_TERM_PASSWORD)
    assert stun.verify_integrity(message, key)


def test_long_term_request_is_built_byte_for_byte() -> None:
    key = stun.long_term_key(vectors.LONG_TERM_USERNAME, "example.org", vectors.LONG_TERM_PASSWORD)
    built = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.REQUEST,
        bytes.fromhex("78ad3433c6ad72c029da412e"),
        [
            (stun.USERNAME, vectors.LONG_TERM_USERNAME),
            (stun.NONCE, "f//499k954d6OL34oL9FSTvy64sA"),
            (stun.REALM, "example.org"),
        ],
        key=key,
        fingerprint=False,
    )
    assert built == vectors.REQUEST_LONG_TERM


def test_sha256_request_key_and_userhash() -> None:
    """RFC 8489 appendix B.1.

    The message as printed counts its own header in the length field (0x9c where 0x88 belongs)
    and its code covers that number, so the code is checked over the printed bytes.
    """
    raw = vectors.REQUEST_SHA256
    assert raw[24:56] == stun.userhash(vectors.LONG_TERM_USERNAME, "example.org")
    key = stun.long_term_key(
        vectors.LONG_TERM_USERNAME,
        "example.org",
        vectors.LONG_TERM_PASSWORD,
        stun.KeyAlgorithm.SHA256,
    )
    assert hmac.digest(key, raw[:-36], "sha256") == raw[-32:]
    with pytest.raises(stun.StunError, match="bad-length"):
        stun.parse(raw)


def test_sha256_request_with_its_length_put_right() -> None:
    """RFC 8489 appendix B.1, all but the length and the code that covers it."""
    raw = vectors.REQUEST_SHA256
    key = bytes(32)
    built = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.REQUEST,
        raw[8:20],
        [
            (stun.USERHASH, stun.userhash(vectors.LONG_TERM_USERNAME, "example.org")),
            (stun.NONCE, "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"),
            (stun.REALM, "example.org"),
        ],
        key=key,
        sha256=True,
        fingerprint=False,
    )
    assert built[:-32] == raw[:2] + b"\x00\x88" + raw[4:-32]
    assert stun.verify_integrity_sha256(stun.parse(built), key)
