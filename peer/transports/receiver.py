"""Receiving the media of one section (W3C RTCRtpReceiver)."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.media import Moment
from peer.rtp import (
    TIMESTAMP_BITS,
    ClockOffset,
    Flow,
    FullIntraRequest,
    Goodbye,
    Nack,
    PictureLoss,
    ReportBlock,
    RoundTrip,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    signed_difference,
)

from .decoding import MediaDrop
from .encoded_frames import EncodedFrames
from .frame_times import FrameTimes
from .hearing import Hearing
from .inbound import InboundPacket, InboundStream, RepairStream, find_repaired
from .ntp import SECOND
from .parameters import REPAIRS, RtpReceiveParameters, payload_types, repaired_payload_type
from .passage import Passage
from .recovering import Recovering
from .router import Encoding
from .rtcp import feedback, sdes_names
from .seeing import Seeing
from .share import MediaShare
from .statistics import InboundStatistics, named
from .synchronization import SentFlow, Synchronization
from .track import RemoteTrack

MAX_STREAMS = 16
"""Streams followed at a time; the one that was silent longest makes room."""
STRAGGLING = 2.0
"""Seconds for which a source that said BYE is remembered (RFC 3550 §6.2.1)."""
REORDERING = 0.2
"""Seconds for which its last packets may come behind its BYE."""
MAX_SILENCE = 8.0
"""Seconds after which a source that sends nothing is not reported on, as in libwebrtc."""

Source = TypeVar("Source", InboundStream, RepairStream)


class ReceiveTransport(Protocol):
    """What a receiver needs of the transport group."""

    def set_receiver(self, receiver: "RtpReceiver", parameters: RtpReceiveParameters) -> None:
        """Hand a section's packets to this receiver."""

    def remove_receiver(self, receiver: "RtpReceiver", mid: str) -> None:
        """Do so no more."""

    def report_soon(self) -> None:
        """Ask for `report_blocks` within half a second, and from then on."""

    def send_feedback(self, data: bytes) -> None:
        """Send feedback, if it can be sent and there is not too much of it."""

    def clock_of(self, cname: str) -> ClockOffset:
        """Return what maps the clock of a sender, by its canonical name, to ours."""


class RtpReceiver:
    """Receives one section's media into one track, over whichever transport it is given.

    It can be stopped and started again; the track lives until `track.stop`, and is muted while
    nothing is received. Of several named encodings (simulcast) one is decoded: the first to arrive,
    or the one that is selected.
    """

    def __init__(
        self,
        kind: str,
        *,
        track: RemoteTrack | None = None,
        share: MediaShare | None = None,
    ) -> None:
        self._share, self._share_is_own = share or MediaShare(), share is None
        self.track = track or RemoteTrack(kind)
        self.track.hold_within(self._share)
        self.nacks_sent = self.plis_sent = self.packets_repaired = 0
        self._drops: Counter[MediaDrop] = Counter()
        self._is_even = even = self._share.config.even_pace
        times = self._capture_time
        self._hearing: Hearing | None = None
        self._seeing: Seeing | None = None
        if kind == "audio":
            self._hearing = Hearing(
                self.track, self._times_of, self._ask_for_sound, even=even, capture_times=times
            )
        else:
            self._seeing = Seeing(self.track, self._share, self, even=even, capture_times=times)
        self._recovering = None if self._seeing is None else Recovering(self._seeing)
        self._transport: ReceiveTransport | None = None
        self._parameters: RtpReceiveParameters | None = None
        self._codecs: dict[int, RTCRtpCodecParameters] = {}
        self._repairing: frozenset[int] = frozenset()
        self._streams: dict[int, InboundStream] = {}
        self._repairs: dict[int, RepairStream] = {}
        self._ended: dict[int, tuple[InboundStream, float]] = {}
        """Streams whose sources said BYE, and when: a moment long packets of theirs still come."""
        self._round_trip: float | None = None
        self._answers = RoundTrip()
        self._synchronization: Synchronization | None = None

    @property
    def kind(self) -> str:
        """ "audio" or "video"."""
        return self.track.kind

    @property
    def pictures(self) -> Seeing | None:
        """What sees the track, None for one of sound."""
        return self._seeing

    @property
    def parameters(self) -> RtpReceiveParameters | None:
        """How it receives; None when it does not."""
        return self._parameters

    @property
    def round_trip(self) -> float | None:
        """Seconds to the peer and back, None before it answered."""
        return self._round_trip

    @property
    def frames_decoded(self) -> int:
        """How many frames came to the track."""
        decoding = self._hearing or self._seeing
        return 0 if decoding is None else decoding.frames_decoded

    @property
    def drops(self) -> Counter[MediaDrop]:
        """Why packets and frames gave no media."""
        return self._drops if self._seeing is None else self._drops + self._seeing.drops

    def set_floor(self, seconds: float | None) -> None:
        """Hold frames back at least so long; None: as the connection's settings say."""
        media, even = self._hearing or self._seeing, self._share.config.even_pace
        if media is not None:
            media.set_floor(seconds, even=even)
        self._is_even = even or seconds is not None

    def synchronize(self, synchronization: Synchronization | None) -> None:
        """Say what keeps the track together with another one; None for nothing."""
        if synchronization is not self._synchronization:
            self._synchronization = synchronization
            self.set_sync_delay(0.0)

    def flow(self) -> SentFlow | None:
        """Return the flow of the stream heard last; None when frames leave at once."""
        media, streams = self._hearing or self._seeing, self._streams.values()
        stream = max(streams, key=lambda one: one.last_arrival, default=None)
        if media is None or stream is None or stream.cname is None or not self._is_even:
            return None
        arrival = stream.last_arrival
        capture = stream.times(stream.rtp_timestamp, (), arrival, arrival).senderCaptureTime
        if capture is None:
            return None
        return SentFlow(stream.cname, Flow(arrival, capture, media.delay))

    def set_sync_delay(self, seconds: float) -> None:
        """Hold frames back by so much more, for the sake of another track."""
        media = self._hearing or self._seeing
        if media is not None:
            media.set_sync_delay(seconds)

    def statistics(self) -> list[InboundStatistics]:
        """Return the figures of each stream."""
        now, hearing = asyncio.get_running_loop().time(), self._hearing
        streams = self._streams.values()
        latest = max(streams, key=lambda stream: stream.last_arrival, default=None)
        found = []
        for stream in streams:
            figures = partial(stream.statistics, now, self._answers)
            if self._seeing is not None:
                found.append(figures(pictures=self._seeing.figures(stream)))
            elif hearing is not None and stream is latest:
                found.append(figures(audio=hearing.figures(), sound=hearing.sound()))
            else:
                found.append(figures())
        drops = named(self.drops)
        if hearing is not None:
            drops |= named(hearing.drops)
        if self._recovering is not None:
            drops |= named(self._recovering.drops)
        return [replace(one, drops=drops) for one in found]

    def contributors(self) -> dict[int, tuple[float, int]]:
        """Return by CSRC when it was last heard and the RTP timestamp then (RFC 3550 §5.1)."""
        found: dict[int, tuple[float, int]] = {}
        for stream in self._streams.values():
            found.update(stream.contributors)
        return found

    @property
    def encodings(self) -> tuple[str, ...]:
        """The names of the encodings that have come, of several (RFC 8853)."""
        return () if self._seeing is None else self._seeing.names

    def told_capture(self, source: int, timestamp: int) -> tuple[float | None, float | None]:
        """Return what packets say of when a timestamp of a source, also a CSRC, was captured.

        In seconds: since 1900, and how far that clock is ahead of the sender's.
        """
        for stream in self._streams.values():
            found = stream.told_capture(source, timestamp, asyncio.get_running_loop().time())
            if found is not None:
                offset = None if found.offset is None else found.offset / SECOND
                return found.ntp_time / SECOND, offset
        return None, None

    def select_encoding(self, rid: str) -> None:
        """Decode this encoding of several from now on."""
        if self._seeing is not None:
            self._seeing.select(rid)

    def encoded_frames(self, rid: str | None = None) -> EncodedFrames:
        """Begin to read the track as it comes; nothing is decoded for that.

        Of several encodings `rid` is read, None the one that is selected.
        """
        media = self._hearing or self._seeing
        assert media is not None
        return media.read() if isinstance(media, Hearing) else media.read(rid)

    def set_passage(self, passage: Passage | None) -> None:
        """Have frames go through a program from now on, before anybody reads or decodes them."""
        media = self._hearing or self._seeing
        assert media is not None
        media.passage = passage

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
        self._repairing = payload_types(parameters.codecs, *REPAIRS)
        if self._hearing is not None:
            self._hearing.set_codecs(self._codecs.values())
        if self._recovering is not None:
            self._recovering.agree(parameters)
        transport.set_receiver(self, parameters)
        if self._seeing is not None:
            self._seeing.start(self._codecs.values())

    async def stop(self) -> None:
        """Receive no more; returns always and leaves no task. Calling again changes nothing."""
        if self._transport is not None and self._parameters is not None:
            self._transport.remove_receiver(self, self._parameters.mid)
        self._transport = self._parameters = None
        self._streams.clear()
        self._ended.clear()
        self._repairs.clear()
        self.track.set_muted(True)
        if self._hearing is not None:
            self._hearing.close()
        if self._seeing is not None:
            await self._seeing.stop()
        if self._share_is_own:
            await self._share.close()

    def receive_rtp(self, packet: InboundPacket, encoding: Encoding | None, now: float) -> None:
        """Take a packet of the section; `now` is when it arrived, in seconds."""
        if self._parameters is None or not self._parameters.active:
            self._drops[MediaDrop.INACTIVE] += 1
            return
        codec = self._codecs.get(packet.payload_type)
        if codec is None:
            self._drops[MediaDrop.UNKNOWN_PAYLOAD_TYPE] += 1
            return
        if packet.payload_type in self._repairing:
            self._receive_repair(packet, codec, encoding, now)
            return
        if self._recovering is not None:
            found = self._recovering.unwrap(packet, codec)
            if found is None:
                self._drops[MediaDrop.MALFORMED_PAYLOAD] += 1
                return
            codec = found
        ended = self._ended.get(packet.ssrc)
        if ended is not None and _straggles(packet, *ended, now):
            self._take(ended[0], packet, codec, now)
            return
        stream = self._streams.get(packet.ssrc) or self._add_stream(packet.ssrc, codec, encoding)
        self._note_arrival(stream, now)
        stream.count(packet, codec, now)
        if self.track.muted:
            self.track.set_muted(False)
        self._take(stream, packet, codec, now)

    def receive_rtcp(self, packet: RtcpPacket, now: float) -> None:
        """Take an RTCP packet about the streams being received."""
        if isinstance(packet, SenderReport):
            source = self._streams.get(packet.ssrc) or self._repairs.get(packet.ssrc)
            if source is not None:
                source.note_report(packet, now, self._round_trip or 0.0)
            if self._synchronization is not None:
                self._synchronization.update(now)
        elif isinstance(packet, SourceDescription):
            for ssrc, cname in sdes_names(packet):
                stream = self._streams.get(ssrc)
                if stream is not None and self._transport is not None:
                    stream.cname = cname
                    stream.sender_clock = self._transport.clock_of(cname)
        elif isinstance(packet, Goodbye):
            for ssrc in packet.ssrcs:
                self._end(ssrc, now)
            if not self._streams:
                self.track.set_muted(True)

    def _end(self, ssrc: int, now: float) -> None:
        """Note that a source said BYE."""
        self._repairs.pop(ssrc, None)
        stream = self._streams.pop(ssrc, None)
        if stream is not None:
            self._ended = {
                one: (there, since)
                for one, (there, since) in self._ended.items()
                if now - since <= STRAGGLING
            }
            self._ended[ssrc] = stream, now
        if self._hearing is not None:
            self._hearing.end(ssrc)
        if self._seeing is not None:
            self._seeing.end(ssrc)

    def set_round_trip(self, seconds: float) -> None:
        """Say how long an answer of the peer takes."""
        self._round_trip = seconds
        media = self._hearing or self._seeing
        if media is not None:
            media.set_round_trip(seconds)

    def note_answer(self, measured: float) -> None:
        """Note how long the answer to a reference time of ours took (RFC 3611 §4.5)."""
        self._answers.note(measured)

    def report_blocks(self, now: float) -> list[ReportBlock]:
        """Return a block for each source heard of late; each covers the time since the last."""
        sources: list[InboundStream | RepairStream] = [*self._streams.values()]
        sources += self._repairs.values()
        return [one.report(now) for one in sources if now - one.last_arrival <= MAX_SILENCE]

    def request_keyframe(self, rid: str | None = None) -> None:
        """Ask for a picture that needs no other, until there is one."""
        if self._seeing is not None:
            self._seeing.request_key(rid)

    def _capture_time(self, ssrc: int, timestamp: int) -> float | None:
        stream = self._streams.get(ssrc)
        return None if stream is None else stream.capture_time(timestamp)

    def _times_of(self, moment: Moment, now: float, comes_out: bool) -> FrameTimes:
        """Return the times of a frame of sound, which comes out now or is on its way."""
        stream = self._streams.get(moment.packet.ssrc)
        if stream is None:
            return FrameTimes(moment.timestamp)
        times = stream.times(moment.timestamp, moment.packet.csrcs, moment.arrival, now)
        if comes_out:
            stream.note_played(times, now)
        return times

    def _note_arrival(self, source: InboundStream | RepairStream, now: float) -> None:
        """Have reports begin with a source that is new, or was silent."""
        if now - source.last_arrival > MAX_SILENCE and self._transport is not None:
            self._transport.report_soon()

    def _count_repair(self, packet: InboundPacket, now: float) -> None:
        """Note a packet of a source of retransmissions: those are reported on as well, which
        senders wait for to leave out what says whose they are (RFC 8852 §3.3)."""
        repairs = self._repairs.get(packet.ssrc)
        if repairs is None:
            _make_room(self._repairs)
            repairs = self._repairs[packet.ssrc] = RepairStream(packet.ssrc)
        self._note_arrival(repairs, now)
        repairs.count(packet, now)

    def _add_stream(
        self, ssrc: int, codec: RTCRtpCodecParameters, encoding: Encoding | None
    ) -> InboundStream:
        _make_room(self._streams)
        rid = None if encoding is None else encoding.rid
        stream = self._streams[ssrc] = InboundStream(ssrc, codec.clockRate, rid)
        self._ended.pop(ssrc, None)
        return stream

    def _take(
        self,
        stream: InboundStream,
        packet: InboundPacket,
        codec: RTCRtpCodecParameters,
        now: float,
        *,
        repaired: bool = False,
    ) -> None:
        if self._hearing is not None:
            self._hearing.receive(packet, now, repaired=repaired)
        if self._recovering is not None:
            self._recovering.receive(packet, stream, codec, now, repaired=repaired)

    def _receive_repair(
        self,
        packet: InboundPacket,
        codec: RTCRtpCodecParameters,
        encoding: Encoding | None,
        now: float,
    ) -> None:
        assert self._parameters is not None
        self._count_repair(packet, now)
        if self._recovering is not None and not is_rtx(codec):
            self._recovering.receive_apart(packet, self._streams, now)
            return
        rid = None if encoding is None else encoding.rid
        asking = self._seeing.stream_asking_for if self._seeing else lambda _: None
        stream = find_repaired(packet, rid, self._streams, self._parameters.rtx, asking)
        payload_type = repaired_payload_type(codec)
        media = None if payload_type is None else self._codecs.get(payload_type)
        if stream is None or payload_type is None or media is None or is_rtx(media):
            self._drops[MediaDrop.REPAIRS_NOTHING_KNOWN] += 1
            return
        original = packet.repaired(payload_type, stream.ssrc)
        if original is None:
            # Padding sent to probe for bandwidth.
            return
        if self._recovering is not None:
            media = self._recovering.unwrap(original, media)
        if media is None:
            self._drops[MediaDrop.MALFORMED_PAYLOAD] += 1
            return
        self.packets_repaired += 1
        stream.count_repair(packet)
        self._take(stream, original, media, now, repaired=True)

    def ask_again(self, stream: InboundStream, numbers: Sequence[int]) -> None:
        """Ask for packets of a stream again (NACK, RFC 4585 §6.2.1)."""
        self.nacks_sent += 1
        stream.nacks_sent += 1
        self._send_feedback(lambda us: Nack(us, stream.ssrc, tuple(numbers)))

    def _ask_for_sound(self, ssrc: int, numbers: list[int]) -> None:
        stream = self._streams.get(ssrc)
        if stream is not None:
            self.ask_again(stream, numbers)

    def ask_for_key(self, stream: InboundStream, command: int | None) -> None:
        """Ask for a picture that needs no other: by PLI (RFC 4585 §6.3.1), or by the command of
        that number (FIR, RFC 5104 §4.3.1)."""
        if command is None:
            self.plis_sent += 1
            stream.plis_sent += 1
            self._send_feedback(lambda us: PictureLoss(us, stream.ssrc))
        else:
            stream.firs_sent += 1
            self._send_feedback(lambda us: FullIntraRequest(us, ((stream.ssrc, command),)))

    def _send_feedback(self, make: Callable[[int], RtcpPacket]) -> None:
        """Send what is made with the SSRC that our reports go by."""
        parameters = self._parameters
        if parameters is not None and self._transport is not None:
            packet = make(parameters.rtcp_ssrc)
            self._transport.send_feedback(feedback(packet, parameters.rtcp_ssrc, parameters))


def _make_room(sources: dict[int, Source]) -> None:
    if len(sources) >= MAX_STREAMS:
        del sources[min(sources, key=lambda ssrc: sources[ssrc].last_arrival)]


def _straggles(packet: InboundPacket, stream: InboundStream, since: float, now: float) -> bool:
    """Tell whether a packet was sent before the BYE of its source, which came at `since`.

    It is heard, and does not begin the stream anew. What is later belongs to a source that goes on.
    """
    ticks = signed_difference(packet.timestamp, stream.rtp_timestamp, TIMESTAMP_BITS)
    return now - since <= (REORDERING if ticks > 0 else STRAGGLING)
