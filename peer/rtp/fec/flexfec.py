"""FlexFEC payloads (draft-ietf-payload-flexible-fec-scheme-03 §4.2.2), about one stream each.

    0                   1                   2                   3
    |R|F|P|X|  CC   |M| PT recovery |        length recovery        |
    |                          TS recovery                          |
    |   SSRC count  |                   reserved                    |
    |                             SSRC                              |
    |            SN base            |k|          mask, 15           |
    |k|                        mask, 31                             |
    |k|                        mask, 63 ...

Each k is set in the last part of the mask. RFC 8627, which came of the draft, has another header.
"""

from .bits import mask_of, numbers_of
from .drops import FecDrop
from .parity import HEAD_MASK, Parity

_FIXED = 18
_REFUSED = 0xC0
"""Retransmissions, and masks by rows and columns: nobody sends those."""
_PARTS = 15, 31, 63
_WIDTHS = 15, 46, 109
MAX_SPAN = _WIDTHS[-1]
"""Numbers from the first protected packet to the last."""
MAX_HEADER = _FIXED + 14


def read_flexfec(payload: bytes) -> tuple[int, Parity] | FecDrop:
    """Return the SSRC of a stream and the sum of some of its packets."""
    if len(payload) < _FIXED:
        return FecDrop.TRUNCATED
    if payload[0] & _REFUSED or payload[8] != 1:
        return FecDrop.UNSUPPORTED
    mask, width, begin, is_last = 0, 0, _FIXED, False
    for part in _PARTS:
        end = begin + (part + 1) // 8
        if end > len(payload):
            return FecDrop.TRUNCATED
        bits = int.from_bytes(payload[begin:end], "big")
        mask, width, begin = mask << part | bits & (1 << part) - 1, width + part, end
        is_last = bool(bits >> part)
        if is_last:
            break
    if not is_last:
        return FecDrop.UNSUPPORTED
    numbers = numbers_of(int.from_bytes(payload[16:18], "big"), mask, width)
    if not numbers:
        return FecDrop.PROTECTS_NOTHING
    parity = Parity(
        numbers,
        int.from_bytes(payload[:2], "big") & HEAD_MASK,
        int.from_bytes(payload[2:4], "big"),
        int.from_bytes(payload[4:8], "big"),
        payload[begin:],
    )
    return int.from_bytes(payload[12:16], "big"), parity


def write_flexfec(ssrc: int, parity: Parity) -> bytes:
    """Return a payload; ValueError when the numbers are too far from each other."""
    base = parity.numbers[0]
    span = (parity.numbers[-1] - base & 0xFFFF) + 1
    count = next((index for index, width in enumerate(_WIDTHS, 1) if span <= width), len(_WIDTHS))
    mask, left = mask_of(base, parity.numbers, _WIDTHS[count - 1]), _WIDTHS[count - 1]
    parts = []
    for index, part in enumerate(_PARTS[:count], 1):
        left -= part
        bits = mask >> left & (1 << part) - 1 | (index == count) << part
        parts.append(bits.to_bytes((part + 1) // 8, "big"))
    return b"".join(
        (
            parity.head.to_bytes(2, "big"),
            parity.length.to_bytes(2, "big"),
            parity.timestamp.to_bytes(4, "big"),
            b"\1\0\0\0",
            ssrc.to_bytes(4, "big"),
            base.to_bytes(2, "big"),
            *parts,
            parity.body,
        )
    )
