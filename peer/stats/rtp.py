"""Statistics of RTP streams and their codecs, as W3C dictionaries.

Classes and positional fields are those of aiortc; what the W3C has besides goes by keyword.
"""

from dataclasses import KW_ONLY, dataclass
from datetime import datetime

from .report import RTCStats


@dataclass
class RTCCodecStats(RTCStats):
    """A codec some stream is encoded with (type "codec")."""

    payloadType: int
    transportId: str
    mimeType: str
    _: KW_ONLY
    clockRate: int | None = None
    channels: int | None = None
    sdpFmtpLine: str | None = None


@dataclass
class RTCRtpStreamStats(RTCStats):
    """What all streams have."""

    ssrc: int
    kind: str
    transportId: str | None
    _: KW_ONLY
    codecId: str | None = None


@dataclass
class RTCReceivedRtpStreamStats(RTCRtpStreamStats):
    """A stream as its receiver sees it; `jitter` in seconds."""

    packetsReceived: int | None
    packetsLost: int
    jitter: float


@dataclass
class RTCSentRtpStreamStats(RTCRtpStreamStats):
    """A stream as its sender sees it; bytes are those of payloads."""

    packetsSent: int
    bytesSent: int


@dataclass
class RTCInboundRtpStreamStats(RTCReceivedRtpStreamStats):
    """A stream we receive (type "inbound-rtp").

    `estimatedPlayoutTimestamp` is by the sender's clock. `drops` counts what the streams of its
    receiver lost, by the name of the reason.
    """

    _: KW_ONLY
    trackIdentifier: str
    mid: str | None = None
    rid: str | None = None
    remoteId: str | None = None
    rtxSsrc: int | None = None
    bytesReceived: int = 0
    headerBytesReceived: int = 0
    packetsDiscarded: int = 0
    retransmittedPacketsReceived: int | None = None
    retransmittedBytesReceived: int | None = None
    lastPacketReceivedTimestamp: datetime | None = None
    nackCount: int = 0
    pliCount: int | None = None
    firCount: int | None = None
    framesReceived: int | None = None
    framesDecoded: int | None = None
    keyFramesDecoded: int | None = None
    framesDropped: int | None = None
    frameWidth: int | None = None
    frameHeight: int | None = None
    framesPerSecond: float | None = None
    totalDecodeTime: float | None = None
    audioLevel: float | None = None
    totalAudioEnergy: float | None = None
    totalSamplesDuration: float | None = None
    totalSamplesReceived: int | None = None
    jitterBufferDelay: float | None = None
    jitterBufferTargetDelay: float | None = None
    jitterBufferMinimumDelay: float | None = None
    jitterBufferEmittedCount: int | None = None
    concealedSamples: int | None = None
    silentConcealedSamples: int | None = None
    concealmentEvents: int | None = None
    insertedSamplesForDeceleration: int | None = None
    removedSamplesForAcceleration: int | None = None
    estimatedPlayoutTimestamp: datetime | None = None
    totalProcessingDelay: float | None = None
    totalInterFrameDelay: float | None = None
    totalSquaredInterFrameDelay: float | None = None
    freezeCount: int | None = None
    totalFreezesDuration: float | None = None
    pauseCount: int | None = None
    totalPausesDuration: float | None = None
    totalAssemblyTime: float | None = None
    framesAssembledFromMultiplePackets: int | None = None
    fecPacketsReceived: int | None = None
    fecPacketsDiscarded: int | None = None
    fecBytesReceived: int | None = None
    fecSsrc: int | None = None
    drops: dict[str, int] | None = None


@dataclass
class RTCOutboundRtpStreamStats(RTCSentRtpStreamStats):
    """A stream we send (type "outbound-rtp"); `trackId` is aiortc's.

    `redundantPacketsSent` carried copies of those before them (RFC 2198), `fecPacketsSent` sums.
    `drops` counts frames that were lost and requests that were refused, by the name of the reason.
    `qualityLimitationReason` is "bandwidth" or "none"; its `qualityLimitationDurations` are the
    seconds of each reason. `totalPacketSendDelay` is what packets have waited to leave, in seconds.
    `circuitBreaker` is why it should not be sent any more (RFC 8083): "no-reports",
    "nothing-received" or "congestion".
    """

    trackId: str | None
    _: KW_ONLY
    mid: str | None = None
    rid: str | None = None
    encodingIndex: int = 0
    mediaSourceId: str | None = None
    remoteId: str | None = None
    rtxSsrc: int | None = None
    active: bool = False
    headerBytesSent: int = 0
    retransmittedPacketsSent: int = 0
    retransmittedBytesSent: int = 0
    redundantPacketsSent: int | None = None
    fecPacketsSent: int | None = None
    lastPacketSentTimestamp: datetime | None = None
    totalPacketSendDelay: float = 0.0
    targetBitrate: float | None = None
    qualityLimitationReason: str | None = None
    qualityLimitationDurations: dict[str, float] | None = None
    qualityLimitationResolutionChanges: int | None = None
    nackCount: int = 0
    pliCount: int | None = None
    firCount: int | None = None
    framesEncoded: int | None = None
    keyFramesEncoded: int | None = None
    qpSum: int | None = None
    framesSent: int | None = None
    hugeFramesSent: int | None = None
    scalabilityMode: str | None = None
    totalEncodedBytesTarget: int | None = None
    frameWidth: int | None = None
    frameHeight: int | None = None
    framesPerSecond: float | None = None
    totalEncodeTime: float | None = None
    drops: dict[str, int] | None = None
    circuitBreaker: str | None = None


@dataclass
class RTCRemoteInboundRtpStreamStats(RTCReceivedRtpStreamStats):
    """What the peer reports of a stream we send (type "remote-inbound-rtp").

    `fractionLost` is 0..1, `timestamp` when the latest report came.
    """

    roundTripTime: float | None
    fractionLost: float
    _: KW_ONLY
    localId: str
    totalRoundTripTime: float = 0.0
    roundTripTimeMeasurements: int = 0
    reportsReceived: int = 0


@dataclass
class RTCRemoteOutboundRtpStreamStats(RTCSentRtpStreamStats):
    """What the peer reports of a stream we receive (type "remote-outbound-rtp").

    `remoteTimestamp` is by the peer's clock, `timestamp` when the latest report came. The round
    trips are those of its answers to our reference times (RFC 3611 §4.5), in seconds.
    """

    remoteTimestamp: datetime | None = None
    _: KW_ONLY
    localId: str
    reportsSent: int = 0
    roundTripTime: float | None = None
    totalRoundTripTime: float = 0.0
    roundTripTimeMeasurements: int = 0
