"""RTCP compounds (RFC 3550 §6.1): bytes to packets and back."""

import enum
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias, assert_never

from . import feedback as fb
from . import reports as rp
from .congestion_feedback import (
    CongestionFeedback,
    read_congestion_feedback,
    write_congestion_feedback,
)
from .feedback import (
    FullIntraRequest,
    MaximumBitrate,
    Nack,
    PictureLoss,
    SenderReportRequest,
    TemporaryBitrates,
)
from .reports import (
    ExtendedReport,
    Goodbye,
    MalformedError,
    ReceiverReport,
    SenderReport,
    SourceDescription,
    TooManyError,
)
from .transport_feedback import (
    MAX_STATUSES,
    TransportFeedback,
    read_transport_feedback,
    write_transport_feedback,
)

RtcpPacket: TypeAlias = (
    SenderReport
    | ReceiverReport
    | SourceDescription
    | Goodbye
    | ExtendedReport
    | Nack
    | PictureLoss
    | FullIntraRequest
    | MaximumBitrate
    | TemporaryBitrates
    | SenderReportRequest
    | TransportFeedback
    | CongestionFeedback
)

SR, RR, SDES, BYE = range(200, 204)
RTPFB, PSFB, XR = 205, 206, 207
CCFB, TRANSPORT_CC = 11, 15

_HEADER = struct.Struct("!BBH")


class RtcpDrop(enum.Enum):
    """Why (the rest of) a compound was not read."""

    TRUNCATED = "rtcp-truncated"
    WRONG_VERSION = "rtcp-wrong-version"
    WRONG_PADDING = "rtcp-wrong-padding"
    MALFORMED = "rtcp-malformed"
    TOO_MANY = "rtcp-too-many"


MAX_PACKETS = 150
"""Packets of a compound that are read; 125 of the smallest of use fit into 1500 bytes."""


class Compound(NamedTuple):
    """The packets of a compound up to where it became unreadable, and why it did.

    TOO_MANY is also the reason for packets left out that had too much to say.
    """

    packets: tuple[RtcpPacket, ...]
    drop: RtcpDrop | None = None


_REPORTS: dict[int, Callable[[int, bytes], RtcpPacket]] = {
    SR: rp.read_sender_report,
    RR: rp.read_receiver_report,
    SDES: rp.read_source_description,
    BYE: rp.read_goodbye,
    XR: rp.read_extended_report,
}
_FEEDBACK: dict[tuple[int, int], Callable[[bytes], RtcpPacket | None]] = {
    (RTPFB, fb.NACK): fb.read_nack,
    (RTPFB, fb.TMMBR): lambda body: fb.read_temporary_bitrates(body, notification=False),
    (RTPFB, fb.TMMBN): lambda body: fb.read_temporary_bitrates(body, notification=True),
    (RTPFB, fb.SR_REQUEST): lambda body: SenderReportRequest(*fb.read_picture_loss(body)),
    (RTPFB, CCFB): lambda body: read_congestion_feedback(body, MAX_STATUSES),
    (RTPFB, TRANSPORT_CC): read_transport_feedback,
    (PSFB, fb.PLI): fb.read_picture_loss,
    (PSFB, fb.FIR): fb.read_full_intra_request,
    (PSFB, fb.APPLICATION): fb.read_maximum_bitrate,
}


def is_rtcp(data: bytes) -> bool:
    """Tell RTCP from RTP when both share a transport (RFC 5761 §4)."""
    return len(data) > 1 and 192 <= data[1] <= 223


def read_compound(data: bytes) -> Compound:
    """Read all packets of a datagram, of reduced size too (RFC 5506).

    Types and formats nobody knows are skipped. What comes before something unreadable counts,
    unlike in RFC 3550 §A.2, and as in libwebrtc.
    """
    packets: list[RtcpPacket] = []
    statuses, drop = 0, None
    try:
        for number, part in enumerate(_split(data)):
            if number == MAX_PACKETS:
                return Compound(tuple(packets), RtcpDrop.TOO_MANY)
            try:
                packet = _read(*part)
            except TooManyError:
                packet, drop = None, RtcpDrop.TOO_MANY
            statuses += _statuses(packet)
            if statuses > MAX_STATUSES:
                packet, drop = None, RtcpDrop.TOO_MANY
            if packet is not None:
                packets.append(packet)
    except _UnreadableError as error:
        drop = error.reason
    except MalformedError:
        drop = RtcpDrop.MALFORMED
    return Compound(tuple(packets), drop)


class _UnreadableError(Exception):
    """From here on nobody can tell where packets begin."""

    def __init__(self, reason: RtcpDrop) -> None:
        super().__init__(reason)
        self.reason = reason


def _split(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield type, count and body of each packet."""
    position = 0
    while position < len(data):
        if position + 4 > len(data):
            raise _UnreadableError(RtcpDrop.TRUNCATED)
        first, kind, words = _HEADER.unpack_from(data, position)
        begin, position = position + 4, position + 4 + 4 * words
        if first >> 6 != 2:
            raise _UnreadableError(RtcpDrop.WRONG_VERSION)
        if position > len(data):
            raise _UnreadableError(RtcpDrop.TRUNCATED)
        padding = 0
        if first & 0x20:
            padding = data[position - 1] if words else 0
            if not 0 < padding <= 4 * words or position < len(data):
                raise _UnreadableError(RtcpDrop.WRONG_PADDING)
        yield kind, first & 0x1F, data[begin : position - padding]


def _statuses(packet: RtcpPacket | None) -> int:
    """Return how many packets it is about."""
    match packet:
        case TransportFeedback():
            return len(packet.arrivals)
        case CongestionFeedback():
            return sum(len(stream.arrivals) for stream in packet.streams)
        case _:
            return 0


def _read(kind: int, count: int, body: bytes) -> RtcpPacket | None:
    report = _REPORTS.get(kind)
    if report is not None:
        return report(count, body)
    feedback = _FEEDBACK.get((kind, count))
    return None if feedback is None else feedback(body)


def write_compound(*packets: RtcpPacket) -> bytes:
    """Write packets one after the other; ValueError when one is too large for its format."""
    return b"".join(map(_write, packets))


def _write(packet: RtcpPacket) -> bytes:
    kind, count, body = _encode(packet)
    if count > rp.MAX_BLOCKS:
        raise ValueError("an RTCP packet counts 31 at most")
    return _HEADER.pack(2 << 6 | count, kind, len(body) // 4) + body


def _encode(packet: RtcpPacket) -> tuple[int, int, bytes]:
    match packet:
        case SenderReport():
            return SR, *rp.write_sender_report(packet)
        case ReceiverReport():
            return RR, *rp.write_receiver_report(packet)
        case SourceDescription():
            return SDES, *rp.write_source_description(packet)
        case Goodbye():
            return BYE, *rp.write_goodbye(packet)
        case ExtendedReport():
            return XR, *rp.write_extended_report(packet)
        case Nack():
            return RTPFB, fb.NACK, fb.write_nack(packet)
        case TemporaryBitrates():
            written = fb.write_temporary_bitrates(packet)
            return RTPFB, fb.TMMBN if packet.notification else fb.TMMBR, written
        case SenderReportRequest():
            return RTPFB, fb.SR_REQUEST, struct.pack("!II", *packet)
        case TransportFeedback():
            return RTPFB, TRANSPORT_CC, write_transport_feedback(packet)
        case CongestionFeedback():
            return RTPFB, CCFB, write_congestion_feedback(packet)
        case PictureLoss():
            return PSFB, fb.PLI, struct.pack("!II", *packet)
        case FullIntraRequest():
            return PSFB, fb.FIR, fb.write_full_intra_request(packet)
        case MaximumBitrate():
            return PSFB, fb.APPLICATION, fb.write_maximum_bitrate(packet)
        case _:
            assert_never(packet)
