"""Building STUN messages (RFC 8489 §6.1, §14)."""

import zlib
from collections.abc import Sequence
from functools import lru_cache
from hmac import digest
from struct import Struct
from typing import Any

from .attributes import FINGERPRINT, MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256, Attribute
from .codecs import MAGIC_COOKIE
from .keyed_hash import hmac_sha1
from .message import FINGERPRINT_XOR, join_type

_HEADER = Struct("!HHI12s")
_TYPE_LENGTH = Struct("!HH")
_FINGERPRINT = Struct("!HHI")
_INTEGRITY_START = _TYPE_LENGTH.pack(MESSAGE_INTEGRITY, 20)
_SHA256_START = _TYPE_LENGTH.pack(MESSAGE_INTEGRITY_SHA256, 32)
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")


def _encode(attribute: Attribute[Any], value: Any, transaction_id: bytes) -> bytes:
    encoded = attribute.encode(value, transaction_id)
    size = len(encoded)
    return _TYPE_LENGTH.pack(attribute.type, size) + encoded + _PADDING[size & 3]


@lru_cache(maxsize=4096)
def _encode_once(attribute: Attribute[Any], value: Any) -> bytes:
    return _encode(attribute, value, b"")


def build(
    method: int,
    message_class: int,
    transaction_id: bytes,
    attributes: Sequence[tuple[Attribute[Any], Any]] = (),
    *,
    key: bytes | None = None,
    sha256: bool = False,
    fingerprint: bool = True,
) -> bytes:
    """Build a message, its attributes in the order given, then integrity, then FINGERPRINT.

    `key` adds MESSAGE-INTEGRITY, or MESSAGE-INTEGRITY-SHA256 in its place with `sha256`. Raises
    ValueError when a value does not fit its attribute or the transaction id is not 12 bytes.
    """
    if len(transaction_id) != 12:
        raise ValueError("a transaction id has 12 bytes")
    body = b""
    for attribute, value in attributes:
        if attribute.recurs:
            body += _encode_once(attribute, value)
        else:
            body += _encode(attribute, value, transaction_id)
    if len(body) > 65535 - 64:
        raise ValueError("more attributes than a message can hold")
    message_type = join_type(method, message_class)
    header = _HEADER.pack
    if key is not None and sha256:
        covered = header(message_type, len(body) + 36, MAGIC_COOKIE, transaction_id) + body
        body += _SHA256_START + digest(key, covered, "sha256")
    elif key is not None:
        covered = header(message_type, len(body) + 24, MAGIC_COOKIE, transaction_id) + body
        body += _INTEGRITY_START + hmac_sha1(key, covered)
    if not fingerprint:
        return header(message_type, len(body), MAGIC_COOKIE, transaction_id) + body
    message = header(message_type, len(body) + 8, MAGIC_COOKIE, transaction_id) + body
    return message + _FINGERPRINT.pack(FINGERPRINT, 4, zlib.crc32(message) ^ FINGERPRINT_XOR)
