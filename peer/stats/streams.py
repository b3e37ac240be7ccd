"""From the figures of senders and receivers to the statistics of their streams."""

import hashlib
from collections.abc import Iterator

from peer.records import dataclass
from peer.transports import (
    InboundStatistics,
    OutboundStatistics,
    RemoteInboundStatistics,
    RemoteOutboundStatistics,
    RTCRtpCodecParameters,
)

from .media import media_source_id
from .report import RTCStats
from .rtp import (
    RTCCodecStats,
    RTCInboundRtpStreamStats,
    RTCOutboundRtpStreamStats,
    RTCRemoteInboundRtpStreamStats,
    RTCRemoteOutboundRtpStreamStats,
)
from .sources import ReceiverSource, SenderSource, StatsSources


@dataclass(frozen=True, slots=True)
class _Stream:
    """What the statistics of both ends of a stream have in common."""

    ssrc: int
    kind: str
    transport: str | None
    codec: RTCCodecStats | None

    @property
    def codec_id(self) -> str | None:
        return None if self.codec is None else self.codec.id


def outbound_id(source: SenderSource, ssrc: int) -> str:
    """Return the id of the statistics of a stream being sent."""
    return f"O{source.transceiver}-{ssrc}"


def inbound_id(source: ReceiverSource, ssrc: int) -> str:
    """Return the id of the statistics of a stream being received."""
    return f"I{source.transceiver}-{ssrc}"


def outbound_streams(sources: StatsSources, source: SenderSource) -> Iterator[RTCStats]:
    """Yield the statistics of what a sender sends: streams, the peer's view, codecs."""
    for figures in source.sender.statistics():
        stream = _stream(sources, source, figures.ssrc, figures.codec)
        outbound = _outbound(sources, source, stream, figures)
        yield outbound
        if stream.codec is not None:
            yield stream.codec
        if figures.remote is not None:
            remote = _remote_inbound(sources, outbound, stream, figures.remote)
            outbound.remoteId = remote.id
            yield remote


def inbound_streams(sources: StatsSources, source: ReceiverSource) -> Iterator[RTCStats]:
    """Yield the statistics of what a receiver gets: streams, the peer's view, codecs."""
    for figures in source.receiver.statistics():
        stream = _stream(sources, source, figures.ssrc, figures.codec)
        inbound = _inbound(sources, source, stream, figures)
        yield inbound
        if stream.codec is not None:
            yield stream.codec
        if figures.remote is not None:
            remote = _remote_outbound(sources, inbound, stream, figures.remote)
            inbound.remoteId = remote.id
            yield remote


def _stream(
    sources: StatsSources,
    source: SenderSource | ReceiverSource,
    ssrc: int,
    codec: RTCRtpCodecParameters | None,
) -> _Stream:
    kind = source.sender.kind if isinstance(source, SenderSource) else source.receiver.kind
    transport = sources.transport_id(source.transport)
    stats = None
    if codec is not None and transport is not None:
        stats = _codec(sources, codec, transport)
    return _Stream(ssrc, kind, transport, stats)


def _codec(
    sources: StatsSources, codec: RTCRtpCodecParameters, transport: str
) -> RTCCodecStats | None:
    if codec.payloadType is None:
        return None
    line = ";".join(
        key if value is None else f"{key}={value}" for key, value in codec.parameters.items()
    )
    # A payload type may come to mean another codec; its statistics are then another object.
    meaning = repr((codec.mimeType.lower(), codec.clockRate, codec.channels, line)).encode()
    digest = hashlib.blake2b(meaning, digest_size=4).hexdigest()
    return RTCCodecStats(
        sources.timestamp,
        "codec",
        f"C{transport}-{codec.payloadType}-{digest}",
        codec.payloadType,
        transport,
        codec.mimeType,
        clockRate=codec.clockRate,
        channels=codec.channels,
        sdpFmtpLine=line or None,
    )


def _outbound(
    sources: StatsSources, source: SenderSource, stream: _Stream, figures: OutboundStatistics
) -> RTCOutboundRtpStreamStats:
    track = source.sender.track
    stats = RTCOutboundRtpStreamStats(
        sources.timestamp,
        "outbound-rtp",
        outbound_id(source, stream.ssrc),
        stream.ssrc,
        stream.kind,
        stream.transport,
        figures.packets_sent + figures.packets_repeated,
        figures.bytes_sent + figures.bytes_repeated,
        None if track is None else track.id,
        codecId=stream.codec_id,
        mid=source.mid,
        rid=figures.rid,
        encodingIndex=figures.index,
        mediaSourceId=media_source_id(source),
        rtxSsrc=figures.rtx_ssrc,
        active=figures.active,
        headerBytesSent=figures.header_bytes_sent,
        retransmittedPacketsSent=figures.packets_repeated,
        retransmittedBytesSent=figures.bytes_repeated,
        lastPacketSentTimestamp=sources.moment_or_none(figures.last_sent),
        totalPacketSendDelay=figures.send_delay,
        targetBitrate=figures.target_bitrate,
        nackCount=figures.nacks_received,
        drops=dict(figures.drops) or None,
        circuitBreaker=_breach(sources, source, stream.ssrc),
    )
    if stream.kind == "video":
        _add_sent_pictures(stats, figures)
    else:
        stats.redundantPacketsSent = figures.packets_redundant
    return stats


def _breach(sources: StatsSources, source: SenderSource, ssrc: int) -> str | None:
    """Return why a stream should not be sent any more."""
    groups = (one.group for one in sources.transports if one.number == source.transport)
    return next((group.breaches.get(ssrc) for group in groups), None)


def _add_sent_pictures(stats: RTCOutboundRtpStreamStats, figures: OutboundStatistics) -> None:
    stats.pliCount, stats.firCount = figures.plis_received, figures.firs_received
    pictures = figures.pictures
    stats.qualityLimitationReason = pictures.limited_by
    stats.qualityLimitationDurations = dict(pictures.limited)
    stats.qualityLimitationResolutionChanges = pictures.resolution_changes
    stats.scalabilityMode = None if pictures.layers is None else f"L1T{pictures.layers}"
    stats.hugeFramesSent, stats.totalEncodedBytesTarget = pictures.huge, pictures.targeted
    stats.framesEncoded = figures.frames_encoded
    stats.framesSent = figures.frames_sent
    stats.totalEncodeTime = figures.encode_time
    stats.fecPacketsSent = figures.packets_protecting
    stats.keyFramesEncoded = figures.video.keyframes
    stats.frameWidth, stats.frameHeight = figures.video.width, figures.video.height
    stats.framesPerSecond = figures.video.frames_per_second
    stats.qpSum = figures.video.quantizers


def _remote_inbound(
    sources: StatsSources,
    outbound: RTCOutboundRtpStreamStats,
    stream: _Stream,
    figures: RemoteInboundStatistics,
) -> RTCRemoteInboundRtpStreamStats:
    return RTCRemoteInboundRtpStreamStats(
        sources.moment(figures.arrival),
        "remote-inbound-rtp",
        f"R{outbound.id}",
        stream.ssrc,
        stream.kind,
        stream.transport,
        figures.packets_received,
        figures.packets_lost,
        figures.jitter,
        figures.round_trip_time,
        figures.fraction_lost / 256,
        codecId=stream.codec_id,
        localId=outbound.id,
        totalRoundTripTime=figures.total_round_trip_time,
        roundTripTimeMeasurements=figures.round_trip_times,
        reportsReceived=figures.reports,
    )


def _inbound(
    sources: StatsSources, source: ReceiverSource, stream: _Stream, figures: InboundStatistics
) -> RTCInboundRtpStreamStats:
    stats = RTCInboundRtpStreamStats(
        sources.timestamp,
        "inbound-rtp",
        inbound_id(source, stream.ssrc),
        stream.ssrc,
        stream.kind,
        stream.transport,
        figures.packets_received + figures.packets_repaired,
        figures.packets_lost,
        figures.jitter,
        codecId=stream.codec_id,
        trackIdentifier=source.receiver.track.id,
        mid=source.mid,
        rid=figures.rid,
        rtxSsrc=figures.rtx_ssrc,
        bytesReceived=figures.bytes_received + figures.bytes_repaired,
        headerBytesReceived=figures.header_bytes_received,
        packetsDiscarded=figures.packets_discarded,
        lastPacketReceivedTimestamp=sources.moment(figures.last_arrival),
        nackCount=figures.nacks_sent,
        estimatedPlayoutTimestamp=figures.playing,
        drops=dict(figures.drops) or None,
    )
    if figures.rtx_ssrc is not None:
        stats.retransmittedPacketsReceived = figures.packets_repaired
        stats.retransmittedBytesReceived = figures.bytes_repaired
    if stream.kind == "video":
        _add_received_pictures(stats, figures)
    else:
        _add_received_audio(stats, figures)
    return stats


def _add_received_pictures(stats: RTCInboundRtpStreamStats, figures: InboundStatistics) -> None:
    # Full intra requests are not among what we ask with.
    stats.pliCount, stats.firCount = figures.plis_sent, figures.firs_sent
    stats.framesReceived = figures.frames_received
    stats.framesDecoded = figures.video.frames
    stats.keyFramesDecoded = figures.video.keyframes
    stats.framesDropped = figures.frames_dropped
    stats.totalDecodeTime = figures.decode_time
    stats.frameWidth, stats.frameHeight = figures.video.width, figures.video.height
    stats.framesPerSecond = figures.video.frames_per_second
    stats.jitterBufferDelay = figures.pictures.buffer_delay
    stats.jitterBufferEmittedCount = figures.pictures.emitted
    motion = figures.motion
    stats.totalProcessingDelay = motion.processing
    stats.totalInterFrameDelay = motion.gaps
    stats.totalSquaredInterFrameDelay = motion.squared_gaps
    stats.freezeCount, stats.totalFreezesDuration = motion.freezes, motion.frozen
    stats.pauseCount, stats.totalPausesDuration = motion.pauses, motion.paused
    stats.totalAssemblyTime = figures.pictures.assembly_time
    stats.framesAssembledFromMultiplePackets = figures.pictures.assembled
    if figures.fec is not None:
        stats.fecPacketsReceived = figures.fec.received
        stats.fecBytesReceived = figures.fec.octets
        stats.fecPacketsDiscarded = figures.fec.discarded
        stats.fecSsrc = figures.fec.ssrc


def _add_received_audio(stats: RTCInboundRtpStreamStats, figures: InboundStatistics) -> None:
    stats.audioLevel = figures.audio.level
    stats.totalAudioEnergy = figures.audio.energy
    stats.totalSamplesDuration = figures.audio.duration
    stats.totalSamplesReceived = figures.audio.samples
    sound = figures.sound
    if sound is not None:
        stats.jitterBufferDelay = sound.buffer_delay
        stats.jitterBufferTargetDelay = sound.target_delay
        stats.jitterBufferMinimumDelay = sound.minimum_delay
        stats.jitterBufferEmittedCount = sound.emitted
        stats.concealedSamples = sound.concealed
        stats.silentConcealedSamples = sound.silent_concealed
        stats.concealmentEvents = sound.concealment_events
        stats.insertedSamplesForDeceleration = sound.inserted
        stats.removedSamplesForAcceleration = sound.removed
        stats.fecPacketsReceived = sound.fec_received
        stats.fecPacketsDiscarded = sound.fec_discarded


def _remote_outbound(
    sources: StatsSources,
    inbound: RTCInboundRtpStreamStats,
    stream: _Stream,
    figures: RemoteOutboundStatistics,
) -> RTCRemoteOutboundRtpStreamStats:
    return RTCRemoteOutboundRtpStreamStats(
        sources.moment(figures.arrival),
        "remote-outbound-rtp",
        f"R{inbound.id}",
        stream.ssrc,
        stream.kind,
        stream.transport,
        figures.packets_sent,
        figures.octets_sent,
        figures.timestamp,
        codecId=stream.codec_id,
        localId=inbound.id,
        reportsSent=figures.reports,
        roundTripTime=figures.round_trip_time,
        totalRoundTripTime=figures.total_round_trip_time,
        roundTripTimeMeasurements=figures.round_trip_times,
    )
