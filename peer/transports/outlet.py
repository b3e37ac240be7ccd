"""What one sender sends over a transport: media, repair and padding, within its share."""

import enum
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.rtp import TRANSPORT_WIDE_CC, LossEstimate, PlayoutDelay, ReportBlock
from peer.rtp.congestion import Demand, Layer, LostPacket, Priority, RateMeter, rates_of
from peer.rtp.fec import RepairTime

from .leaving import LeavingPacket
from .outbound import HISTORY, SOUND_HISTORY, EncodedFrame, Labels, OutboundStream
from .pacing import PacedSending
from .parameters import (
    CONGESTION_FEEDBACK,
    FEEDBACK,
    RtpSendParameters,
    event_payload_type,
    extension_numbers,
    has_feedback,
    rtx_payload_types,
)
from .picture_encoder import worth
from .protecting import fec_format
from .rtcp import read_report
from .statistics import RemoteInboundStatistics
from .tones import ToneLine, Tones

ROUND_TRIP = 0.1
"""Seconds of a round trip, until the peer's reports tell."""
MIN_ROUND_TRIP = 0.01
"""Seconds it takes at least, whatever they tell."""
AUDIO_BITRATE = 60_000.0
"""What sound takes with its headers, until it is known; copies of it come after."""
LEAST_AUDIO = 12_000
"""Bits per second with less of which sound is of no use."""
LEAST_VIDEO = 30_000.0
"""With less a picture is of no use."""
PAYLOAD_PART = 0.93
"""Of a share, until it is known what headers take."""
ENOUGH = 0.95
"""Of what pictures can use, that does not hold them back."""
ROOM_TIME = 0.1
"""Seconds for which the room for sound holds, so that its encoder is not set for each packet."""
LEAST_PADDING = 50
"""Bytes for which no padding is made."""


class SendDrop(enum.Enum):
    """Why a frame of the track, or a packet the peer asked for, was not sent."""

    TRACK_FAILED = "track-failed"
    ENCODER_FAILED = "encoder-failed"
    TOO_LARGE = "too-large"
    CONGESTED = "congested"
    TRANSFORMED_AWAY = "transformed-away"
    REPEATED_LATELY = "repeated-lately"
    REPEATED_ENOUGH = "repeated-enough"


class Outlet:
    """The stream of one sender on its way to a transport, with its share of it."""

    def __init__(self, kind: str) -> None:
        self.drops: Counter[SendDrop] = Counter()
        self.stream: OutboundStream | None = None
        self.remote: RemoteInboundStatistics | None = None
        """What the peer reported of the stream."""
        self.loss = LossEstimate()
        self._repair_time = RepairTime()
        self.is_audio = kind == "audio"
        self.is_held_back = False
        """Whether pictures could use more than their latest share."""
        self.waited = 0.0
        """Seconds that packets have waited to leave, all together."""
        self._sending: PacedSending | None = None
        self._parameters: RtpSendParameters | None = None
        self._codec: RTCRtpCodecParameters | None = None
        self._labels: Labels | None = None
        self._rtx_payload_types: dict[int, int] = {}
        self._pixels, self._worth = 0, worth(0)
        self._bound: int | None = None
        self._demand: Demand | None = None
        """What pictures can use, until something of it changes."""
        self._room: int | None = None
        self._room_until = -math.inf
        self._sent = RateMeter()
        self._tones = Tones(self._post_tone)

    def open(
        self,
        sending: PacedSending,
        parameters: RtpSendParameters,
        codec: RTCRtpCodecParameters,
    ) -> OutboundStream:
        """Send by these parameters from now on; returns the stream, which goes on where it can."""
        if self._sending is not sending or (self.stream and self.stream.ssrc != parameters.ssrc):
            self.close()
        if self.stream is None:
            kept = SOUND_HISTORY if self.is_audio else HISTORY
            self.stream = OutboundStream(parameters.ssrc, parameters.rtx_ssrc, kept=kept)
        elif self.stream.ssrc != parameters.ssrc:
            self.stream.change_ssrc(parameters.ssrc)
            self.remote = None
        self.stream.rtx_ssrc = parameters.rtx_ssrc
        extensions = extension_numbers(parameters.header_extensions)
        delay = parameters.playout_delay
        told = None if delay is None else PlayoutDelay(*delay)
        self._labels = Labels(parameters.mid, parameters.rid, extensions, told)
        self._rtx_payload_types = rtx_payload_types(parameters.codecs)
        self.stream.protection.agree(fec_format(parameters, codec))
        self._sending, self._parameters, self._codec = sending, parameters, codec
        self._demand = None
        self._room_until = -math.inf
        if self.tone_line() is None:
            # One that is playing has seconds to go.
            self._tones.stop()
        sending.enroll(self)
        return self.stream

    def close(self) -> None:
        """Send no more; what waits is dropped."""
        self._tones.stop()
        if self._sending is not None:
            self._sending.withdraw(self)
            self._sending = None

    @property
    def ssrc(self) -> int:
        """What the stream goes by."""
        return 0 if self.stream is None else self.stream.ssrc

    @property
    def is_numbered(self) -> bool:
        """Whether its packets have transport-wide numbers that the peer reports."""
        labels, codec = self._labels, self._codec
        if labels is None or codec is None or TRANSPORT_WIDE_CC not in labels.extensions:
            return False
        return has_feedback(codec, FEEDBACK)

    @property
    def is_reported_by_stream(self) -> bool:
        """Whether the peer reports its packets by the numbers of their streams (RFC 8888)."""
        return self._codec is not None and has_feedback(self._codec, *CONGESTION_FEEDBACK)

    @property
    def bound(self) -> int | None:
        """What the peer takes of this stream, in bits per second."""
        return self._bound

    @bound.setter
    def bound(self, bitrate: int | None) -> None:
        if bitrate != self._bound:
            self._bound, self._demand = bitrate, None

    def demand(self, now: float) -> Demand:
        """Return what the stream can use."""
        if self._demand is None or self.is_audio:
            self._demand = self._find_demand(now)
        return self._demand

    def _find_demand(self, now: float) -> Demand:
        parameters = self._parameters
        if parameters is None or not parameters.active:
            return Demand(0.0, 0.0)
        if self.is_audio:
            # What sound does not need, because nobody speaks, is there for pictures.
            needed = self._sent.bitrate(now) or AUDIO_BITRATE
            return Demand(needed, needed, enforced=True)
        if parameters.rid is not None:
            return self._demand_of_layer(parameters)
        limit = self._limit()
        most = min(self._worth * (1 + self._strength), math.inf if limit is None else limit)
        # Without pictures nothing could find out that they fit.
        return Demand(min(LEAST_VIDEO, most), most, parameters.priority, enforced=True)

    def _demand_of_layer(self, parameters: RtpSendParameters) -> Demand:
        """Return what one of several encodings can use: what the application set comes first."""
        rates, configured = rates_of(self._pixels), parameters.max_bitrate
        most = rates.most * (1 + self._strength) if configured is None else configured
        most = min(most, math.inf if self._bound is None else self._bound)
        layer = Layer(parameters.mid, self._pixels, rates.useful, rates.good)
        return Demand(min(LEAST_VIDEO, most), most, parameters.priority, layer=layer)

    @property
    def _strength(self) -> float:
        """How many sums protect each packet."""
        return 0.0 if self.stream is None else self.stream.protection.strength

    def _limit(self) -> int | None:
        """Return what the application and the peer allow, None when neither says."""
        configured = None if self._parameters is None else self._parameters.max_bitrate
        return min((one for one in (configured, self._bound) if one is not None), default=None)

    def note_picture(self, width: int, height: int) -> None:
        """Note how large the pictures are that are to be sent."""
        scale = 1.0 if self._parameters is None else self._parameters.scale_down_by
        pixels = round(width * height / scale**2)
        if pixels != self._pixels:
            self._pixels, self._worth, self._demand = pixels, worth(pixels), None

    def share(self, now: float) -> float:
        """Return what the stream may send with its headers, in bits per second."""
        share = 0.0 if self._sending is None else self._sending.share(self.ssrc, now)
        self.is_held_back = not self.is_audio and share < ENOUGH * self.demand(now).most
        return share

    def bitrate(self, now: float) -> int | None:
        """Return what an encoder may make, in bits per second; None without a limit.

        What headers and repair take of the share is measured. The share of sound is what it takes:
        it has `room`.
        """
        parameters = self._parameters
        if parameters is None or self.is_audio:
            return None if parameters is None else self._limit()
        self._sent.advance(now)
        part = PAYLOAD_PART
        if self._sent.octets:
            part = max(0.5, self._sent.useful / self._sent.octets)
        part = min(part, 1 / (1 + self._strength))
        # What waits is to have left within a second.
        part *= max(0.5, 1 - self.backlog())
        return int(part * self.share(now))

    def room(self, now: float) -> int | None:
        """Return what sound may take with copies of it, in bits per second without headers.

        None for pictures, and where nothing is known.
        """
        if self._sending is None or not self.is_audio:
            return None
        if now >= self._room_until:
            self._room, self._room_until = self._find_room(self._sending, now), now + ROOM_TIME
        return self._room

    def _find_room(self, sending: PacedSending, now: float) -> int | None:
        self._sent.advance(now)
        headers = 8 * (self._sent.octets - self._sent.useful)
        share = sending.room_for_audio(max(AUDIO_BITRATE, headers + (self._limit() or 0)))
        return None if share is None else max(LEAST_AUDIO, int(share - headers))

    @property
    def target(self) -> float:
        """What all streams of the transport may send, in bits per second; 0 before it is known."""
        return 0.0 if self._sending is None else self._sending.bitrate or 0.0

    def backlog(self) -> float:
        """Return the seconds in which what waits on the transport will have left."""
        return 0.0 if self._sending is None else self._sending.backlog()

    def drop_waiting(self) -> None:
        """Send nothing of what waits: a picture follows that needs none of it."""
        if self._sending is not None:
            self._sending.drop(self.ssrc)

    def transmit(self, frame: EncodedFrame, codec: RTCRtpCodecParameters, now: float) -> bool:
        """Send a frame; False when it is not. ConnectionError when not connected."""
        sending, stream, labels = self._sending, self.stream, self._labels
        if sending is None or stream is None or labels is None or codec.payloadType is None:
            return False
        if self._tones.playing:
            return False
        if self.loss.fraction or stream.protection.strength:
            self._measure_path(stream, now)
        packets = stream.packetize(frame, codec, labels, now)
        if not packets:
            self.drops[SendDrop.TOO_LARGE] += 1
            return False
        self._count(packets, now, repeated=False)
        if self.is_audio:
            sending.post(packets, Priority.AUDIO, stream.ssrc, now)
            return True
        sums = stream.sums(labels, now, is_key=frame.is_key)
        self._count(sums, now, repeated=True)
        sending.post([*packets, *sums], Priority.VIDEO, stream.ssrc, now)
        return True

    def _measure_path(self, stream: OutboundStream, now: float) -> None:
        """Protect pictures as much as what is lost, and how long repair takes, make it worth."""
        round_trip = None if self.remote is None else self.remote.round_trip_time
        if round_trip is not None and not self.is_audio:
            self._repair_time.advance(now)
            round_trip = max(round_trip, self._repair_time.round_trip)
            bitrate, before = self._sent.bitrate(now), self._strength
            stream.protection.measure(self.loss.fraction, round_trip, bitrate)
            if self._strength != before:
                self._demand = None

    def tone_line(self) -> ToneLine | None:
        """Return what tones can be sent on now, None while they cannot."""
        parameters, codec, stream, labels = (
            self._parameters,
            self._codec,
            self.stream,
            self._labels,
        )
        if parameters is None or codec is None or stream is None or labels is None:
            return None
        payload_type = event_payload_type(parameters.codecs, codec)
        if payload_type is None or not parameters.active or self._sending is None:
            return None
        return ToneLine(stream, labels, payload_type, codec.clockRate)

    def play(self, key: str, seconds: float) -> None:
        """Send the tone of a key in place of sound, where that is possible."""
        line = self.tone_line()
        if line is not None:
            self._tones.play(key, seconds, line)

    def _post_tone(self, packet: LeavingPacket, now: float) -> None:
        if self._sending is not None:
            self._count([packet], now, repeated=False)
            with suppress(ConnectionError):
                self._sending.post([packet], Priority.AUDIO, self.ssrc, now)

    def repeat(self, lost: Iterable[int], now: float) -> bool:
        """Send packets again, each once in a round trip and all within the budget for repair.

        False when there is no room in that for all of them.
        """
        stream = self.stream
        if stream is None:
            return True
        refused = stream.repeats_refused
        round_trip = (self.remote and self.remote.round_trip_time) or ROUND_TRIP
        due = stream.due(lost, now, max(MIN_ROUND_TRIP, round_trip))
        self.drops[SendDrop.REPEATED_LATELY] += stream.repeats_refused - refused
        return self._repeat(due, now)

    def repair(self, lost: Iterable[LostPacket], now: float) -> bool:
        """Send again what a report says did not arrive: requests are lost as well, and come late.

        False when there is no room in the budget for all of it.
        """
        stream = self.stream
        return stream is None or self._repeat(stream.missing(lost), now, reported=True)

    def _repeat(self, due: Sequence[int], now: float, *, reported: bool = False) -> bool:
        sending, stream, labels = self._sending, self.stream, self._labels
        if sending is None or stream is None or labels is None:
            return True
        priority = Priority.AUDIO_REPAIR if self.is_audio else Priority.VIDEO_REPAIR
        for position, number in enumerate(due):
            sent = stream.sent(number)
            size = 0 if sent is None else sent.size
            if not sending.may_repeat(size, now):
                self.drops[SendDrop.REPEATED_ENOUGH] += len(due) - position
                return False
            again = stream.was_repeated(number)
            if sent is not None and not again:
                self._repair_time.note(now - sent.left, now)
            again &= reported
            twice = not self.is_audio and sending.may_repeat_twice(size, now, again=again)
            packets = stream.repeat(number, self._rtx_payload_types, labels, now, count=1 + twice)
            self._count(packets, now, repeated=True)
            sending.post(packets, priority, stream.ssrc, now)
        return True

    def note_report(self, block: ReportBlock, now: float) -> None:
        """Note what the peer reports, if it is about this stream."""
        stream, before = self.stream, self.remote
        if stream is None or block.ssrc != stream.ssrc:
            return
        clock_rate = 1 if self._codec is None else self._codec.clockRate
        after = read_report(block, before, stream.first_sequence_number, clock_rate, now)
        self.remote = after
        self.loss.note(block.fraction_lost / 256, now)
        if self._sending is not None and before is not None:
            lost = after.packets_lost - before.packets_lost
            received = (after.packets_received or 0) - (before.packets_received or 0)
            is_measured = after.round_trip_times > before.round_trip_times
            round_trip = after.round_trip_time if is_measured else None
            self._sending.note_loss(lost, lost + received, round_trip, now)

    def pad(self, size: int) -> Sequence[LeavingPacket]:
        """Return packets that were sent, as retransmissions that nobody asked for."""
        stream, labels = self.stream, self._labels
        if stream is None or labels is None or self.is_audio:
            return ()
        if size < LEAST_PADDING or not (self.is_numbered or self.is_reported_by_stream):
            return ()
        packet = stream.pad(size, self._rtx_payload_types, labels)
        return () if packet is None else (packet,)

    def note_wait(self, seconds: float) -> None:
        """Note how long a packet that leaves has waited."""
        self.waited += seconds

    def _count(self, packets: Sequence[LeavingPacket], now: float, *, repeated: bool) -> None:
        if not packets:
            return
        size = payload = 0
        for packet in packets:
            size += packet.size
            payload += packet.payload_size
        self._sent.add(size, now, 0 if repeated else payload)
