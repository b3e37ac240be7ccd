"""RTCP: taking compounds apart, and which streams a packet is about (RFC 9143 §9.2)."""

import struct
from collections.abc import Iterable

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    AnyRtcpPacket,
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSourceInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)

from peer.rtp import ExtendedReport, read_compound

from .ntp import ntp_time
from .statistics import RemoteInboundStatistics

SDES_CNAME = 1
SDES_MID = 15

_FIR_ENTRY = struct.Struct("!LL")


def is_rtcp(data: bytes) -> bool:
    """Tell RTCP from RTP when both share a transport (RFC 5761 §4)."""
    return len(data) > 1 and 192 <= data[1] <= 223


def parse_compound(data: bytes) -> list[AnyRtcpPacket] | None:
    """Return the packets of a compound, SDES first; None when it is malformed.

    SDES comes first because its MID items say where the others belong.
    """
    try:
        packets = RtcpPacket.parse(data)
    except (ValueError, struct.error, IndexError):
        return None
    return sorted(packets, key=lambda packet: not isinstance(packet, RtcpSdesPacket))


def extended_reports(data: bytes) -> list[ExtendedReport]:
    """Return the extended reports of a compound, which aiortc passes over."""
    return [one for one in read_compound(data).packets if isinstance(one, ExtendedReport)]


def sdes_mids(packet: RtcpSdesPacket) -> Iterable[tuple[int, str]]:
    """Yield the SSRC and MID of each chunk that carries one (RFC 9143 §15.2)."""
    for chunk in packet.chunks:
        for kind, value in chunk.items:
            if kind == SDES_MID:
                yield chunk.ssrc, value.decode("utf-8", "replace")


def sources(packet: AnyRtcpPacket) -> list[int]:
    """Return the SSRCs of streams being received that a packet tells about."""
    match packet:
        case RtcpSrPacket():
            return [packet.ssrc]
        case RtcpByePacket():
            return packet.sources
        case RtcpSdesPacket():
            return [chunk.ssrc for chunk in packet.chunks]
        case _:
            return []


def targets(packet: AnyRtcpPacket) -> list[int]:
    """Return the SSRCs of streams being sent that a packet tells or asks about."""
    match packet:
        case RtcpSrPacket() | RtcpRrPacket():
            return [report.ssrc for report in packet.reports]
        case RtcpRtpfbPacket():
            return [packet.media_ssrc]
        case RtcpPsfbPacket(fmt=fmt) if fmt == RTCP_PSFB_FIR:
            usable = len(packet.fci) // _FIR_ENTRY.size * _FIR_ENTRY.size
            return [ssrc for ssrc, _ in _FIR_ENTRY.iter_unpack(packet.fci[:usable])]
        case RtcpPsfbPacket(fmt=fmt) if fmt == RTCP_PSFB_APP:
            estimate = maximum_bitrate(packet)
            return [] if estimate is None else estimate[1]
        case RtcpPsfbPacket():
            return [packet.media_ssrc]
        case _:
            return []


def maximum_bitrate(packet: RtcpPsfbPacket) -> tuple[int, list[int]] | None:
    """Return bits per second and the SSRCs they are for, None when it is no such estimate.

    The format is REMB, draft-alvestrand-rmcat-remb-03.
    """
    try:
        return unpack_remb_fci(packet.fci)
    except (ValueError, struct.error, IndexError):
        return None


def read_report(
    report: RtcpReceiverInfo,
    before: RemoteInboundStatistics | None,
    first_sequence_number: int,
    clock_rate: int,
    now: float,
) -> RemoteInboundStatistics:
    """Return what a report block says of our stream, and sum it up with those before."""
    measured = _round_trip_time(report)
    latest = measured
    if measured is None and before is not None:
        latest = before.round_trip_time
    # RFC 3550 §A.3, from our side: the peer saw no packet before our first.
    received = report.highest_sequence - first_sequence_number + 1 - report.packets_lost
    return RemoteInboundStatistics(
        fraction_lost=report.fraction_lost,
        packets_lost=report.packets_lost,
        packets_received=received if received >= 0 else None,
        jitter=report.jitter / clock_rate,
        round_trip_time=latest,
        total_round_trip_time=(before.total_round_trip_time if before else 0.0) + (measured or 0.0),
        round_trip_times=(before.round_trip_times if before else 0) + (measured is not None),
        reports=(before.reports if before else 0) + 1,
        arrival=now,
    )


def _round_trip_time(report: RtcpReceiverInfo) -> float | None:
    """Return the arrival less the report's time less the delay at the peer (RFC 3550 §6.4.1)."""
    if not report.lsr:
        return None
    middle = (ntp_time() >> 16) & 0xFFFFFFFF
    measured = (middle - report.lsr - report.dlsr) & 0xFFFFFFFF
    return measured / 65536 if measured < 1 << 31 else None


def compound(
    report: RtcpSrPacket | RtcpRrPacket, cname: str | None, *feedback: AnyRtcpPacket
) -> bytes:
    """Return the bytes of a compound: a report, the CNAME, then feedback (RFC 3550 §6.1)."""
    data = bytes(report)
    if cname is not None:
        chunk = RtcpSourceInfo(ssrc=report.ssrc, items=[(SDES_CNAME, cname.encode())])
        data += bytes(RtcpSdesPacket(chunks=[chunk]))
    return data + b"".join(bytes(packet) for packet in feedback)
