"""Figures of streams and of what tracks deliver, as values at one time.

Times are in seconds: durations, or moments on the loop's clock. Counts of bytes are those of RTP
payloads; headers, with extensions and padding, are counted on their own.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.records import dataclass


def named(*drops: Mapping[Any, int]) -> dict[str, int]:
    """Return how often there was each reason to drop something, by its name."""
    counts: Counter[str] = Counter()
    for reasons in drops:
        for reason, count in reasons.items():
            counts[reason.value] += count
    return {name: count for name, count in counts.items() if count}


@dataclass(frozen=True, slots=True)
class AudioFigures:
    """Audio that passed by; `level` is that of the latest frame, 0..1.

    `energy` is the W3C's totalAudioEnergy: the squared level summed over time. `samples` counts
    those of one channel. What cannot be measured counts in `samples` and `duration` alone.
    """

    level: float | None = None
    energy: float = 0.0
    duration: float = 0.0
    samples: int = 0


@dataclass(frozen=True, slots=True)
class VideoFigures:
    """Pictures that passed by; the size is that of the latest.

    `frames_per_second` counts those of the last second, None before there was a whole one;
    `quantizers` is the sum of theirs, None where those are not known.
    """

    frames: int = 0
    keyframes: int = 0
    width: int | None = None
    height: int | None = None
    frames_per_second: float | None = None
    quantizers: int | None = None


@dataclass(frozen=True, slots=True)
class SoundFigures:
    """What became of the sound of a track, in ticks of `clock_rate` (W3C webrtc-stats).

    The delays are in seconds times ticks of what was `emitted`. `discarded` counts packets that
    came too late, `undecodable` those that were no sound.
    """

    clock_rate: int
    buffer_delay: float
    target_delay: float
    minimum_delay: float
    emitted: int
    concealed: int
    silent_concealed: int
    concealment_events: int
    inserted: int
    removed: int
    discarded: int
    fec_received: int
    fec_discarded: int
    undecodable: int


@dataclass(frozen=True, slots=True)
class FecFigures:
    """What forward error correction of pictures did (W3C webrtc-stats).

    `received` packets with `octets` of payload came, of which `discarded` brought nothing, or
    nothing yet. `ssrc` is theirs where it is another than that of the pictures.
    """

    received: int
    octets: int
    discarded: int
    ssrc: int | None = None


@dataclass(frozen=True, slots=True)
class PictureFigures:
    """What became of the pictures of a stream on their way to a decoder (W3C webrtc-stats).

    `received` were whole, `dropped` of those needed what is missing, `discarded` counts packets
    that came too late. `buffer_delay` sums the seconds from the first packet of the `emitted`,
    `assembly_time` those to the last packet of the `assembled`, which have several.
    """

    received: int = 0
    dropped: int = 0
    discarded: int = 0
    buffer_delay: float = 0.0
    emitted: int = 0
    assembly_time: float = 0.0
    assembled: int = 0


@dataclass(frozen=True, slots=True)
class MotionFigures:
    """How evenly pictures came out, in seconds (W3C webrtc-stats).

    `processing` sums up what passed from their first packets, `gaps` what lay between them.
    """

    processing: float = 0.0
    gaps: float = 0.0
    squared_gaps: float = 0.0
    freezes: int = 0
    frozen: float = 0.0
    pauses: int = 0
    paused: float = 0.0


@dataclass(frozen=True, slots=True)
class SentPictureFigures:
    """What became of the pictures of a stream that is sent (W3C webrtc-stats).

    `limited_by` is a W3C RTCQualityLimitationReason, `limited` the seconds of each of them so far.
    `targeted` are the bytes that an encoder aimed at, `huge` the frames of many times as many.
    `layers` is how many temporal layers it makes, None before it made any.
    """

    limited_by: str = "none"
    limited: tuple[tuple[str, float], ...] = ()
    resolution_changes: int = 0
    huge: int = 0
    targeted: int = 0
    layers: int | None = None


@dataclass(frozen=True, slots=True)
class SourceStatistics:
    """What a track has delivered to its sender, whether it was sent or not."""

    audio: AudioFigures
    video: VideoFigures


@dataclass(frozen=True, slots=True)
class RemoteInboundStatistics:
    """What the peer reported of our stream, the latest at `arrival`.

    `fraction_lost` counts in 1/256. `packets_received` is what the peer must have got, None when
    its report makes no sense. The `round_trip_time` is the latest of the `round_trip_times` that
    `total_round_trip_time` sums up.
    """

    fraction_lost: int
    packets_lost: int
    packets_received: int | None
    jitter: float
    round_trip_time: float | None
    total_round_trip_time: float
    round_trip_times: int
    reports: int
    arrival: float


@dataclass(frozen=True, slots=True)
class OutboundStatistics:
    """What was sent on one SSRC; `target_bitrate` in bits per second.

    `index` is the place of the encoding among those of its sender, `send_delay` the seconds that
    all its packets have waited to leave.

    `codec` is None while nothing is to be sent. Packets sent again, which `packets_sent` and
    `bytes_sent` leave out, are the repeated ones. `packets_redundant` carried copies of those
    before them (RFC 2198), the `packets_protecting` were sums of others. `frames_sent` and
    `frames_encoded` differ by those that found the transport gone. `drops` counts frames and
    requests that came to nothing.
    """

    ssrc: int
    rtx_ssrc: int | None
    rid: str | None
    index: int
    codec: RTCRtpCodecParameters | None
    active: bool
    packets_sent: int
    bytes_sent: int
    header_bytes_sent: int
    packets_repeated: int
    bytes_repeated: int
    packets_redundant: int
    packets_protecting: int
    last_sent: float | None
    send_delay: float
    frames_encoded: int
    frames_sent: int
    encode_time: float
    video: VideoFigures
    pictures: SentPictureFigures
    nacks_received: int
    plis_received: int
    firs_received: int
    target_bitrate: int | None
    remote: RemoteInboundStatistics | None
    drops: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RemoteOutboundStatistics:
    """What the peer reported of its stream, the latest at `arrival`.

    `timestamp` is the peer's clock then, None when it told no time. The round trips are those of
    its answers to our reference times (RFC 3611 §4.5).
    """

    packets_sent: int
    octets_sent: int
    timestamp: datetime | None
    reports: int
    arrival: float
    round_trip_time: float | None = None
    total_round_trip_time: float = 0.0
    round_trip_times: int = 0


@dataclass(frozen=True, slots=True)
class InboundStatistics:
    """What arrived on one SSRC, and what became of it.

    `packets_received` and `bytes_received` leave out the retransmissions of another SSRC: those
    are the repaired ones. `packets_discarded` came too late for their frame, or waited for one
    that was given up. `audio_level` is what the latest packet says of itself, in -dBov
    (RFC 6464). `fec` is None where it was not agreed. `playing` is the date by the sender's clock
    of what comes out now, None before it told. `frames_dropped` were whole, and never came to the
    reader of the track. What was heard of a track, `audio` and `sound`, counts for the stream heard
    last. `drops` are those of all streams of the receiver.
    """

    ssrc: int
    rtx_ssrc: int | None
    rid: str | None
    codec: RTCRtpCodecParameters | None
    packets_received: int
    bytes_received: int
    header_bytes_received: int
    packets_repaired: int
    bytes_repaired: int
    packets_lost: int
    packets_discarded: int
    jitter: float
    last_arrival: float
    rtp_timestamp: int
    audio_level: int | None
    frames_received: int
    frames_dropped: int
    decode_time: float
    audio: AudioFigures
    sound: SoundFigures | None
    pictures: PictureFigures
    video: VideoFigures
    nacks_sent: int
    plis_sent: int
    firs_sent: int
    remote: RemoteOutboundStatistics | None
    motion: MotionFigures = field(default_factory=MotionFigures)
    playing: datetime | None = None
    fec: FecFigures | None = None
    drops: Mapping[str, int] = field(default_factory=dict)
