"""Gathering the statistics of a connection, and selecting among them (W3C webrtc-pc §8.3)."""

from .data import data_channels, peer_connection
from .ice import candidate_pairs, candidates
from .media import media_sources
from .report import RTCStats, RTCStatsReport
from .rtp import RTCInboundRtpStreamStats, RTCOutboundRtpStreamStats
from .sctp import sctp_transports
from .sources import ReceiverSource, SenderSource, StatsSources
from .streams import inbound_id, inbound_streams, outbound_id, outbound_streams
from .transport import transport_ids, transports


def collect(sources: StatsSources, selector: object = None) -> RTCStatsReport:
    """Return all statistics, or those of a sender, a receiver, or the one of them with a track.

    A selector is what the sources hold: a sender, a receiver or a track. Whatever an object refers
    to is in the report as well. Raises LookupError when the selector
    belongs to no sender or receiver, or its track to several.
    """
    found = None if selector is None else find(sources, selector)
    report = RTCStatsReport()
    report.add(peer_connection(sources))
    ids = transport_ids(sources)
    for stats in (
        *transports(sources),
        *candidates(sources, ids),
        *candidate_pairs(sources, ids),
        *media_sources(sources),
        *sctp_transports(sources),
        *data_channels(sources),
    ):
        report.add(stats)
    for sender in sources.senders:
        for one in outbound_streams(sources, sender):
            report.add(one)
    for receiver in sources.receivers:
        for one in inbound_streams(sources, receiver):
            report.add(one)
    return report if found is None else _select(report, found)


def find(sources: StatsSources, selector: object) -> SenderSource | ReceiverSource:
    """Return the one sender or receiver that is the selector, or has it as its track.

    Raises LookupError when there is none, or more than one.
    """
    found: list[SenderSource | ReceiverSource] = [
        *(one for one in sources.senders if selector in (one.sender, one.sender.track)),
        *(one for one in sources.receivers if selector in (one.receiver, one.receiver.track)),
    ]
    if len(found) != 1:
        raise LookupError(f"{len(found)} senders and receivers have it")
    return found[0]


def _select(report: RTCStatsReport, source: SenderSource | ReceiverSource) -> RTCStatsReport:
    """Keep the streams of a sender or a receiver, and all they refer to, at however many steps."""
    selected = RTCStatsReport()
    pending = [stats for stats in report.values() if _is_stream_of(stats, source)]
    while pending:
        stats = pending.pop()
        if stats.id not in selected:
            selected.add(stats)
            pending += [report[name] for name in sorted(stats.references())]
    return selected


def _is_stream_of(stats: RTCStats, source: SenderSource | ReceiverSource) -> bool:
    if isinstance(source, SenderSource):
        return isinstance(stats, RTCOutboundRtpStreamStats) and stats.id == outbound_id(
            source, stats.ssrc
        )
    return isinstance(stats, RTCInboundRtpStreamStats) and stats.id == inbound_id(
        source, stats.ssrc
    )
