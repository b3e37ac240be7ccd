"""RTCP feedback as values and bytes (RFC 4585 §6, RFC 5104 §4, REMB)."""

import struct
from typing import NamedTuple

from .reports import MalformedError, TooManyError

NACK = 1
TMMBR = 3
TMMBN = 4
SR_REQUEST = 5
"""Formats of transport-layer feedback (RTPFB, 205)."""

PLI = 1
FIR = 4
APPLICATION = 15
"""Formats of payload-specific feedback (PSFB, 206)."""

MAX_NACK_FIELDS = 253
"""Entries of a NACK of ours, as in libwebrtc."""
MAX_NACK_FIELDS_READ = 512
"""Entries of one that is read; more fit into no datagram of a network."""
MAX_ENTRIES = 256
"""Commands of one packet that are read, and bounds."""
MAX_REMB_SOURCES = 255

_WORD = struct.Struct("!I")
_PAIR = struct.Struct("!II")
_NACK_FIELD = struct.Struct("!HH")
_FIR_ENTRY = struct.Struct("!IBxxx")
_STEPS = [tuple(bit + 1 for bit in range(8) if mask >> bit & 1) for mask in range(256)]
"""By the bits set in a mask, how far the numbers they stand for are from the first."""
_REMB = b"REMB"
_MAX_BITRATE = (1 << 64) - 1


class Nack(NamedTuple):
    """Packets that are missing, by their sequence numbers (RFC 4585 §6.2.1)."""

    sender: int
    media: int
    numbers: tuple[int, ...]


class PictureLoss(NamedTuple):
    """A picture that needs no other is wanted (RFC 4585 §6.3.1)."""

    sender: int
    media: int


class FullIntraRequest(NamedTuple):
    """The same as a command (RFC 5104 §4.3.1): SSRCs with a number that a repetition keeps."""

    sender: int
    entries: tuple[tuple[int, int], ...]


class MaximumBitrate(NamedTuple):
    """What the receiver takes of these sources together, in bits per second (REMB,
    draft-alvestrand-rmcat-remb-03)."""

    sender: int
    bitrate: int
    ssrcs: tuple[int, ...]


class BitrateLimit(NamedTuple):
    """A bound for one source, in bits per second, and the bytes a packet costs below RTP."""

    ssrc: int
    bitrate: int
    overhead: int


class TemporaryBitrates(NamedTuple):
    """Bounds asked for (TMMBR), or with `notification` those that hold (TMMBN) (RFC 5104 §4.2)."""

    sender: int
    limits: tuple[BitrateLimit, ...]
    notification: bool = False


class SenderReportRequest(NamedTuple):
    """A sender report is wanted at once (RFC 6051 §3.2)."""

    sender: int
    media: int


def _sources(body: bytes) -> tuple[int, int]:
    if len(body) < 8:
        raise MalformedError("feedback without sources")
    sender, media = _PAIR.unpack_from(body)
    return sender, media


def _entries(body: bytes) -> bytes:
    """Return the entries of 8 bytes that follow the sources, as far as they are whole."""
    if len(body) > 8 + 8 * MAX_ENTRIES:
        raise TooManyError("feedback of too many entries")
    return body[8 : len(body) & ~7]


def read_nack(body: bytes) -> Nack:
    """Read the numbers in the order they are named, each once."""
    sender, media = _sources(body)
    if len(body) < 12:
        raise MalformedError("a NACK that names nothing")
    if len(body) > 8 + 4 * MAX_NACK_FIELDS_READ:
        raise TooManyError("a NACK of too many entries")
    numbers: list[int] = []
    for first, bits in _NACK_FIELD.iter_unpack(body[8 : len(body) & ~3]):
        numbers.append(first)
        if bits:
            steps = _STEPS[bits & 0xFF], _STEPS[bits >> 8]
            numbers += [first + step & 0xFFFF for step in steps[0]]
            numbers += [first + 8 + step & 0xFFFF for step in steps[1]]
    return Nack(sender, media, tuple(dict.fromkeys(numbers)))


def write_nack(packet: Nack) -> bytes:
    """Write numbers in order, as many to an entry as it holds; ValueError over 253 entries."""
    fields: list[list[int]] = []
    for number in packet.numbers:
        distance = (number - fields[-1][0]) & 0xFFFF if fields else 0
        if fields and 0 < distance <= 16:
            fields[-1][1] |= 1 << distance - 1
        else:
            fields.append([number, 0])
    if len(fields) > MAX_NACK_FIELDS:
        raise ValueError("a NACK of too many entries")
    return _PAIR.pack(packet.sender, packet.media) + b"".join(
        _NACK_FIELD.pack(*field) for field in fields
    )


def read_picture_loss(body: bytes) -> PictureLoss:
    """Read a request for a picture; what it carries besides is ignored."""
    return PictureLoss(*_sources(body))


def read_full_intra_request(body: bytes) -> FullIntraRequest:
    """Read a command; who it is for stands in its entries."""
    sender, _ = _sources(body)
    return FullIntraRequest(sender, tuple(_FIR_ENTRY.iter_unpack(_entries(body))))


def write_full_intra_request(packet: FullIntraRequest) -> bytes:
    """Write a command."""
    return _PAIR.pack(packet.sender, 0) + b"".join(
        _FIR_ENTRY.pack(*entry) for entry in packet.entries
    )


def read_maximum_bitrate(body: bytes) -> MaximumBitrate | None:
    """Read REMB; None when the application's message is another one."""
    sender, _ = _sources(body)
    if body[8:12] != _REMB:
        return None
    if len(body) < 16 or len(body) != 16 + 4 * body[12]:
        raise MalformedError("a REMB of another length than it says")
    word = int.from_bytes(body[13:16], "big")
    bitrate = (word & 0x3FFFF) << (word >> 18)
    if bitrate > _MAX_BITRATE:
        raise MalformedError("a REMB beyond 64 bits")
    return MaximumBitrate(sender, bitrate, struct.unpack_from(f"!{body[12]}I", body, 16))


def _exponential(number: int, bits: int) -> tuple[int, int]:
    """Return exponent and mantissa of this many bits, rounded down."""
    exponent = max(0, number.bit_length() - bits)
    return exponent, number >> exponent


def write_maximum_bitrate(packet: MaximumBitrate) -> bytes:
    """Write REMB; the rate is rounded down to 18 bits."""
    exponent, mantissa = _exponential(packet.bitrate, 18)
    ssrcs = packet.ssrcs[:MAX_REMB_SOURCES]
    return (
        _PAIR.pack(packet.sender, 0)
        + _REMB
        + bytes((len(ssrcs),))
        + (exponent << 18 | mantissa).to_bytes(3, "big")
        + struct.pack(f"!{len(ssrcs)}I", *ssrcs)
    )


def read_temporary_bitrates(body: bytes, *, notification: bool) -> TemporaryBitrates:
    """Read bounds."""
    sender, _ = _sources(body)
    limits = tuple(
        BitrateLimit(ssrc, (word >> 9 & 0x1FFFF) << (word >> 26), word & 0x1FF)
        for ssrc, word in _PAIR.iter_unpack(_entries(body))
    )
    return TemporaryBitrates(sender, limits, notification)


def write_temporary_bitrates(packet: TemporaryBitrates) -> bytes:
    """Write bounds; rates are rounded down to 17 bits."""
    body = _PAIR.pack(packet.sender, 0)
    for limit in packet.limits:
        exponent, mantissa = _exponential(limit.bitrate, 17)
        body += _PAIR.pack(limit.ssrc, exponent << 26 | mantissa << 9 | limit.overhead & 0x1FF)
    return body
