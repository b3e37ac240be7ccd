"""One incoming RTP stream: its packets, and what there is to report of them."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Self

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame

from peer.net import wall_time
from peer.rtp import (
    RTX_HEADER,
    CaptureClock,
    CaptureTime,
    ClockOffset,
    ExtensionMap,
    Freezes,
    HeaderExtensions,
    Reception,
    ReportBlock,
    RoundTrip,
    RtpClock,
    RtpDrop,
    RtpPacket,
    SenderReport,
    read_into,
    unwrap,
)

from .fec_stream import FecStream
from .frame_times import FrameTimes
from .measure import VideoMeter
from .ntp import date_of
from .parameters import is_parity
from .statistics import (
    AudioFigures,
    InboundStatistics,
    MotionFigures,
    PictureFigures,
    RemoteOutboundStatistics,
    SoundFigures,
)

_MAX_CONTRIBUTORS = 64
_PADDING = 0x20
_NO_PICTURES = PictureFigures()


class InboundPacket(RtpPacket):
    """A packet from the network, and what its header extensions say.

    `raw` are all its bytes; of what a retransmission carries, those that it was sent with first if
    both said the same in their extensions.
    """

    __slots__ = ("extensions", "raw")

    def __init__(
        self,
        payload_type: int,
        marker: int,
        sequence_number: int,
        timestamp: int,
        ssrc: int,
        payload: bytes = b"",
        *,
        extensions: HeaderExtensions | None = None,
        csrcs: tuple[int, ...] = (),
        header_size: int = 0,
        padding_size: int = 0,
        raw: bytes = b"",
    ) -> None:
        super().__init__(
            payload_type=payload_type,
            marker=bool(marker),
            sequence_number=sequence_number,
            timestamp=timestamp,
            ssrc=ssrc,
            payload=payload,
            csrcs=csrcs,
            header_size=header_size,
            padding_size=padding_size,
        )
        self.extensions = extensions or HeaderExtensions()
        self.raw = raw

    @classmethod
    def read(cls, data: bytes, extensions: ExtensionMap) -> Self | RtpDrop:
        """Parse a packet; a reason when it is none."""
        packet = read_into(cls.__new__(cls), data)
        if not isinstance(packet, RtpDrop):
            packet.extensions = extensions.read(packet.profile, packet.extension)
            packet.header_size += packet.padding_size
            packet.raw = data
        return packet

    def repaired(self, payload_type: int, ssrc: int) -> "InboundPacket | None":
        """Return what a retransmission carries (RFC 4588 §4), None when it carries nothing."""
        original = unwrap(self, payload_type, ssrc)
        if original is None:
            return None
        begin = self.header_size - self.padding_size
        raw = b""
        if self.raw:
            first = self.raw[0] & ~_PADDING, original.marker << 7 | payload_type
            place = self.payload[:RTX_HEADER], self.raw[4:8], ssrc.to_bytes(4, "big")
            raw = b"".join((bytes(first), *place, self.raw[12:begin], original.payload))
        return InboundPacket(
            payload_type,
            original.marker,
            original.sequence_number,
            original.timestamp,
            ssrc,
            original.payload,
            extensions=self.extensions,
            csrcs=original.csrcs,
            header_size=begin if raw else 0,
            raw=raw,
        )


class InboundStream:
    """The packets of one SSRC, counted. Who sends the feedback and decodes counts here as well."""

    def __init__(self, ssrc: int, clock_rate: int, rid: str | None) -> None:
        self.ssrc = ssrc
        self.rid = rid
        self.last_arrival = -math.inf
        self.audio_level: int | None = None
        self.contributors: dict[int, tuple[float, int]] = {}
        """When each contributing source was last heard, and the RTP timestamp then."""
        self.rtp_timestamp = 0
        self.bytes_received = 0
        self.nacks_sent = self.plis_sent = self.firs_sent = 0
        self.frames_dropped = 0
        self.sender_report: SenderReport | None = None
        self.cname: str | None = None
        """The name of its sender (RFC 3550 §6.5.1), None before it told."""
        self.sender_clock = ClockOffset()
        """The clock of its sender, the same for all streams of one (CNAME)."""
        self.fec: FecStream | None = None
        """Its error correction, None where that was not agreed."""
        self._clock_rate = clock_rate
        self._codec: RTCRtpCodecParameters | None = None
        self._header_bytes = 0
        self._rtx_ssrc: int | None = None
        self._packets_repaired = self._bytes_repaired = 0
        self._reports = 0
        self._reported_at = 0.0
        self._decode_time = 0.0
        self._video = VideoMeter()
        self._freezes = Freezes()
        self._processing_time = 0.0
        self._played: tuple[FrameTimes, float] | None = None
        self._origin: float | None = None
        """What the time of day is ahead of the loop's."""
        self._reception = Reception()
        self._clock = RtpClock(clock_rate)
        self._captures = CaptureClock()

    @property
    def packets_received(self) -> int:
        """Packets that arrived, retransmissions of others not among them."""
        return self._reception.packets_received

    @property
    def packets_lost(self) -> int:
        """Packets that did not arrive; negative when some arrived twice (RFC 3550 §6.4.1)."""
        return self._reception.packets_lost

    @property
    def jitter(self) -> int:
        """Interarrival jitter in units of the codec's clock (RFC 3550 §6.4.1)."""
        return self._reception.jitter

    def count(self, packet: InboundPacket, codec: RTCRtpCodecParameters, now: float) -> None:
        """Note that a packet of this SSRC arrived, whatever it carries."""
        if codec is not self._codec or codec.clockRate != self._clock_rate:
            self._change_codec(codec)
        self._reception.add(packet.sequence_number, packet.timestamp, self._clock_rate, now)
        self.last_arrival = now
        self.rtp_timestamp = packet.timestamp
        self.bytes_received += len(packet.payload)
        self._header_bytes += packet.header_size
        said = packet.extensions
        if said.audio_level is not None:
            self.audio_level = said.audio_level.level
        if said.capture_time is not None:
            source = packet.csrcs[0] if packet.csrcs else self.ssrc
            self._captures.note(source, packet.timestamp, self._clock_rate, now, said.capture_time)
        if packet.csrcs:
            self._note_contributors(packet, now)

    def _change_codec(self, codec: RTCRtpCodecParameters) -> None:
        if codec.clockRate != self._clock_rate:
            self._clock = RtpClock(codec.clockRate)
        self._clock_rate = codec.clockRate
        if not is_parity(codec):
            self._codec = codec

    def _note_contributors(self, packet: InboundPacket, now: float) -> None:
        for source in packet.csrcs:
            # Taken out first, so that the oldest are those in front.
            self.contributors.pop(source, None)
            self.contributors[source] = now, packet.timestamp
        while len(self.contributors) > _MAX_CONTRIBUTORS:
            del self.contributors[next(iter(self.contributors))]

    @property
    def codec(self) -> RTCRtpCodecParameters | None:
        """What its media came in last."""
        return self._codec

    def count_repair(self, packet: InboundPacket) -> None:
        """Note a retransmission that arrived for this stream."""
        self._rtx_ssrc = packet.ssrc
        self._packets_repaired += 1
        self._bytes_repaired += len(packet.payload)
        self._header_bytes += packet.header_size

    def note_decoded(
        self, frame: VideoFrame, now: float, *, arrival: float, keyframe: bool
    ) -> None:
        """Note a picture that comes out; its first packet came at `arrival`."""
        self._video.add(frame, now, keyframe=keyframe or bool(frame.key_frame))
        self._freezes.add(now)
        self._processing_time += now - arrival

    def note_played(self, times: FrameTimes, now: float) -> None:
        """Note the times of a frame that comes out."""
        if times.has_capture:
            self._played = times, now

    def _playing(self, now: float) -> datetime | None:
        """Return the date of what comes out now, by the sender's clock."""
        if self._played is None:
            return None
        times, since = self._played
        captured = times.ntp_time
        return None if captured is None else date_of(captured) + timedelta(seconds=now - since)

    def _motion(self) -> MotionFigures:
        freezes = self._freezes
        return MotionFigures(
            processing=self._processing_time,
            gaps=freezes.gaps,
            squared_gaps=freezes.squared_gaps,
            freezes=freezes.freezes,
            frozen=freezes.frozen,
            pauses=freezes.pauses,
            paused=freezes.paused,
        )

    def note_decode_time(self, seconds: float) -> None:
        """Note how long a decoder was at work."""
        self._decode_time += seconds

    def note_report(self, report: SenderReport, now: float, round_trip: float) -> None:
        """Note a sender report, which our own reports refer to; `round_trip` is in seconds."""
        self.sender_report = report
        self._reports += 1
        self._reported_at = now
        self._reception.note_sender_report(report.ntp_time, now)
        if self._clock.note(report.ntp_time, report.rtp_timestamp):
            self.sender_clock.note(report.ntp_time, now, round_trip)

    def capture_time(self, timestamp: int) -> float | None:
        """Return what the sender's clock was at an RTP timestamp, in seconds, if it told."""
        return self._clock.seconds(timestamp)

    def told_capture(self, source: int, timestamp: int, now: float) -> CaptureTime | None:
        """Return what packets say themselves of when a timestamp was captured."""
        return self._captures.capture_time(source, timestamp, self._clock_rate, now)

    def times(
        self, timestamp: int, csrcs: Sequence[int], arrival: float | None, now: float
    ) -> FrameTimes:
        """Return the times of the frame that begins at an RTP timestamp and came at `arrival`.

        `csrcs` are the contributing sources of its packet.
        """
        if self._origin is None:
            self._origin = wall_time() - now
        return FrameTimes(
            timestamp,
            received=arrival,
            told=self.told_capture(csrcs[0] if csrcs else self.ssrc, timestamp, now),
            line=self._clock.line,
            mapping=self.sender_clock.mapping,
            origin=self._origin,
        )

    def report(self, now: float) -> ReportBlock:
        """Return a report block (RFC 3550 §6.4.1); each covers the time since the one before."""
        return self._reception.report(self.ssrc, now)

    def statistics(
        self,
        now: float,
        answers: RoundTrip,
        *,
        audio: AudioFigures | None = None,
        sound: SoundFigures | None = None,
        pictures: PictureFigures = _NO_PICTURES,
    ) -> InboundStatistics:
        """Return all figures, with those of the track's media as far as it is of this stream.

        `answers` are those of the peer to our reference times.
        """
        return InboundStatistics(
            ssrc=self.ssrc,
            rtx_ssrc=self._rtx_ssrc,
            rid=self.rid,
            codec=self._codec,
            packets_received=self.packets_received,
            bytes_received=self.bytes_received,
            header_bytes_received=self._header_bytes,
            packets_repaired=self._packets_repaired,
            bytes_repaired=self._bytes_repaired,
            packets_lost=self.packets_lost,
            packets_discarded=pictures.discarded + (0 if sound is None else sound.discarded),
            jitter=self.jitter / self._clock_rate,
            last_arrival=self.last_arrival,
            rtp_timestamp=self.rtp_timestamp,
            audio_level=self.audio_level,
            frames_received=pictures.received,
            frames_dropped=self.frames_dropped + pictures.dropped,
            decode_time=self._decode_time,
            audio=audio or AudioFigures(),
            sound=sound,
            pictures=pictures,
            video=self._video.figures(now),
            fec=None if self.fec is None else self.fec.figures(),
            nacks_sent=self.nacks_sent,
            plis_sent=self.plis_sent,
            firs_sent=self.firs_sent,
            remote=self._remote(answers),
            motion=self._motion(),
            playing=self._playing(now),
        )

    def _remote(self, answers: RoundTrip) -> RemoteOutboundStatistics | None:
        report = self.sender_report
        if report is None:
            return None
        return RemoteOutboundStatistics(
            packets_sent=report.packets,
            octets_sent=report.octets,
            timestamp=date_of(report.ntp_time) if report.ntp_time else None,
            reports=self._reports,
            arrival=self._reported_at,
            round_trip_time=answers.latest,
            total_round_trip_time=answers.total,
            round_trip_times=answers.count,
        )


class RepairStream:
    """The retransmissions of one SSRC, counted for reports."""

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.last_arrival = -math.inf
        self._reception = Reception()

    def count(self, packet: InboundPacket, now: float) -> None:
        """Note that a packet arrived; what its timestamp says of jitter is not true."""
        self._reception.count(packet.sequence_number)
        self.last_arrival = now

    def note_report(self, report: SenderReport, now: float, round_trip: float) -> None:
        """Note a sender report, which our own reports refer to."""
        self._reception.note_sender_report(report.ntp_time, now)

    def report(self, now: float) -> ReportBlock:
        """Return a report block; each covers the time since the one before."""
        return self._reception.report(self.ssrc, now)


def find_repaired(
    packet: InboundPacket,
    rid: str | None,
    streams: Mapping[int, InboundStream],
    announced: Mapping[int, int],
    asking: Callable[[int], InboundStream | None],
) -> InboundStream | None:
    """Return the stream a retransmission repairs (RFC 4588 §5.3).

    It was announced (ssrc-group FID), or shares a rid (RFC 8852 §3.3), or there is only one; or
    else it is the one that is `asking` for a packet of that number: sources change, and what was
    announced of them.
    """
    known = announced.get(packet.ssrc)
    if known is not None and known in streams:
        return streams[known]
    if known is None and rid is not None:
        return next((stream for stream in streams.values() if stream.rid == rid), None)
    if known is None and len(streams) == 1:
        return next(iter(streams.values()))
    return asking(int.from_bytes(packet.payload[:RTX_HEADER], "big"))
