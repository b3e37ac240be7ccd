"""ULPFEC payloads (RFC 5109 §7.3, §7.4), of one level: parts of packets are of no use to anybody.

0                   1                   2                   3
|E|L|P|X|  CC   |M| PT recovery |            SN base            |
|                          TS recovery                          |
|        length recovery        |       protection length       |
|             mask              |       mask, when L is set     |
|       more of it, when L is set       |
"""

from .bits import mask_of, numbers_of
from .drops import FecDrop
from .parity import HEAD_MASK, Parity

_EXTENSION, _LONG = 0x80, 0x40
_FIXED = 12
_SHORT_BITS, _LONG_BITS = 16, 48
MAX_SPAN = _LONG_BITS
"""Numbers from the first protected packet to the last."""
MAX_HEADER = _FIXED + _LONG_BITS // 8


def read_ulpfec(payload: bytes) -> Parity | FecDrop:
    """Return what a payload sums up, as far as its first level goes."""
    if len(payload) < _FIXED:
        return FecDrop.TRUNCATED
    if payload[0] & _EXTENSION:
        return FecDrop.UNSUPPORTED
    width = _LONG_BITS if payload[0] & _LONG else _SHORT_BITS
    begin = _FIXED + width // 8
    size = int.from_bytes(payload[10:12], "big")
    if len(payload) < begin + size:
        return FecDrop.TRUNCATED
    base = int.from_bytes(payload[2:4], "big")
    numbers = numbers_of(base, int.from_bytes(payload[_FIXED:begin], "big"), width)
    if not numbers:
        return FecDrop.PROTECTS_NOTHING
    return Parity(
        numbers,
        int.from_bytes(payload[:2], "big") & HEAD_MASK,
        int.from_bytes(payload[8:10], "big"),
        int.from_bytes(payload[4:8], "big"),
        payload[begin : begin + size],
    )


def write_ulpfec(parity: Parity) -> bytes:
    """Return a payload; ValueError when the numbers are too far from each other."""
    base = parity.numbers[0]
    is_long = (parity.numbers[-1] - base & 0xFFFF) >= _SHORT_BITS
    width = _LONG_BITS if is_long else _SHORT_BITS
    return b"".join(
        (
            (is_long << 14 | parity.head).to_bytes(2, "big"),
            base.to_bytes(2, "big"),
            parity.timestamp.to_bytes(4, "big"),
            parity.length.to_bytes(2, "big"),
            len(parity.body).to_bytes(2, "big"),
            mask_of(base, parity.numbers, width).to_bytes(width // 8, "big"),
            parity.body,
        )
    )
