"""RTCP: which streams a packet is about (RFC 9143 §9.2), and what reports of ours come to."""

from collections.abc import Iterable, Sequence

from peer.rtp import (
    SDES_CNAME,
    SDES_MID,
    Chunk,
    FullIntraRequest,
    Goodbye,
    MaximumBitrate,
    Nack,
    PictureLoss,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SenderReportRequest,
    SourceDescription,
    TemporaryBitrates,
    round_trip_time,
    write_compound,
)

from .ntp import ntp_time
from .parameters import RtpReceiveParameters, RtpSendParameters
from .statistics import RemoteInboundStatistics


def sdes_mids(packet: SourceDescription) -> Iterable[tuple[int, str]]:
    """Yield the SSRC and MID of each chunk that carries one (RFC 9143 §15.2)."""
    for chunk in packet.chunks:
        mid = chunk.text(SDES_MID)
        if mid is not None:
            yield chunk.ssrc, mid


def sdes_names(packet: SourceDescription) -> Iterable[tuple[int, str]]:
    """Yield the SSRC and canonical name of each chunk that has one (RFC 3550 §6.5.1)."""
    for chunk in packet.chunks:
        name = chunk.text(SDES_CNAME)
        if name is not None:
            yield chunk.ssrc, name


def sources(packet: RtcpPacket) -> Sequence[int]:
    """Return the SSRCs of streams being received that a packet tells about."""
    match packet:
        case SenderReport():
            return (packet.ssrc,)
        case Goodbye():
            return packet.ssrcs
        case SourceDescription():
            return [chunk.ssrc for chunk in packet.chunks]
        case _:
            return ()


def targets(packet: RtcpPacket) -> Sequence[int]:
    """Return the SSRCs of streams being sent that a packet tells or asks about."""
    match packet:
        case SenderReport() | ReceiverReport():
            return [block.ssrc for block in packet.blocks]
        case Nack() | PictureLoss() | SenderReportRequest():
            return (packet.media,)
        case FullIntraRequest():
            return [ssrc for ssrc, _ in packet.entries]
        case MaximumBitrate():
            return packet.ssrcs
        case TemporaryBitrates():
            return [limit.ssrc for limit in packet.limits]
        case _:
            return ()


def read_report(
    block: ReportBlock,
    before: RemoteInboundStatistics | None,
    first_sequence_number: int,
    clock_rate: int,
    now: float,
) -> RemoteInboundStatistics:
    """Return what a report block says of our stream, and sum it up with those before."""
    measured = round_trip_time(ntp_time(), block.last_report, block.delay)
    latest = measured
    if measured is None and before is not None:
        latest = before.round_trip_time
    # RFC 3550 §A.3, from our side: the peer saw no packet before our first.
    received = block.highest_sequence - first_sequence_number + 1 - block.packets_lost
    return RemoteInboundStatistics(
        fraction_lost=block.fraction_lost,
        packets_lost=block.packets_lost,
        packets_received=received if received >= 0 else None,
        jitter=block.jitter / clock_rate,
        round_trip_time=latest,
        total_round_trip_time=(before.total_round_trip_time if before else 0.0) + (measured or 0.0),
        round_trip_times=(before.round_trip_times if before else 0) + (measured is not None),
        reports=(before.reports if before else 0) + 1,
        arrival=now,
    )


def compound(
    report: SenderReport | ReceiverReport, cname: str | None, *others: RtcpPacket
) -> bytes:
    """Return the bytes of a compound: a report, the CNAME, then the others (RFC 3550 §6.1)."""
    if cname is None:
        return write_compound(report, *others)
    chunk = Chunk(report.ssrc, ((SDES_CNAME, cname.encode()),))
    return write_compound(report, SourceDescription((chunk,)), *others)


def feedback(
    packet: RtcpPacket, ssrc: int, parameters: RtpReceiveParameters | RtpSendParameters
) -> bytes:
    """Return the bytes of feedback by a source of ours, alone where that was agreed
    (RFC 5506 §4.1)."""
    if parameters.reduced_size:
        return write_compound(packet)
    return compound(ReceiverReport(ssrc), parameters.cname, packet)
