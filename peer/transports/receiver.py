"""Receiving the media of one section (W3C RTCRtpReceiver)."""

import asyncio
import logging
import random
from collections import Counter, deque
from dataclasses import replace
from typing import Protocol

from aiortc.codecs import is_rtx
from aiortc.jitterbuffer import JitterFrame
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    pack_remb_fci,
)

from .decoding import Decoded, MediaDrop, Undecoded
from .hearing import Hearing
from .inbound import InboundPacket, InboundStream, find_repaired
from .measure import is_keyframe
from .parameters import RtpReceiveParameters, has_feedback, repaired_payload_type
from .router import Encoding
from .rtcp import compound
from .share import MediaShare, NoThreadError
from .statistics import AudioFigures, InboundStatistics, named
from .track import RemoteTrack

logger = logging.getLogger(__name__)

MAX_STREAMS = 16
"""Streams followed at a time; the one that was silent longest makes room."""
MAX_WAITING_FRAMES = 64
MAX_WAITING_BYTES = 8 << 20
"""Of whole frames that wait for the decoder."""
RATE_WINDOW = 1.0
"""Seconds after which the bitrate of a stream that was silent is measured anew."""
MAX_REPORT_BLOCKS = 31
"""What the count of a report holds (RFC 3550 §6.4.1)."""


class ReceiveTransport(Protocol):
    """What a receiver needs of the transport group."""

    def set_receiver(self, receiver: "RtpReceiver", parameters: RtpReceiveParameters) -> None:
        """Hand a section's packets to this receiver."""

    def remove_receiver(self, receiver: "RtpReceiver", mid: str) -> None:
        """Do so no more."""

    def send_rtcp(self, data: bytes) -> None:
        """Send RTCP; ConnectionError when not connected."""


class RtpReceiver:
    """Receives one section's media into one track, over whichever transport it is given.

    It can be stopped and started again; the track lives until `track.stop`, and is muted while
    nothing is received. Of several named
    encodings (simulcast) one is decoded: the first to arrive, or the one that is selected.
    """

    def __init__(
        self,
        kind: str,
        *,
        track: RemoteTrack | None = None,
        share: MediaShare | None = None,
        report_interval: float = 1.0,
    ) -> None:
        self._share, self._share_is_own = share or MediaShare(), share is None
        self.track = track or RemoteTrack(kind)
        self.track.hold_within(self._share)
        self.drops: Counter[MediaDrop] = Counter()
        self.nacks_sent = self.plis_sent = self.packets_repaired = 0
        self._pictures_decoded = 0
        even = self._share.config.even_pace
        self._hearing = Hearing(self.track, even=even) if kind == "audio" else None
        self._kind = kind
        self._interval = report_interval
        self._transport: ReceiveTransport | None = None
        self._parameters: RtpReceiveParameters | None = None
        self._codecs: dict[int, RTCRtpCodecParameters] = {}
        self._streams: dict[int, InboundStream] = {}
        self._rid: str | None = None
        self._bitrate = RemoteBitrateEstimator() if kind == "video" else None
        self._estimated_at = 0.0
        self._waiting: deque[tuple[InboundStream, RTCRtpCodecParameters, JitterFrame]] = deque()
        self._wake = asyncio.Event()
        self._decoding: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def kind(self) -> str:
        """ "audio" or "video"."""
        return self._kind

    @property
    def parameters(self) -> RtpReceiveParameters | None:
        """How it receives; None when it does not."""
        return self._parameters

    @property
    def frames_decoded(self) -> int:
        """How many frames came to the track."""
        return self._pictures_decoded if self._hearing is None else self._hearing.frames_decoded

    def set_floor(self, seconds: float | None) -> None:
        """Hold sound back at least so long; None: as the connection's settings say."""
        if self._hearing is not None:
            self._hearing.set_floor(seconds, even=self._share.config.even_pace)

    def statistics(self) -> list[InboundStatistics]:
        """Return the figures of each stream."""
        now, hearing = asyncio.get_running_loop().time(), self._hearing
        streams = self._streams.values()
        latest = max(streams, key=lambda stream: stream.last_arrival, default=None)
        figures = [
            stream.statistics(now, AudioFigures(), None)
            if hearing is None or stream is not latest
            else stream.statistics(now, hearing.figures(), hearing.sound())
            for stream in streams
        ]
        return [replace(one, drops=named(self.drops)) for one in figures]

    def contributors(self) -> dict[int, tuple[float, int]]:
        """Return by CSRC when it was last heard and the RTP timestamp then (RFC 3550 §5.1)."""
        found: dict[int, tuple[float, int]] = {}
        for stream in self._streams.values():
            found.update(stream.contributors)
        return found

    def select_encoding(self, rid: str) -> None:
        """Decode this encoding of several from now on."""
        if rid != self._rid:
            self._rid = rid
            self.request_keyframe()

    def receive(self, transport: ReceiveTransport, parameters: RtpReceiveParameters) -> None:
        """Start, or go on with other parameters or over another transport."""
        before, was_on = self._parameters, self._transport
        if was_on is not None and before is not None:
            if (was_on, before.mid) != (transport, parameters.mid):
                was_on.remove_receiver(self, before.mid)
        self._transport, self._parameters = transport, parameters
        if not parameters.active:
            self.track.set_muted(True)
        self._codecs = {
            codec.payloadType: codec for codec in parameters.codecs if codec.payloadType is not None
        }
        if self._hearing is not None:
            self._hearing.set_codecs(self._codecs.values())
        transport.set_receiver(self, parameters)
        if self._decoding is None and self._hearing is None:
            self._decoding = asyncio.get_running_loop().create_task(self._decode())
        if self._timer is None:
            self._schedule_report()

    async def stop(self) -> None:
        """Receive no more; returns always and leaves no task. Calling again changes nothing."""
        if self._transport is not None and self._parameters is not None:
            self._transport.remove_receiver(self, self._parameters.mid)
        self._transport = self._parameters = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._streams.clear()
        self._waiting.clear()
        if self._hearing is not None:
            self._hearing.close()
        self.track.set_muted(True)
        self._rid = None
        task, self._decoding = self._decoding, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if self._share_is_own:
            await self._share.close()

    def receive_rtp(self, packet: InboundPacket, encoding: Encoding | None, now: float) -> None:
        """Take a packet of the section; `now` is when it arrived, in seconds."""
        if self._parameters is None or not self._parameters.active:
            self.drops[MediaDrop.INACTIVE] += 1
            return
        codec = self._codecs.get(packet.payload_type)
        if codec is None:
            self.drops[MediaDrop.UNKNOWN_PAYLOAD_TYPE] += 1
            return
        self._estimate_bitrate(packet, codec, now)
        if is_rtx(codec):
            self._receive_repair(packet, codec, encoding, now)
            return
        stream = self._streams.get(packet.ssrc) or self._add_stream(packet.ssrc, codec, encoding)
        stream.count(packet, codec, now)
        if self.track.muted:
            self.track.set_muted(False)
        if self._hearing is not None:
            self._hearing.receive(packet, now)
        else:
            self._add(stream, packet, codec, now)

    def receive_rtcp(self, packet: AnyRtcpPacket, now: float) -> None:
        """Take an RTCP packet about the streams being received."""
        if isinstance(packet, RtcpSrPacket):
            stream = self._streams.get(packet.ssrc)
            if stream is not None:
                stream.note_report(packet.sender_info, now)
        elif isinstance(packet, RtcpByePacket):
            for ssrc in packet.sources:
                self._streams.pop(ssrc, None)
                if self._hearing is not None:
                    self._hearing.end(ssrc)
            if not self._streams:
                self.track.set_muted(True)

    def request_keyframe(self) -> None:
        """Ask for a picture that needs no other, of every stream (PLI, RFC 4585 §6.3.1)."""
        for ssrc in self._streams:
            self._send_pli(ssrc)

    def _add_stream(
        self, ssrc: int, codec: RTCRtpCodecParameters, encoding: Encoding | None
    ) -> InboundStream:
        if len(self._streams) >= MAX_STREAMS:
            silent = min(self._streams.values(), key=lambda stream: stream.last_arrival)
            del self._streams[silent.ssrc]
        rid = None if encoding is None else encoding.rid
        stream = InboundStream(ssrc, codec.clockRate, rid, self._share)
        self._streams[ssrc] = stream
        self._rid = self._rid or rid
        return stream

    def _receive_repair(
        self,
        packet: InboundPacket,
        codec: RTCRtpCodecParameters,
        encoding: Encoding | None,
        now: float,
    ) -> None:
        assert self._parameters is not None
        rid = None if encoding is None else encoding.rid
        stream = find_repaired(packet.ssrc, rid, self._streams, self._parameters.rtx)
        payload_type = repaired_payload_type(codec)
        media = None if payload_type is None else self._codecs.get(payload_type)
        if stream is None or payload_type is None or media is None or is_rtx(media):
            self.drops[MediaDrop.REPAIRS_NOTHING_KNOWN] += 1
            return
        original = packet.repaired(payload_type, stream.ssrc)
        if original is None:
            # Padding sent to probe for bandwidth.
            return
        self.packets_repaired += 1
        stream.count_repair(packet)
        if self._hearing is not None:
            self._hearing.receive(original, now, repaired=True)
        else:
            self._add(stream, original, media, now)

    def _add(
        self,
        stream: InboundStream,
        packet: InboundPacket,
        codec: RTCRtpCodecParameters,
        now: float,
    ) -> None:
        arrival = stream.add(packet, codec, now)
        if arrival is None:
            self.drops[MediaDrop.MALFORMED_PAYLOAD] += 1
            self._send_pli(stream.ssrc)
            return
        if arrival.missing and has_feedback(codec, "nack"):
            nack = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=0, media_ssrc=stream.ssrc)
            nack.lost = list(arrival.missing)
            self.nacks_sent += 1
            stream.nacks_sent += 1
            self._send_feedback(nack)
        if arrival.picture_lost:
            self._send_pli(stream.ssrc)
        for frame in arrival.frames:
            self._queue(stream, codec, frame)

    def _queue(
        self, stream: InboundStream, codec: RTCRtpCodecParameters, frame: JitterFrame
    ) -> None:
        if stream.rid is not None and stream.rid != self._rid:
            self.drops[MediaDrop.OTHER_ENCODING] += 1
            stream.frames_dropped += 1
            return
        if not frame.data:
            # Padding alone; a decoder would take it for the end.
            return
        size = sum(len(waiting.data) for _, _, waiting in self._waiting)
        if len(self._waiting) >= MAX_WAITING_FRAMES or size > MAX_WAITING_BYTES:
            self.drops[MediaDrop.DECODER_TOO_SLOW] += 1
            late, _, _ = self._waiting.popleft()
            late.frames_dropped += 1
        self._waiting.append((stream, codec, frame))
        self._wake.set()

    async def _decode(self) -> None:
        while True:
            while not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            stream, codec, frame = self._waiting.popleft()
            try:
                decoder = stream.decoder(codec)
                decoded = await self._share.run(self._kind, decoder.decode, frame)
            except (Undecoded, NoThreadError) as error:
                logger.debug("a frame of %s could not be decoded: %s", codec.mimeType, error)
                reason = error.reason if isinstance(error, Undecoded) else MediaDrop.NO_THREAD
                self.drops[reason] += 1
                stream.frames_dropped += 1
                # The next picture that needs no other mends it.
                self._send_pli(stream.ssrc)
            else:
                self._deliver(stream, decoded, keyframe=is_keyframe(codec, frame.data))

    def _deliver(self, stream: InboundStream, decoded: Decoded, *, keyframe: bool) -> None:
        now, unread = asyncio.get_running_loop().time(), self.track.frames_dropped
        stream.note_decode_time(decoded.seconds)
        for frame in decoded.frames:
            self._pictures_decoded += 1
            stream.note_decoded(frame, now, keyframe=keyframe)
            self.track.deliver(frame)
        stream.frames_dropped += self.track.frames_dropped - unread

    def _estimate_bitrate(
        self, packet: InboundPacket, codec: RTCRtpCodecParameters, now: float
    ) -> None:
        sent_at, estimator = packet.extensions.abs_send_time, self._bitrate
        if estimator is None or sent_at is None or not has_feedback(codec, "goog-remb"):
            return
        if len(estimator.ssrcs) > MAX_STREAMS:
            estimator.ssrcs.clear()
        if now - self._estimated_at > RATE_WINDOW:
            # aiortc would go through the silence, millisecond for millisecond.
            estimator.incoming_bitrate.reset()
        self._estimated_at = now
        try:
            estimate = estimator.add(
                abs_send_time=sent_at,
                arrival_time_ms=int(now * 1000),
                payload_size=len(packet.payload) + packet.padding_size,
                ssrc=packet.ssrc,
            )
        except (ArithmeticError, ValueError):
            # The peer has led its filter astray.
            self._bitrate = RemoteBitrateEstimator()
            return
        if estimate is not None:
            bitrate, ssrcs = estimate
            fci = pack_remb_fci(bitrate, ssrcs[:MAX_STREAMS])
            self._send_feedback(RtcpPsfbPacket(RTCP_PSFB_APP, ssrc=0, media_ssrc=0, fci=fci))

    def _send_pli(self, ssrc: int) -> None:
        if self._kind == "video" and any(
            has_feedback(codec, "nack", "pli") for codec in self._codecs.values()
        ):
            self.plis_sent += 1
            if ssrc in self._streams:
                self._streams[ssrc].plis_sent += 1
            self._send_feedback(RtcpPsfbPacket(RTCP_PSFB_PLI, ssrc=0, media_ssrc=ssrc))

    def _send_feedback(self, packet: RtcpPsfbPacket | RtcpRtpfbPacket) -> None:
        parameters = self._parameters
        if parameters is None:
            return
        packet.ssrc = parameters.rtcp_ssrc
        if parameters.reduced_size:
            self._send(bytes(packet))
        else:
            self._send(compound(RtcpRrPacket(parameters.rtcp_ssrc), parameters.cname, packet))

    def _schedule_report(self) -> None:
        # RFC 3550 §6.2: varied over 0.5 to 1.5 times the interval, so that peers do not align.
        delay = self._interval * random.uniform(0.5, 1.5)
        self._timer = asyncio.get_running_loop().call_later(delay, self._report)

    def _report(self) -> None:
        self._schedule_report()
        parameters = self._parameters
        if parameters is not None and self._streams:
            now = asyncio.get_running_loop().time()
            streams = list(self._streams.values())[:MAX_REPORT_BLOCKS]
            blocks = [stream.report(now) for stream in streams]
            self._send(compound(RtcpRrPacket(parameters.rtcp_ssrc, blocks), parameters.cname))

    def _send(self, data: bytes) -> None:
        if self._transport is None:
            return
        try:
            self._transport.send_rtcp(data)
        except ConnectionError:
            # Feedback of a transport that is not connected is of no use to anybody.
            return
