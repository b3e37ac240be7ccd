"""inbound-rtp, outbound-rtp, their remote sides and codecs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from peer.stats import (
    ReceiverSource,
    RTCCodecStats,
    RTCInboundRtpStreamStats,
    RTCOutboundRtpStreamStats,
    RTCRemoteInboundRtpStreamStats,
    RTCRemoteOutboundRtpStreamStats,
    RTCStats,
    SenderSource,
    StatsSources,
)
from peer.stats.streams import inbound_streams, outbound_streams
from peer.transports import RTCRtpCodecParameters
from tests.stats.figures import (
    INBOUND,
    OUTBOUND,
    TIME,
    FakeSender,
    audio_receiver,
    audio_sender,
    receiver,
    sender,
    sources,
    transport,
)
from tests.transports.media import OPUS, VP8
from tests.transports.test_dtls import run

Stats = TypeVar("Stats", bound=RTCStats)


def connected() -> StatsSources:
    """A connection with transport 0."""
    made: list[StatsSources] = []

    async def make() -> None:
        made.append(sources(transports=(transport(),)))

    run(make)
    return made[0]


def one_of(cls: type[Stats], found: list[RTCStats]) -> Stats:
    (only,) = [stats for stats in found if isinstance(stats, cls)]
    return only


def of_sender(source: SenderSource) -> list[RTCStats]:
    return list(outbound_streams(connected(), source))


def of_receiver(source: ReceiverSource) -> list[RTCStats]:
    return list(inbound_streams(connected(), source))


def test_video_being_sent() -> None:
    source = sender()
    stats = one_of(RTCOutboundRtpStreamStats, of_sender(source))
    assert source.sender.track is not None
    assert (stats.type, stats.ssrc, stats.kind, stats.mid, stats.rid) == (
        "outbound-rtp",
        7,
        "video",
        "m1",
        "hi",
    )
    assert (stats.trackId, stats.rtxSsrc, stats.active) == (source.sender.track.id, 8, True)
    # retransmissions are included (webrtc-stats, RTCSentRtpStreamStats)
    assert (stats.packetsSent, stats.bytesSent, stats.headerBytesSent) == (105, 10500, 2100)
    assert (stats.retransmittedPacketsSent, stats.retransmittedBytesSent) == (5, 500)
    assert (stats.framesEncoded, stats.framesSent, stats.keyFramesEncoded) == (40, 39, 2)
    assert (stats.frameWidth, stats.frameHeight, stats.framesPerSecond) == (640, 480, 25.0)
    assert stats.qpSum == 800
    assert (stats.nackCount, stats.pliCount, stats.firCount) == (3, 2, 1)
    assert (stats.totalEncodeTime, stats.targetBitrate) == (0.25, 500000)
    assert (stats.encodingIndex, stats.totalPacketSendDelay) == (1, 0.75)
    assert stats.qualityLimitationReason == "bandwidth"
    assert stats.qualityLimitationDurations == {"none": 3.5, "bandwidth": 1.5}
    assert stats.qualityLimitationResolutionChanges == 2
    assert stats.scalabilityMode == "L1T3"
    assert (stats.hugeFramesSent, stats.totalEncodedBytesTarget) == (1, 9000)
    assert stats.lastPacketSentTimestamp == TIME - timedelta(seconds=1)


def test_audio_being_sent_has_no_pictures() -> None:
    stats = one_of(RTCOutboundRtpStreamStats, of_sender(audio_sender()))
    assert stats.kind == "audio"
    assert stats.framesEncoded is stats.framesSent is stats.pliCount is stats.frameWidth is None


def test_what_the_peer_says_of_a_stream_we_send() -> None:
    found = of_sender(sender())
    local = one_of(RTCOutboundRtpStreamStats, found)
    stats = one_of(RTCRemoteInboundRtpStreamStats, found)
    assert (local.remoteId, stats.localId) == (stats.id, local.id)
    assert (stats.type, stats.ssrc, stats.kind) == ("remote-inbound-rtp", 7, "video")
    assert stats.timestamp == TIME - timedelta(seconds=2)
    assert (stats.packetsReceived, stats.packetsLost, stats.fractionLost) == (95, 5, 0.25)
    assert (stats.jitter, stats.roundTripTime, stats.totalRoundTripTime) == (0.002, 0.04, 0.1)
    assert (stats.roundTripTimeMeasurements, stats.reportsReceived) == (2, 3)
    assert (stats.transportId, stats.codecId) == (local.transportId, local.codecId)


def test_video_being_received() -> None:
    source = receiver()
    stats = one_of(RTCInboundRtpStreamStats, of_receiver(source))
    assert (stats.type, stats.ssrc, stats.kind, stats.mid) == ("inbound-rtp", 17, "video", "m1")
    assert (stats.trackIdentifier, stats.rtxSsrc) == (source.receiver.track.id, 18)
    assert (stats.packetsReceived, stats.bytesReceived) == (94, 9400)
    assert (stats.retransmittedPacketsReceived, stats.retransmittedBytesReceived) == (4, 400)
    assert (stats.headerBytesReceived, stats.packetsLost, stats.packetsDiscarded) == (1900, 6, 1)
    assert (stats.jitter, stats.totalDecodeTime) == (0.003, 0.125)
    assert (stats.framesReceived, stats.framesDecoded, stats.framesDropped) == (45, 40, 4)
    assert (stats.keyFramesDecoded, stats.frameWidth, stats.frameHeight) == (2, 640, 480)
    assert stats.framesPerSecond == 25.0
    assert (stats.totalProcessingDelay, stats.totalInterFrameDelay) == (4.5, 3.0)
    assert (stats.totalSquaredInterFrameDelay, stats.freezeCount) == (0.5, 1)
    assert (stats.totalFreezesDuration, stats.pauseCount, stats.totalPausesDuration) == (
        0.25,
        2,
        12,
    )
    assert stats.estimatedPlayoutTimestamp == TIME
    assert (stats.nackCount, stats.pliCount, stats.firCount) == (8, 9, 7)
    assert stats.lastPacketReceivedTimestamp == TIME - timedelta(seconds=0.5)
    assert stats.totalAudioEnergy is stats.totalSamplesReceived is None


def test_audio_being_received() -> None:
    stats = one_of(RTCInboundRtpStreamStats, of_receiver(audio_receiver()))
    assert (stats.audioLevel, stats.totalAudioEnergy) == (0.5, 1.5)
    assert (stats.totalSamplesDuration, stats.totalSamplesReceived) == (6.0, 288000)
    assert (stats.jitterBufferDelay, stats.jitterBufferEmittedCount) == (960.0, 48000)
    assert (stats.jitterBufferTargetDelay, stats.jitterBufferMinimumDelay) == (1920.0, 480.0)
    assert (stats.concealedSamples, stats.silentConcealedSamples) == (2880, 960)
    assert stats.concealmentEvents == 2
    assert stats.insertedSamplesForDeceleration == 480
    assert stats.removedSamplesForAcceleration == 240
    assert (stats.fecPacketsReceived, stats.fecPacketsDiscarded) == (5, 4)
    assert stats.framesDecoded is stats.framesDropped is stats.pliCount is None
    # without retransmissions agreed their counts must not exist
    assert stats.retransmittedPacketsReceived is None


def test_what_the_peer_says_of_a_stream_it_sends() -> None:
    found = of_receiver(receiver())
    local = one_of(RTCInboundRtpStreamStats, found)
    stats = one_of(RTCRemoteOutboundRtpStreamStats, found)
    assert (local.remoteId, stats.localId) == (stats.id, local.id)
    assert (stats.type, stats.ssrc, stats.kind) == ("remote-outbound-rtp", 17, "video")
    assert (stats.packetsSent, stats.bytesSent, stats.reportsSent) == (80, 8000, 4)
    assert stats.timestamp == TIME - timedelta(seconds=3)
    assert stats.remoteTimestamp == TIME - timedelta(seconds=10)


def test_without_a_report_there_is_no_remote_side() -> None:
    source = receiver(replace(INBOUND, remote=None))
    (stats, codec) = of_receiver(source)
    assert isinstance(stats, RTCInboundRtpStreamStats)
    assert isinstance(codec, RTCCodecStats)
    assert stats.remoteId is None


def test_the_streams_of_one_receiver_are_told_apart() -> None:
    source = receiver(INBOUND, replace(INBOUND, ssrc=27, rid="lo"))
    found = [one for one in of_receiver(source) if isinstance(one, RTCInboundRtpStreamStats)]
    assert len({stats.id for stats in found}) == 2
    assert [stats.rid for stats in found] == [None, "lo"]


def test_a_sender_that_never_sent_has_no_stream() -> None:
    assert of_sender(SenderSource(1, None, FakeSender(), None)) == []


def test_a_stream_whose_transport_is_gone() -> None:
    found = of_sender(sender(transport=5))
    stats = one_of(RTCOutboundRtpStreamStats, found)
    assert stats.transportId is stats.codecId is None
    assert not any(isinstance(one, RTCCodecStats) for one in found)


def codec_of(codec: RTCRtpCodecParameters | None) -> RTCCodecStats | None:
    source = sender(sender=FakeSender(figures=replace(OUTBOUND, codec=codec)))
    found = of_sender(source)
    stats = one_of(RTCOutboundRtpStreamStats, found)
    codecs = [one for one in found if isinstance(one, RTCCodecStats)]
    assert stats.codecId == (codecs[0].id if codecs else None)
    return codecs[0] if codecs else None


def test_a_codec() -> None:
    line: dict[str, int | str | None] = {"minptime": 10, "useinbandfec": 1, "flag": None}
    stats = codec_of(replace(OPUS, parameters=line))
    assert stats is not None
    assert (stats.type, stats.payloadType, stats.mimeType) == ("codec", 111, "audio/opus")
    assert (stats.clockRate, stats.channels) == (48000, 2)
    assert stats.sdpFmtpLine == "minptime=10;useinbandfec=1;flag"
    plain = codec_of(VP8)
    assert plain is not None
    assert (plain.sdpFmtpLine, plain.channels) == (None, None)


@pytest.mark.parametrize(
    "change",
    [
        lambda codec: replace(codec, payloadType=112),
        lambda codec: replace(codec, mimeType="audio/G722"),
        lambda codec: replace(codec, channels=1),
        lambda codec: replace(codec, parameters={"stereo": 1}),
    ],
)
def test_another_codec_has_another_id(
    change: Callable[[RTCRtpCodecParameters], RTCRtpCodecParameters],
) -> None:
    first, again, other = (codec_of(codec) for codec in (OPUS, replace(OPUS), change(OPUS)))
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.id == again.id != other.id


def test_without_a_codec() -> None:
    assert codec_of(None) is None
    assert codec_of(replace(OPUS, payloadType=None)) is None
