"""What tells who a message is for, without parsing all of it."""

from struct import Struct

from .message import HEADER_LENGTH, MessageClass, looks_like_stun

MAX_ATTRIBUTES = 32
"""Attributes looked at before USERNAME; requests of peers begin with it."""
MAX_USERNAME = 513
"""Bytes of USERNAME (RFC 8489 §14.3: fewer than 509, and RFC 8445 §7.2.2: two of 256, a colon)."""

_TYPE_LENGTH = Struct("!HH")
_USERNAME = 0x0006


def message_class(data: bytes) -> MessageClass | None:
    """Give the class of a message; None for what cannot be one."""
    if not looks_like_stun(data):
        return None
    return MessageClass((data[0] & 0x01) << 1 | (data[1] & 0x10) >> 4)


def transaction_id(data: bytes) -> bytes:
    """Give the transaction of a message that has a class."""
    return data[8:HEADER_LENGTH]


def called_fragment(data: bytes) -> str | None:
    """Give the username fragment of the agent that a check is sent to (RFC 8445 §7.2.2).

    None where there is none. Nothing else of the message is looked at: whoever takes it judges it.
    """
    position, end = HEADER_LENGTH, len(data)
    for _ in range(MAX_ATTRIBUTES):
        if position + 4 > end:
            return None
        kind, length = _TYPE_LENGTH.unpack_from(data, position)
        start = position + 4
        if kind == _USERNAME:
            if length > MAX_USERNAME or start + length > end:
                return None
            fragment, colon, _ = data[start : start + length].partition(b":")
            return fragment.decode("latin-1") if colon else None
        position = (start + length + 3) & ~3
    return None
