"""Message integrity (RFC 8489 §9, §14.5, §14.6) and the keys it takes."""

import enum
import hashlib
from functools import lru_cache
from hmac import compare_digest, digest

from .keyed_hash import hmac_sha1
from .message import HEADER_LENGTH, Message
from .opaque_string import opaque_string

INTEGRITY_LENGTH = 24


class KeyAlgorithm(enum.IntEnum):
    """STUN password algorithms (RFC 8489 §18.5)."""

    MD5 = 1
    SHA256 = 2


@lru_cache(maxsize=1024)
def short_term_key(password: str) -> bytes:
    """The key of a short-term credential (RFC 8489 §9.1.1).

    Raises ValueError when OpaqueString does not allow the password.
    """
    return opaque_string(password).encode()


@lru_cache(maxsize=256)
def long_term_key(
    username: str, realm: str, password: str, algorithm: KeyAlgorithm = KeyAlgorithm.MD5
) -> bytes:
    """The key of a long-term credential (RFC 8489 §9.2.2): 16 bytes for MD5, 32 for SHA-256.

    Raises ValueError when OpaqueString does not allow one of the strings.
    """
    parts = (opaque_string(username), opaque_string(realm), opaque_string(password))
    joined = ":".join(parts).encode()
    if algorithm is KeyAlgorithm.SHA256:
        return hashlib.sha256(joined).digest()
    return hashlib.md5(joined, usedforsecurity=False).digest()


def userhash(username: str, realm: str) -> bytes:
    """The value of USERHASH (RFC 8489 §14.4): 32 bytes.

    Raises ValueError when OpaqueString does not allow one of the strings.
    """
    return hashlib.sha256(f"{opaque_string(username)}:{opaque_string(realm)}".encode()).digest()


def verify_integrity(message: Message, key: bytes) -> bool:
    """Check MESSAGE-INTEGRITY; False as well when it is absent."""
    offset = message.integrity_offset
    if not offset:
        return False
    raw = message.raw
    covered = _covered(raw, offset, INTEGRITY_LENGTH)
    return compare_digest(hmac_sha1(key, covered), raw[offset + 4 : offset + 24])


def verify_integrity_sha256(message: Message, key: bytes) -> bool:
    """Check MESSAGE-INTEGRITY-SHA256; False as well when it is absent or truncated.

    No usage here negotiates truncation, so only the full 32 bytes count (RFC 8489 §14.6).
    """
    offset = message.sha256_offset
    if not offset or message.raw[offset + 3] != 32:
        return False
    covered = _covered(message.raw, offset, 36)
    code = message.raw[offset + 4 : offset + 36]
    return compare_digest(digest(key, covered, "sha256"), code)


def _covered(raw: bytes, offset: int, size: int) -> bytes:
    """The message up to `offset`, its length as if it ended with the integrity attribute."""
    length = offset + size - HEADER_LENGTH
    return raw[:2] + length.to_bytes(2, "big") + raw[4:offset]
