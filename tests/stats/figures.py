"""Senders, receivers, channels and their figures, for the tests of statistics."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from peer.stats import ReceiverSource, SenderSource, StatsSources, TransportSource
from peer.transports import (
    AudioFigures,
    InboundStatistics,
    MediaStreamTrack,
    MotionFigures,
    OutboundStatistics,
    PictureFigures,
    RemoteInboundStatistics,
    RemoteOutboundStatistics,
    SentPictureFigures,
    SoundFigures,
    SourceStatistics,
    VideoFigures,
)
from tests.transports.media import OPUS, VP8, PushedTrack
from tests.transports.test_group import Groups
from tests.transports.wire import CERTIFICATE

NOW = 1000.0
TIME = datetime(2024, 5, 1, 12, 0, 30, tzinfo=UTC)
"""What the calendar says at NOW."""

REMOTE_INBOUND = RemoteInboundStatistics(
    fraction_lost=64,
    packets_lost=5,
    packets_received=95,
    jitter=0.002,
    round_trip_time=0.04,
    total_round_trip_time=0.1,
    round_trip_times=2,
    reports=3,
    arrival=NOW - 2,
)
REMOTE_OUTBOUND = RemoteOutboundStatistics(
    packets_sent=80,
    octets_sent=8000,
    timestamp=datetime(2024, 5, 1, 12, 0, 20, tzinfo=UTC),
    reports=4,
    arrival=NOW - 3,
)
AUDIO = AudioFigures(level=0.5, energy=1.5, duration=6.0, samples=288000)
VIDEO = VideoFigures(
    frames=40, keyframes=2, width=640, height=480, frames_per_second=25.0, quantizers=800
)
OUTBOUND = OutboundStatistics(
    ssrc=7,
    rtx_ssrc=8,
    rid="hi",
    index=1,
    codec=VP8,
    active=True,
    packets_sent=100,
    bytes_sent=10000,
    header_bytes_sent=2100,
    packets_repeated=5,
    bytes_repeated=500,
    packets_redundant=0,
    packets_protecting=0,
    last_sent=NOW - 1,
    send_delay=0.75,
    frames_encoded=40,
    frames_sent=39,
    encode_time=0.25,
    video=VIDEO,
    pictures=SentPictureFigures("bandwidth", (("none", 3.5), ("bandwidth", 1.5)), 2, 1, 9000, 3),
    nacks_received=3,
    plis_received=2,
    firs_received=1,
    target_bitrate=500000,
    remote=REMOTE_INBOUND,
)
SOUND = SoundFigures(
    clock_rate=48000,
    buffer_delay=960.0,
    target_delay=1920.0,
    minimum_delay=480.0,
    emitted=48000,
    concealed=2880,
    silent_concealed=960,
    concealment_events=2,
    inserted=480,
    removed=240,
    discarded=3,
    fec_received=5,
    fec_discarded=4,
    undecodable=1,
)
INBOUND = InboundStatistics(
    ssrc=17,
    rtx_ssrc=18,
    rid=None,
    codec=VP8,
    packets_received=90,
    bytes_received=9000,
    header_bytes_received=1900,
    packets_repaired=4,
    bytes_repaired=400,
    packets_lost=6,
    packets_discarded=1,
    jitter=0.003,
    last_arrival=NOW - 0.5,
    rtp_timestamp=1,
    audio_level=30,
    frames_received=45,
    frames_dropped=4,
    decode_time=0.125,
    audio=AUDIO,
    sound=SOUND,
    pictures=PictureFigures(45, 4, 1, 2.5, 41, 0.5, 20),
    video=VIDEO,
    nacks_sent=8,
    plis_sent=9,
    firs_sent=7,
    remote=REMOTE_OUTBOUND,
    motion=MotionFigures(4.5, 3.0, 0.5, 1, 0.25, 2, 12.0),
    playing=TIME,
)


@dataclass(eq=False)
class FakeSender:
    """A sender with the figures it is given."""

    kind: str = "video"
    track: MediaStreamTrack | None = None
    figures: OutboundStatistics | None = None
    source: SourceStatistics | None = None

    def statistics(self) -> list[OutboundStatistics]:
        """Return the figures of each stream."""
        return [] if self.figures is None else [self.figures]

    def source_statistics(self) -> SourceStatistics | None:
        """Return the figures of the track."""
        return self.source


@dataclass(eq=False)
class FakeReceiver:
    """A receiver with the figures it is given."""

    kind: str = "video"
    track: MediaStreamTrack = field(default_factory=lambda: PushedTrack("video"))
    figures: list[InboundStatistics] = field(default_factory=list)

    def statistics(self) -> list[InboundStatistics]:
        """Return the figures of each stream."""
        return self.figures


@dataclass(eq=False)
class FakeChannel:
    """A data channel."""

    label: str = "chat"
    protocol: str = "json"
    id: int | None = 3
    readyState: str = "open"  # noqa: N815 - the W3C's name
    messages_sent: int = 1
    bytes_sent: int = 20
    messages_received: int = 3
    bytes_received: int = 40


def sources(**parts: Any) -> StatsSources:
    """A connection with these parts."""
    return StatsSources(NOW, TIME, **parts)


def transport(number: int = 0, groups: Groups | None = None) -> TransportSource:
    """The left transport of a pair of groups."""
    return TransportSource(number, (groups or Groups()).left, CERTIFICATE)


def sender(**changes: Any) -> SenderSource:
    """The sender of transceiver 1, a video one unless the figures say otherwise."""
    made = FakeSender("video", PushedTrack("video"), OUTBOUND, SourceStatistics(AUDIO, VIDEO))
    return replace(SenderSource(1, "m1", made, 0), **changes)


def audio_sender() -> SenderSource:
    """The sender of transceiver 2."""
    figures = replace(OUTBOUND, codec=OPUS, rtx_ssrc=None, rid=None, ssrc=9)
    made = FakeSender("audio", PushedTrack("audio"), figures, SourceStatistics(AUDIO, VIDEO))
    return SenderSource(2, "m2", made, 0)


def receiver(*figures: InboundStatistics, **changes: Any) -> ReceiverSource:
    """The receiver of transceiver 1, of video."""
    made = FakeReceiver(figures=list(figures or (INBOUND,)))
    return replace(ReceiverSource(1, "m1", made, 0), **changes)


def audio_receiver() -> ReceiverSource:
    """The receiver of transceiver 2."""
    figures = replace(INBOUND, codec=OPUS, rtx_ssrc=None, ssrc=19)
    return ReceiverSource(2, "m2", FakeReceiver("audio", PushedTrack("audio"), [figures]), 0)
