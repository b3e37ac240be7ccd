"""One incoming RTP stream: repair, order, statistics, frames."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, cast

from aiortc.codecs import depayload, get_decoder
from aiortc.codecs.base import Decoder
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtcrtpreceiver import NackGenerator, StreamStatistics, TimestampMapper
from aiortc.rtp import HeaderExtensionsMap, RtcpReceiverInfo, RtcpSenderInfo, RtpPacket

_BUFFERED_AUDIO_PACKETS = 16
_AUDIO_PREFETCH = 4
_BUFFERED_VIDEO_PACKETS = 512
_MALFORMED = (ValueError, IndexError, struct.error)


class InboundPacket(RtpPacket):
    """A packet from the network."""

    @classmethod
    def read(cls, data: bytes, extensions: HeaderExtensionsMap) -> Self | None:
        """Parse a packet, None when it is malformed."""
        try:
            return cast("Self", cls.parse(data, extensions))
        except _MALFORMED:
            return None

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
    """Gives all frames a packet completes, where aiortc's leaves all but one for later."""

    def take(self, packet: InboundPacket) -> tuple[bool, list[JitterFrame]]:
        """Add a packet; returns whether a picture was lost, and frames in order."""
        picture_lost, frame = self.add(packet)
        frames = []
        while frame is not None:
            frames.append(frame)
            frame = self._remove_frame(packet.sequence_number)
        return picture_lost, frames


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of a packet: whole frames, packets found missing, a picture lost."""

    frames: tuple[JitterFrame, ...] = ()
    missing: tuple[int, ...] = ()
    picture_lost: bool = False


class InboundStream:
    """The packets of one SSRC, in order, made frames of."""

    def __init__(self, ssrc: int, kind: str, clock_rate: int, rid: str | None) -> None:
        self.ssrc = ssrc
        self.rid = rid
        self.last_arrival = 0.0
        self.audio_level: int | None = None
        self.rtp_timestamp = 0
        self.bytes_received = 0
        self.sender_info: RtcpSenderInfo | None = None
        self._statistics = StreamStatistics(clock_rate)
        self._timestamps = TimestampMapper()
        self._last_report = 0
        self._last_report_at = 0.0
        self._decoders: dict[str, Decoder] = {}
        if kind == "video":
            self._buffer = FrameBuffer(capacity=_BUFFERED_VIDEO_PACKETS, is_video=True)
            self._nack: NackGenerator | None = NackGenerator()
        else:
            self._buffer = FrameBuffer(capacity=_BUFFERED_AUDIO_PACKETS, prefetch=_AUDIO_PREFETCH)
            self._nack = None

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

    def count(self, packet: InboundPacket, now: float) -> None:
        """Note that a packet of this SSRC arrived, whatever it carries."""
        self._statistics.add(packet)
        self.last_arrival = now
        self.rtp_timestamp = packet.timestamp
        self.bytes_received += len(packet.payload)
        level = packet.extensions.audio_level
        if level is not None:
            self.audio_level = level[1]

    def add(self, packet: InboundPacket, codec: RTCRtpCodecParameters) -> Arrival | None:
        """Take a packet, or what a retransmission repaired; None when its payload is malformed."""
        missing: tuple[int, ...] = ()
        if self._nack is not None and self._nack.add(packet):
            missing = tuple(sorted(self._nack.missing))
        if not packet.depayload(codec):
            return None
        picture_lost, frames = self._buffer.take(packet)
        for frame in frames:
            frame.timestamp = self._timestamps.map(frame.timestamp)
        return Arrival(tuple(frames), missing, picture_lost)

    def decoder(self, codec: RTCRtpCodecParameters) -> Decoder:
        """Return the decoder of this stream for a codec; ValueError when there is none."""
        known = self._decoders.get(codec.mimeType)
        if known is None:
            known = self._decoders[codec.mimeType] = get_decoder(codec)
        return known

    def note_report(self, info: RtcpSenderInfo, now: float) -> None:
        """Note a sender report, which our own reports refer to."""
        self.sender_info = info
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
            jitter=self._statistics.jitter,
            lsr=self._last_report,
            dlsr=min(delay, 0xFFFFFFFF),
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
