"""RTCP reports, source descriptions and goodbyes as values and bytes (RFC 3550 §6, RFC 3611 §4)."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

MAX_BLOCKS = 31
"""What the count in an RTCP header holds: report blocks, chunks or sources (RFC 3550 §6.4.1)."""

SDES_CNAME = 1
SDES_MID = 15

REFERENCE_TIME = 4
DELAY_SINCE_REFERENCE = 5

_SENDER_INFO = struct.Struct("!IQIII")
_BLOCK = struct.Struct("!IIIIII")
_WORD = struct.Struct("!I")
_TIME = struct.Struct("!Q")
_DELAY = struct.Struct("!III")
_XR_BLOCK = struct.Struct("!BBH")


MAX_ITEMS = 32
"""Items of a chunk that are read; there are nine types and few private ones."""
MAX_EXTENDED_BLOCKS = 64
MAX_DELAYS = 256
"""Blocks of an extended report that are read, and answers in them."""


class MalformedError(ValueError):
    """The body of an RTCP packet is not what its type says."""


class TooManyError(ValueError):
    """An RTCP packet says more than anybody has to say, and is not read."""


class ReportBlock(NamedTuple):
    """How a source is received: `fraction_lost` of 256, `jitter` in units of its clock.

    `last_report` is the middle of the NTP time of its last report, 0 when there was none;
    `delay` is the time since, in 1/65536 s.
    """

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    last_report: int
    delay: int


class SenderReport(NamedTuple):
    """What a source has sent; both times name the same instant. `octets` are payload alone."""

    ssrc: int
    ntp_time: int
    rtp_timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


class ReceiverReport(NamedTuple):
    """What somebody receives."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


class Chunk(NamedTuple):
    """What a source says of itself: types and texts."""

    ssrc: int
    items: tuple[tuple[int, bytes], ...]

    def text(self, kind: int) -> str | None:
        """Return the first item of this type."""
        return next((text.decode("utf-8", "replace") for k, text in self.items if k == kind), None)


class SourceDescription(NamedTuple):
    """Descriptions of sources (RFC 3550 §6.5)."""

    chunks: tuple[Chunk, ...]


class Goodbye(NamedTuple):
    """Sources that are no more (RFC 3550 §6.6)."""

    ssrcs: tuple[int, ...]


class Delay(NamedTuple):
    """How long ago, in 1/65536 s, the reference time of an SSRC came, and the middle of it."""

    ssrc: int
    last_reference: int
    delay: int


class ExtendedReport(NamedTuple):
    """Reference times of receivers, and the answers to them (RFC 3611 §4.4, §4.5)."""

    ssrc: int
    reference_time: int | None = None
    delays: tuple[Delay, ...] = ()


def _read_blocks(body: bytes, count: int, begin: int) -> tuple[ReportBlock, ...]:
    end = begin + count * _BLOCK.size
    if len(body) < end:
        raise MalformedError("fewer report blocks than the header counts")
    blocks = []
    for ssrc, lost, *rest in _BLOCK.iter_unpack(body[begin:end]):
        packets_lost = lost & 0xFFFFFF
        if packets_lost >= 0x800000:
            packets_lost -= 0x1000000
        blocks.append(ReportBlock(ssrc, lost >> 24, packets_lost, *rest))
    return tuple(blocks)


def _write_blocks(blocks: tuple[ReportBlock, ...]) -> bytes:
    return b"".join(
        _BLOCK.pack(
            block.ssrc,
            block.fraction_lost << 24
            | max(-0x800000, min(0x7FFFFF, block.packets_lost)) & 0xFFFFFF,
            block.highest_sequence & 0xFFFFFFFF,
            block.jitter,
            block.last_report,
            block.delay,
        )
        for block in blocks
    )


def read_sender_report(count: int, body: bytes) -> SenderReport:
    """Read a sender report; what follows its blocks is ignored."""
    if len(body) < _SENDER_INFO.size:
        raise MalformedError("a sender report without sender info")
    ssrc, ntp_time, rtp_timestamp, packets, octets = _SENDER_INFO.unpack_from(body)
    blocks = _read_blocks(body, count, _SENDER_INFO.size)
    return SenderReport(ssrc, ntp_time, rtp_timestamp, packets, octets, blocks)


def write_sender_report(report: SenderReport) -> tuple[int, bytes]:
    """Return count and body."""
    return len(report.blocks), _SENDER_INFO.pack(*report[:5]) + _write_blocks(report.blocks)


def read_receiver_report(count: int, body: bytes) -> ReceiverReport:
    """Read a receiver report."""
    if len(body) < 4:
        raise MalformedError("a receiver report without a source")
    return ReceiverReport(_WORD.unpack_from(body)[0], _read_blocks(body, count, 4))


def write_receiver_report(report: ReceiverReport) -> tuple[int, bytes]:
    """Return count and body."""
    return len(report.blocks), _WORD.pack(report.ssrc) + _write_blocks(report.blocks)


def read_source_description(count: int, body: bytes) -> SourceDescription:
    """Read chunks: each ends with a zero and goes on at a whole word."""
    chunks, position = [], 0
    for _ in range(count):
        if len(body) < position + 4:
            raise MalformedError("fewer chunks than the header counts")
        (ssrc,) = _WORD.unpack_from(body, position)
        items, position = _read_items(body, position + 4)
        chunks.append(Chunk(ssrc, items))
    return SourceDescription(tuple(chunks))


def _read_items(body: bytes, position: int) -> tuple[tuple[tuple[int, bytes], ...], int]:
    items: list[tuple[int, bytes]] = []
    while position < len(body) and body[position]:
        if len(items) >= MAX_ITEMS:
            raise TooManyError("a chunk of too many items")
        if position + 2 > len(body) or position + 2 + body[position + 1] > len(body):
            raise MalformedError("an item past the end")
        after = position + 2 + body[position + 1]
        items.append((body[position], body[position + 2 : after]))
        position = after
    return tuple(items), (position & ~3) + 4


def write_source_description(packet: SourceDescription) -> tuple[int, bytes]:
    """Return count and body."""
    body = b""
    for chunk in packet.chunks:
        body += _WORD.pack(chunk.ssrc)
        body += b"".join(bytes((kind, len(text))) + text for kind, text in chunk.items)
        body += bytes(4 - len(body) % 4)
    return len(packet.chunks), body


def read_goodbye(count: int, body: bytes) -> Goodbye:
    """Read a goodbye; its reason is not looked at."""
    if len(body) < 4 * count:
        raise MalformedError("fewer sources than the header counts")
    return Goodbye(struct.unpack_from(f"!{count}I", body))


def write_goodbye(packet: Goodbye) -> tuple[int, bytes]:
    """Return count and body."""
    return len(packet.ssrcs), struct.pack(f"!{len(packet.ssrcs)}I", *packet.ssrcs)


def read_extended_report(count: int, body: bytes) -> ExtendedReport:
    """Read the blocks we know of; the others are skipped, and one past the end ends the reading."""
    del count
    if len(body) < 4:
        raise MalformedError("an extended report without a source")
    (ssrc,) = _WORD.unpack_from(body)
    reference_time = None
    delays: list[Delay] = []
    for kind, block in _extended_blocks(body):
        if kind == REFERENCE_TIME and len(block) == 8:
            (reference_time,) = _TIME.unpack(block)
        elif kind == DELAY_SINCE_REFERENCE:
            whole = len(block) // _DELAY.size * _DELAY.size
            if whole > (MAX_DELAYS - len(delays)) * _DELAY.size:
                raise TooManyError("an extended report of too many answers")
            delays += [Delay(*each) for each in _DELAY.iter_unpack(block[:whole])]
    return ExtendedReport(ssrc, reference_time, tuple(delays))


def _extended_blocks(body: bytes) -> Iterator[tuple[int, bytes]]:
    position = 4
    for _ in range(MAX_EXTENDED_BLOCKS):
        if position + 4 > len(body):
            return
        kind, _, words = _XR_BLOCK.unpack_from(body, position)
        end = position + 4 + 4 * words
        if end > len(body):
            return
        yield kind, body[position + 4 : end]
        position = end
    if position < len(body):
        raise TooManyError("an extended report of too many blocks")


def write_extended_report(packet: ExtendedReport) -> tuple[int, bytes]:
    """Return 0, which stands where others count, and the body."""
    body = _WORD.pack(packet.ssrc)
    if packet.reference_time is not None:
        body += _XR_BLOCK.pack(REFERENCE_TIME, 0, 2) + _TIME.pack(packet.reference_time)
    if packet.delays:
        body += _XR_BLOCK.pack(DELAY_SINCE_REFERENCE, 0, 3 * len(packet.delays))
        body += b"".join(_DELAY.pack(*delay) for delay in packet.delays)
    return 0, body
