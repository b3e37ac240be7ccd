"""One incoming RTP stream: repair, order, statistics, frames."""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, cast

from aiortc.clock import datetime_from_ntp
from aiortc.codecs import depayload
from aiortc.jitterbuffer import MAX_MISORDER, JitterBuffer, JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtcrtpreceiver import NackGenerator, StreamStatistics, TimestampMapper
from aiortc.rtp import (
    RTP_HISTORY_SIZE,
    HeaderExtensionsMap,
    RtcpReceiverInfo,
    RtcpSenderInfo,
    RtpPacket,
)
from av import VideoFrame
from av.frame import Frame

from .decoding import StreamDecoder
from .measure import VideoMeter
from .share import MediaShare
from .statistics import (
    AudioFigures,
    InboundStatistics,
    RemoteOutboundStatistics,
    SoundFigures,
)

_MAX_CONTRIBUTORS = 64
_BUFFERED_VIDEO_PACKETS = 512
REQUEST_INTERVAL = 0.1
"""Seconds until a packet that did not come is asked for again."""
MAX_REQUESTS = 10
"""How often a packet is asked for before its picture is given up."""
_MALFORMED = (ValueError, IndexError, struct.error)


class InboundPacket(RtpPacket):
    """A packet from the network; `header_size` counts its bytes that are no payload."""

    header_size = 0

    @classmethod
    def read(cls, data: bytes, extensions: HeaderExtensionsMap) -> Self | None:
        """Parse a packet, None when it is malformed."""
        try:
            packet = cast("Self", cls.parse(data, extensions))
        except _MALFORMED:
            return None
        packet.header_size = len(data) - len(packet.payload)
        return packet

    def repaired(self, payload_type: int, ssrc: int) -> "InboundPacket | None":
        """Return what a retransmission carries (RFC 4588 §4), None when it carries nothing."""
        if len(self.payload) < 2:
            return None
        packet = InboundPacket(
            payload_type=payload_type,
            marker=self.marker,
            sequence_number=int.from_bytes(self.payload[:2], "big"),
            timestamp=self.timestamp,
            ssrc=ssrc,
            payload=self.payload[2:],
        )
        packet.csrc = self.csrc
        packet.extensions = self.extensions
        return packet

    def depayload(self, codec: RTCRtpCodecParameters) -> bool:
        """Take the codec's framing off, where the jitter buffer looks; False when malformed."""
        try:
            self._data = depayload(codec, self.payload) if self.payload else b""
        except _MALFORMED:
            return False
        return True


class FrameBuffer(JitterBuffer):
    """Gives all frames a packet completes, where aiortc's leaves all but one for later.

    `discarded` counts the packets that were given up with their picture.
    """

    discarded = 0

    def is_late(self, sequence_number: int) -> bool:
        """Tell whether the frames of a packet have left already."""
        return (
            self._origin is not None
            and 0 < (self._origin - sequence_number) & 0xFFFF < MAX_MISORDER
        )

    def take(self, packet: InboundPacket) -> tuple[bool, list[JitterFrame]]:
        """Add a packet; returns whether a picture was lost, and frames in order."""
        picture_lost, frame = self.add(packet)
        frames = []
        while frame is not None:
            frames.append(frame)
            frame = self._remove_frame(packet.sequence_number)
        return picture_lost, frames

    def skip(self, sequence_number: int) -> None:
        """Wait no more for a packet: drop its picture and what is before."""
        if self._origin is None:
            return
        count = (sequence_number - self._origin + 1) & 0xFFFF
        if count <= self.capacity and self.smart_remove(count):
            self._origin = None

    def smart_remove(self, count: int) -> bool:
        """Make room, and count what it costs."""
        before = self._held()
        emptied = super().smart_remove(count)
        self.discarded += before - self._held()
        return emptied

    def _held(self) -> int:
        return sum(packet is not None for packet in self._packets)


class Repair:
    """Which packets to ask for, and when again (RFC 4585 §6.2.1)."""

    def __init__(self) -> None:
        self._generator = NackGenerator()
        self._asked: dict[int, tuple[float, int]] = {}

    def add(self, packet: InboundPacket, now: float) -> tuple[list[int], list[int]]:
        """Note a packet; returns what to ask for, and what was asked for in vain."""
        self._skip_ahead(packet.sequence_number)
        self._generator.add(packet)
        missing = self._generator.missing
        if not missing:
            self._asked.clear()
            return [], []
        self._asked = {number: asked for number, asked in self._asked.items() if number in missing}
        due, given_up = [], []
        for number in sorted(missing):
            last, times = self._asked.get(number, (-math.inf, 0))
            if now - last < REQUEST_INTERVAL:
                continue
            if times == MAX_REQUESTS:
                given_up.append(number)
                missing.discard(number)
            else:
                self._asked[number] = now, times + 1
                due.append(number)
        return due, given_up

    def _skip_ahead(self, number: int) -> None:
        """Have a jump cost no more than the packets that are still worth asking for."""
        generator = self._generator
        if generator.max_seq is not None:
            gap = (number - generator.max_seq) & 0xFFFF
            if RTP_HISTORY_SIZE < gap < 0x8000:
                generator.missing.clear()
                generator.max_seq = (number - RTP_HISTORY_SIZE - 1) & 0xFFFF


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of a packet: whole frames, packets to ask for, a picture lost."""

    frames: tuple[JitterFrame, ...] = ()
    missing: tuple[int, ...] = ()
    picture_lost: bool = False


class InboundStream:
    """The packets of one SSRC, in order, made frames of.

    Who sends the feedback counts it here.
    """

    def __init__(self, ssrc: int, clock_rate: int, rid: str | None, share: MediaShare) -> None:
        self.ssrc = ssrc
        self.rid = rid
        self.last_arrival = 0.0
        self.audio_level: int | None = None
        self.contributors: dict[int, tuple[float, int]] = {}
        """When each contributing source was last heard, and the RTP timestamp then."""
        self.rtp_timestamp = 0
        self.bytes_received = 0
        self.nacks_sent = self.plis_sent = 0
        self.frames_dropped = 0
        self.sender_info: RtcpSenderInfo | None = None
        self._clock_rate = clock_rate
        self._codec: RTCRtpCodecParameters | None = None
        self._header_bytes = self._late_packets = self._frames_received = 0
        self._rtx_ssrc: int | None = None
        self._packets_repaired = self._bytes_repaired = 0
        self._reports = 0
        self._decode_time = 0.0
        self._video = VideoMeter()
        self._statistics = StreamStatistics(clock_rate)
        self._timestamps = TimestampMapper()
        self._last_report = 0
        self._last_report_at = 0.0
        self._share = share
        self._decoders: dict[str, StreamDecoder] = {}
        self._buffer = FrameBuffer(capacity=_BUFFERED_VIDEO_PACKETS, is_video=True)
        self._repair = Repair()

    @property
    def packets_received(self) -> int:
        """Packets that arrived, retransmissions of others not among them."""
        return self._statistics.packets_received

    @property
    def packets_lost(self) -> int:
        """Packets that did not arrive; negative when some arrived twice (RFC 3550 §6.4.1)."""
        return self._statistics.packets_lost if self.packets_received else 0

    @property
    def jitter(self) -> int:
        """Interarrival jitter in units of the codec's clock (RFC 3550 §6.4.1)."""
        return self._statistics.jitter

    def count(self, packet: InboundPacket, codec: RTCRtpCodecParameters, now: float) -> None:
        """Note that a packet of this SSRC arrived, whatever it carries."""
        self._codec = codec
        self._statistics.add(packet)
        self.last_arrival = now
        self.rtp_timestamp = packet.timestamp
        self.bytes_received += len(packet.payload)
        self._header_bytes += packet.header_size
        level = packet.extensions.audio_level
        if level is not None:
            self.audio_level = level[1]
        for source in packet.csrc:
            # Taken out first, so that the oldest are those in front.
            self.contributors.pop(source, None)
            self.contributors[source] = now, packet.timestamp
        while len(self.contributors) > _MAX_CONTRIBUTORS:
            del self.contributors[next(iter(self.contributors))]

    def count_repair(self, packet: InboundPacket) -> None:
        """Note a retransmission that arrived for this stream."""
        self._rtx_ssrc = packet.ssrc
        self._packets_repaired += 1
        self._bytes_repaired += len(packet.payload)
        self._header_bytes += packet.header_size

    def add(
        self, packet: InboundPacket, codec: RTCRtpCodecParameters, now: float
    ) -> Arrival | None:
        """Take a packet, or what a retransmission repaired; None when its payload is malformed."""
        self._late_packets += self._buffer.is_late(packet.sequence_number)
        missing, given_up = self._repair.add(packet, now)
        for number in given_up:
            self._buffer.skip(number)
        if not packet.depayload(codec):
            # Nobody sends it again, so that its picture is lost as that of a packet given up.
            self._buffer.skip(packet.sequence_number)
            return None
        picture_lost, frames = self._buffer.take(packet)
        self._frames_received += len(frames)
        for frame in frames:
            frame.timestamp = self._timestamps.map(frame.timestamp)
        return Arrival(tuple(frames), tuple(missing), picture_lost or bool(given_up))

    def decoder(self, codec: RTCRtpCodecParameters) -> StreamDecoder:
        """Return the decoder of this stream for a codec."""
        known = self._decoders.get(codec.mimeType)
        if known is None:
            known = self._decoders[codec.mimeType] = StreamDecoder(codec, self._share)
        return known

    def note_decoded(self, frame: Frame, now: float, *, keyframe: bool) -> None:
        """Note what a decoder made of the stream."""
        if isinstance(frame, VideoFrame):
            self._video.add(frame, now, keyframe=keyframe or bool(frame.key_frame))

    def note_decode_time(self, seconds: float) -> None:
        """Note how long a decoder was at work."""
        self._decode_time += seconds

    def note_report(self, info: RtcpSenderInfo, now: float) -> None:
        """Note a sender report, which our own reports refer to."""
        self.sender_info = info
        self._reports += 1
        self._last_report = (info.ntp_timestamp >> 16) & 0xFFFFFFFF
        self._last_report_at = now

    def report(self, now: float) -> RtcpReceiverInfo:
        """Return a report block (RFC 3550 §6.4.1); each covers the time since the one before."""
        delay = int((now - self._last_report_at) * 65536) if self._last_report else 0
        return RtcpReceiverInfo(
            ssrc=self.ssrc,
            fraction_lost=self._statistics.fraction_lost,
            packets_lost=self._statistics.packets_lost,
            highest_sequence=(self._statistics.cycles + (self._statistics.max_seq or 0)),
            jitter=min(self._statistics.jitter, 0xFFFFFFFF),
            lsr=self._last_report,
            dlsr=min(delay, 0xFFFFFFFF),
        )

    def statistics(
        self, now: float, audio: AudioFigures, sound: SoundFigures | None
    ) -> InboundStatistics:
        """Return all figures, with those of the track's sound if it is heard from this stream."""
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
            packets_discarded=self._late_packets
            + self._buffer.discarded
            + (0 if sound is None else sound.discarded),
            jitter=self.jitter / self._clock_rate,
            last_arrival=self.last_arrival,
            rtp_timestamp=self.rtp_timestamp,
            audio_level=self.audio_level,
            frames_received=self._frames_received,
            frames_dropped=self.frames_dropped,
            decode_time=self._decode_time,
            audio=audio,
            sound=sound,
            video=self._video.figures(now),
            nacks_sent=self.nacks_sent,
            plis_sent=self.plis_sent,
            remote=self._remote(),
        )

    def _remote(self) -> RemoteOutboundStatistics | None:
        info = self.sender_info
        if info is None:
            return None
        return RemoteOutboundStatistics(
            packets_sent=info.packet_count,
            octets_sent=info.octet_count,
            timestamp=datetime_from_ntp(info.ntp_timestamp) if info.ntp_timestamp else None,
            reports=self._reports,
            arrival=self._last_report_at,
        )


def find_repaired(
    ssrc: int, rid: str | None, streams: Mapping[int, InboundStream], announced: Mapping[int, int]
) -> InboundStream | None:
    """Return the stream a retransmission stream repairs.

    It was announced (ssrc-group FID), or shares a rid (RFC 8852 §3.3), or there is only one.
    """
    if ssrc in announced:
        return streams.get(announced[ssrc])
    if rid is not None:
        return next((stream for stream in streams.values() if stream.rid == rid), None)
    return next(iter(streams.values())) if len(streams) == 1 else None
