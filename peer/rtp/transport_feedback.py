"""Transport-wide congestion control feedback: when each packet arrived
(draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1)."""

import re
import struct
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from .reports import MalformedError, TooManyError

TICKS = 4000
"""Arrival times count quarters of a millisecond."""
REFERENCE_TICKS = 256
"""The reference time counts 64 ms."""
MAX_STATUSES = 8192
"""Packets of one message that is read: seconds of the fastest calls."""

_HEADER = struct.Struct("!IIHH")
_CHUNK = struct.Struct("!H")
_LOST, _SMALL, _LARGE = range(3)
_ARRIVED = re.compile(rb"[^\0]")
_MAX_RUN = 0x1FFF


class TransportFeedback(NamedTuple):
    """The arrivals from sequence number `base` on; `number` counts the messages, modulo 256.

    An arrival is in ticks after `reference` (in units of 64 ms, 24 bits), None when the packet
    did not arrive.
    """

    sender: int
    media: int
    base: int
    reference: int
    number: int
    arrivals: tuple[int | None, ...]


def read_transport_feedback(body: bytes) -> TransportFeedback:
    """Read feedback.

    Where times are missing altogether the packets count as arrived at the reference time, as in
    libwebrtc; a reserved symbol, or times cut short, make it malformed.
    """
    if len(body) < 16:
        raise MalformedError("transport feedback without a header")
    sender, media, base, count = _HEADER.unpack_from(body)
    if count > MAX_STATUSES:
        raise TooManyError("transport feedback about too many packets")
    reference, number = int.from_bytes(body[12:15], "big"), body[15]
    symbols, position = _read_symbols(body, 16, count)
    if not symbols:
        raise MalformedError("transport feedback about nothing")
    arrivals = _read_arrivals(body, position, symbols)
    return TransportFeedback(sender, media, base, reference, number, arrivals)


def _read_symbols(body: bytes, position: int, count: int) -> tuple[bytes, int]:
    symbols = bytearray()
    while len(symbols) < count:
        if position + 2 > len(body):
            raise MalformedError("transport feedback with too few chunks")
        (chunk,) = _CHUNK.unpack_from(body, position)
        position += 2
        if not chunk & 0x8000:
            symbols += bytes((chunk >> 13 & 3,)) * (chunk & _MAX_RUN)
            if not chunk & _MAX_RUN:
                raise MalformedError("a run of nothing")
        elif chunk & 0x4000:
            symbols += bytes(chunk >> shift & 3 for shift in range(12, -1, -2))
        else:
            symbols += bytes(chunk >> shift & 1 for shift in range(13, -1, -1))
    return bytes(symbols[:count]), position


def _read_arrivals(body: bytes, position: int, symbols: bytes) -> tuple[int | None, ...]:
    """Read a time for each packet that arrived; what was lost costs nothing."""
    if symbols.count(_SMALL) == len(symbols) <= len(body) - position:
        # Mostly nothing is lost, and little time passes.
        return tuple(accumulate(body[position : position + len(symbols)]))
    arrivals: list[int | None] = [None] * len(symbols)
    time, timeless = 0, position >= len(body) - 3 and not any(body[position:])
    for found in _ARRIVED.finditer(symbols):
        index = found.start()
        size = symbols[index]
        delta = body[position : position + size]
        if size > _LARGE or (not timeless and len(delta) < size):
            raise MalformedError("transport feedback with times that cannot be read")
        if not timeless:
            time += int.from_bytes(delta, "big", signed=size == _LARGE)
            position += size
        arrivals[index] = time
    return tuple(arrivals)


def write_transport_feedback(packet: TransportFeedback) -> bytes:
    """Write feedback; ValueError when an arrival is over 8.19 s from the one before."""
    symbols, deltas, before = [], [], 0
    for arrival in packet.arrivals:
        if arrival is None:
            symbols.append(_LOST)
            continue
        delta, before = arrival - before, arrival
        small = 0 <= delta <= 0xFF
        symbols.append(_SMALL if small else _LARGE)
        if not -0x8000 <= delta <= 0x7FFF:
            raise ValueError("arrivals too far apart for one message")
        deltas.append(delta.to_bytes(1 if small else 2, "big", signed=not small))
    body = (
        _HEADER.pack(packet.sender, packet.media, packet.base, len(symbols))
        + (packet.reference & 0xFFFFFF).to_bytes(3, "big")
        + bytes((packet.number & 0xFF,))
        + b"".join(_CHUNK.pack(chunk) for chunk in _chunks(symbols))
        + b"".join(deltas)
    )
    return body + bytes(-len(body) % 4)


def _chunks(symbols: Sequence[int]) -> Iterator[int]:
    """Yield chunks: a run where it says more than a vector would, else the vector that fits."""
    position = 0
    while position < len(symbols):
        symbol, run = symbols[position], _run_length(symbols, position)
        fits_one_bit = _LARGE not in symbols[position : position + 14]
        if run >= (14 if fits_one_bit else 7) or run == len(symbols) - position:
            yield symbol << 13 | run
            position += run
        elif fits_one_bit:
            yield 0x8000 | _pack(symbols[position : position + 14], 14, 1)
            position += 14
        else:
            yield 0xC000 | _pack(symbols[position : position + 7], 7, 2)
            position += 7


def _run_length(symbols: Sequence[int], position: int) -> int:
    end = position
    while end < len(symbols) and symbols[end] == symbols[position] and end - position < _MAX_RUN:
        end += 1
    return end - position


def _pack(symbols: Sequence[int], places: int, bits: int) -> int:
    packed = 0
    for symbol in symbols:
        packed = packed << bits | symbol
    return packed << bits * (places - len(symbols))
