"""STUN messages as they arrive (RFC 8489 §5, §14): one pass over the attributes, lazy values."""

import enum
import zlib
from collections.abc import Collection
from functools import lru_cache
from struct import Struct
from typing import TypeVar

from .attributes import (
    FINGERPRINT,
    KNOWN_REQUIRED,
    MESSAGE_INTEGRITY,
    MESSAGE_INTEGRITY_SHA256,
    Attribute,
)
from .codecs import MAGIC_COOKIE
from .errors import StunError

T = TypeVar("T")

HEADER_LENGTH = 20
FINGERPRINT_XOR = 0x5354554E
_HEADER = Struct("!HHI12s")
_TYPE_LENGTH = Struct("!HH")
_UNSIGNED = Struct("!I")
_COOKIE_BYTES = MAGIC_COOKIE.to_bytes(4, "big")
_TRAILERS = frozenset((MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256, FINGERPRINT))


class Method(enum.IntEnum):
    """The methods we speak (RFC 8489 §18.2, RFC 8656 §17, RFC 6062 §6.1)."""

    # Enum hashes the name in Python code, which costs more than all of `join_type`.
    __hash__ = int.__hash__

    BINDING = 0x1
    ALLOCATE = 0x3
    REFRESH = 0x4
    SEND = 0x6
    DATA = 0x7
    CREATE_PERMISSION = 0x8
    CHANNEL_BIND = 0x9
    CONNECT = 0xA
    CONNECTION_BIND = 0xB
    CONNECTION_ATTEMPT = 0xC


class MessageClass(enum.IntEnum):
    """The two class bits of the message type (RFC 8489 §5)."""

    __hash__ = int.__hash__

    REQUEST = 0
    INDICATION = 1
    SUCCESS = 2
    ERROR = 3


_METHODS: dict[int, Method] = {int(method): method for method in Method}


@lru_cache(maxsize=256)
def join_type(method: int, message_class: int) -> int:
    """The 14-bit message type, method and class bits interleaved (RFC 8489 §5)."""
    if not (0 <= method < 0x1000 and 0 <= message_class < 4):
        raise ValueError(f"no message type for method {method}, class {message_class}")
    spread = (method & 0xF80) << 2 | (method & 0x70) << 1 | method & 0xF
    return spread | (message_class & 2) << 7 | (message_class & 1) << 4


@lru_cache(maxsize=256)
def split_type(message_type: int) -> tuple[int, MessageClass]:
    """The method and the class in a message type (RFC 8489 appendix A)."""
    method = (message_type & 0x3E00) >> 2 | (message_type & 0xE0) >> 1 | message_type & 0xF
    message_class = MessageClass((message_type & 0x100) >> 7 | (message_type & 0x10) >> 4)
    return _METHODS.get(method, method), message_class


class Message:
    """A parsed message. Values are decoded when asked for; nothing has been authenticated yet.

    ``values`` maps each visible attribute type to the raw value of its first occurrence. The
    offsets tell where MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and the end of the visible
    attributes are, 0 meaning absent.
    """

    __slots__ = (
        "has_fingerprint",
        "integrity_offset",
        "message_class",
        "method",
        "raw",
        "sha256_offset",
        "transaction_id",
        "values",
        "visible_end",
    )

    def __init__(self, raw: bytes, message_type: int, transaction_id: bytes) -> None:
        self.raw = raw
        self.method, self.message_class = split_type(message_type)
        self.transaction_id = transaction_id
        self.values: dict[int, bytes] = {}
        self.integrity_offset = 0
        self.sha256_offset = 0
        self.has_fingerprint = False
        self.visible_end = len(raw)

    @property
    def has_integrity(self) -> bool:
        """Tell whether MESSAGE-INTEGRITY is there, valid or not."""
        return self.integrity_offset > 0

    @property
    def has_integrity_sha256(self) -> bool:
        """Tell whether MESSAGE-INTEGRITY-SHA256 is there, valid or not."""
        return self.sha256_offset > 0

    def get(self, attribute: Attribute[T]) -> T | None:
        """The value of the first occurrence, None when absent. Raises StunError if malformed."""
        value = self.values.get(attribute.type)
        return None if value is None else attribute.decode(value, self.transaction_id)

    def get_valid(self, attribute: Attribute[T]) -> T | None:
        """The value of the first occurrence, None when absent or malformed."""
        try:
            return self.get(attribute)
        except StunError:
            return None

    def get_all(self, attribute: Attribute[T]) -> list[T]:
        """The values of all occurrences in order. Raises StunError if one is malformed."""
        if attribute.type not in self.values:
            return []
        found = []
        position = HEADER_LENGTH
        while position < self.visible_end:
            kind, length = _TYPE_LENGTH.unpack_from(self.raw, position)
            start = position + 4
            if kind == attribute.type:
                value = self.raw[start : start + length]
                found.append(attribute.decode(value, self.transaction_id))
            position = (start + length + 3) & ~3
        return found

    def unknown_required(self, known: Collection[int] = KNOWN_REQUIRED) -> tuple[int, ...]:
        """The comprehension-required types not in `known` (RFC 8489 §6.3.1), in order."""
        return tuple(kind for kind in self.values if kind < 0x8000 and kind not in known)

    def __repr__(self) -> str:
        types = ", ".join(f"{kind:#06x}" for kind in self.values)
        return (
            f"<Message {self.method!r} {self.message_class.name} "
            f"{self.transaction_id.hex()} [{types}]>"
        )


def looks_like_stun(data: bytes) -> bool:
    """Tell, cheaply, whether a datagram is worth parsing (RFC 8489 §5, RFC 7983 §7)."""
    return len(data) >= HEADER_LENGTH and data[0] < 4 and data[4:8] == _COOKIE_BYTES


def parse(data: bytes) -> Message:
    """Parse one whole message; raises StunError, and nothing else, when `data` is not one.

    FINGERPRINT is checked when present; integrity is not, for want of a key.
    """
    if len(data) < HEADER_LENGTH:
        raise StunError("truncated")
    message_type, length, cookie, transaction_id = _HEADER.unpack_from(data)
    if message_type > 0x3FFF:
        raise StunError("bad-first-bits")
    if cookie != MAGIC_COOKIE:
        raise StunError("bad-cookie")
    if length + HEADER_LENGTH != len(data) or length & 3:
        raise StunError("bad-length")
    message = Message(data, message_type, transaction_id)
    _scan(message, data)
    return message


def _scan(message: Message, data: bytes) -> None:
    """Note the first occurrence of each attribute up to the integrity attributes."""
    unpack = _TYPE_LENGTH.unpack_from
    values = message.values
    end = len(data)
    position = HEADER_LENGTH
    while position < end:
        kind, length = unpack(data, position)
        if kind in _TRAILERS:
            message.visible_end = position
            _scan_trailers(message, data, position)
            return
        start = position + 4
        stop = start + length
        if stop > end:
            raise StunError("attribute-overrun")
        if kind not in values:
            values[kind] = data[start:stop]
        position = (stop + 3) & ~3


def _scan_trailers(message: Message, data: bytes, position: int) -> None:
    """Note the integrity attributes and FINGERPRINT; the others from here on are void.

    So is MESSAGE-INTEGRITY itself after MESSAGE-INTEGRITY-SHA256 (RFC 8489 §14.6).
    """
    end = len(data)
    while position < end:
        kind, length = _TYPE_LENGTH.unpack_from(data, position)
        if position + 4 + length > end:
            raise StunError("attribute-overrun")
        if kind == FINGERPRINT:
            _check_fingerprint(data, position, length)
            message.has_fingerprint = True
        elif kind == MESSAGE_INTEGRITY and not (message.integrity_offset or message.sha256_offset):
            if length != 20:
                raise StunError("bad-integrity-length")
            message.integrity_offset = position
        elif kind == MESSAGE_INTEGRITY_SHA256 and not message.sha256_offset:
            if not 16 <= length <= 32 or length & 3:
                raise StunError("bad-integrity-length")
            message.sha256_offset = position
        position = (position + length + 7) & ~3


def _check_fingerprint(data: bytes, position: int, length: int) -> None:
    if length != 4 or position + 8 != len(data):
        raise StunError("misplaced-fingerprint")
    (claimed,) = _UNSIGNED.unpack_from(data, position + 4)
    if claimed != zlib.crc32(data[:position]) ^ FINGERPRINT_XOR:
        raise StunError("bad-fingerprint")
