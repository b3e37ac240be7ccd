"""Congestion control feedback: when each packet of each stream arrived (RFC 8888 §3.1)."""

import struct
from typing import NamedTuple

from .reports import MalformedError, TooManyError

MAX_REPORTED = 16384
"""Packets of a stream that one message may be about (RFC 8888 §3.1)."""
OFFSETS = 1024
"""Offsets count this part of a second."""
MAX_OFFSET = 0x1FFD
OVER_RANGE = 0x1FFE
UNKNOWN = 0x1FFF
"""What stands for a longer offset, and for one that is not known."""

_SENDER = struct.Struct("!I")
_STREAM = struct.Struct("!IHH")


class Arrival(NamedTuple):
    """How long before the time of the report a packet arrived, and how it was marked (RFC 3168).

    `offset` may be OVER_RANGE or UNKNOWN.
    """

    offset: int
    ecn: int = 0


class StreamArrivals(NamedTuple):
    """The packets of a stream from sequence number `base` on; None for what did not arrive."""

    ssrc: int
    base: int
    arrivals: tuple[Arrival | None, ...]


class CongestionFeedback(NamedTuple):
    """The packets of several streams; `time` is the middle of the NTP time of the report."""

    sender: int
    streams: tuple[StreamArrivals, ...]
    time: int


def read_congestion_feedback(body: bytes, most: int) -> CongestionFeedback:
    """Read feedback about so many packets at most."""
    if len(body) < 8:
        raise MalformedError("congestion feedback without its time")
    streams, position, end = [], 4, len(body) - 4
    while position < end:
        if position + _STREAM.size > end:
            raise MalformedError("congestion feedback with a stream cut short")
        ssrc, base, count = _STREAM.unpack_from(body, position)
        position += _STREAM.size
        if count > MAX_REPORTED or position + 2 * count > end:
            raise MalformedError("congestion feedback about more packets than there are")
        most -= count
        if most < 0:
            raise TooManyError("congestion feedback about too many packets")
        words = struct.unpack_from(f"!{count}H", body, position)
        streams.append(StreamArrivals(ssrc, base, tuple(map(_read_arrival, words))))
        position += (2 * count + 3) & ~3
    (sender,), (time,) = _SENDER.unpack_from(body), _SENDER.unpack_from(body, end)
    return CongestionFeedback(sender, tuple(streams), time)


def write_congestion_feedback(packet: CongestionFeedback) -> bytes:
    """Write feedback; ValueError for more packets of a stream than a message may be about."""
    body = _SENDER.pack(packet.sender)
    for ssrc, base, arrivals in packet.streams:
        if len(arrivals) > MAX_REPORTED:
            raise ValueError("too many packets of a stream for one message")
        words = [0 if one is None else 0x8000 | one.ecn << 13 | one.offset for one in arrivals]
        body += _STREAM.pack(ssrc, base, len(words)) + struct.pack(f"!{len(words)}H", *words)
        body += bytes(-len(body) % 4)
    return body + _SENDER.pack(packet.time)


def _read_arrival(word: int) -> Arrival | None:
    return Arrival(word & 0x1FFF, word >> 13 & 3) if word & 0x8000 else None
