"""One outgoing RTP stream: numbers, timestamps, header extensions, history."""

import itertools
import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.records import dataclass
from peer.rtp import (
    ABS_CAPTURE_TIME,
    MAX_PACKET,
    RTX_HEADER,
    TIMESTAMP_BITS,
    VIDEO_ORIENTATION,
    AudioLevel,
    CaptureStamps,
    ExtensionMap,
    HeaderExtensions,
    Packetizer,
    PlayoutDelay,
    RtpPacket,
    SenderReport,
    TemporalLayer,
    TonePacket,
    make_packetizer,
    signed_difference,
    wrap,
)
from peer.rtp.congestion import LostPacket

from .leaving import HEADERS_BELOW, Extension, Extensions, LeavingPacket
from .ntp import SECOND, ntp_time
from .protecting import StreamProtection
from .repair_source import RepairSource, first_sequence_number

HISTORY = 600
"""Packets that can be asked for again, as in libwebrtc; more of those that were made of late."""
SOUND_HISTORY = 50
"""The same of sound: what is older than `HISTORY_TIME` would come too late to be heard."""
HISTORY_TIME = 2.0
"""Seconds that make a packet one of late."""
MAX_HISTORY = 9600
MAX_HISTORY_BYTES = 2 << 20
"""Packets, and bytes of their payloads, that can be asked for again at most."""
MAX_STEP, MAX_STEP_BACK = 10.0, 1.0
"""Seconds from one frame of a source to the next, more than which are another source's."""
MAX_UNSPLIT = 1400
"""Bytes of a whole packet whose payload cannot be split; MAX_PACKET where it can."""
PADDING_CHOICE = 20
"""Latest packets from which padding is chosen."""


class EncodedFrame(NamedTuple):
    """What an encoder made of a frame; `timestamp` counts the codec's clock, from any origin.

    `audio_level` is in dBov, -127..0, and `voice` tells that there may be one (RFC 6464). `marker`
    is that of its packets; None marks the last of them, as for pictures. `is_key` is that of a
    picture that needs no other. With `payload_type` it carries copies of those before it as well,
    in that format (RFC 2198).
    `captured` is when the track gave it, on the loop's clock. `quantizer` is that of a picture, in
    its codec's numbers, `target` the bytes its encoder aimed at, and `layer` its place among
    temporal layers. It is upright after a `rotation` of so many degrees clockwise.
    """

    data: bytes
    timestamp: int
    audio_level: int | None = None
    voice: bool = True
    marker: bool | None = None
    is_key: bool = False
    payload_type: int | None = None
    captured: float | None = None
    quantizer: int | None = None
    target: float | None = None
    rotation: int = 0
    layer: TemporalLayer | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """What packets say of themselves besides their media (RFC 8843 §15, RFC 8852)."""

    mid: str
    rid: str | None
    extensions: ExtensionMap
    playout_delay: PlayoutDelay | None = None


class _Repeats(NamedTuple):
    """What became of a packet that was lost: `copies` are those that may still arrive."""

    copies: tuple[LeavingPacket, ...]
    latest: float = -math.inf


class OutboundStream:
    """The packets of one SSRC, numbered on through stops, tracks and transports."""

    def __init__(self, ssrc: int, rtx_ssrc: int | None, *, kept: int = HISTORY) -> None:
        """Make one that keeps the latest `kept` packets, and others of late."""
        self.rtx_ssrc = rtx_ssrc
        self.protection = StreamProtection()
        self._rtx = RepairSource(rtx_ssrc)
        self._origin: int | None = None
        self._last_timestamp = secrets.randbits(32)
        self._clock_rate = 0
        self._last_time: float | None = None
        self._history: dict[int, LeavingPacket] = {}
        self._kept = kept
        self._repeats: dict[int, _Repeats] = {}
        self._packetizers: dict[tuple[str, object], Packetizer] = {}
        self._latest_packetizer: tuple[RTCRtpCodecParameters, Packetizer] | None = None
        self._rotation = 0
        self._labels: Labels | None = None
        self._tells_capture = self._tells_rotation = False
        self._extensions: dict[tuple[int | None, bool], Extensions] = {}
        self.change_ssrc(ssrc)

    def change_ssrc(self, ssrc: int) -> None:
        """Send by another SSRC (RFC 3550 §8.2): it is counted anew, and its time line goes on.

        The first frame from then on must be a key frame.
        """
        self.ssrc = ssrc
        self.packets_sent = self.octets_sent = self.header_octets_sent = 0
        self.packets_repeated = self.octets_repeated = self.repeats_refused = 0
        self.packets_redundant = 0
        self.first_sequence_number = self._sequence_number = first_sequence_number()
        self._stamps = CaptureStamps()
        self._forget_all()
        self.protection.begin_anew()

    @property
    def last_time(self) -> float | None:
        """When the latest frame was made packets of, in seconds."""
        return self._last_time

    def rebase(self) -> None:
        """The next frame counts from another origin: another track, or another encoder."""
        self._origin = None

    def packetize(
        self, frame: EncodedFrame, codec: RTCRtpCodecParameters, labels: Labels, now: float
    ) -> list[LeavingPacket]:
        """Return the packets of a frame; `now` is in seconds.

        None when it cannot be sent: it is empty, or has a part that is too large and whole.
        """
        captured = now if frame.captured is None else frame.captured
        timestamp = self.place(frame.timestamp, codec.clockRate, captured)
        self._clock_rate = codec.clockRate
        headers = self._headers(frame, labels, timestamp, captured, now)
        # What is left free in packets is for what repairs them.
        reserve, is_protected = 0, self.protection.strength > 0
        if is_protected:
            reserve = self.protection.reserve(headers.between.header_size)
        elif self.rtx_ssrc is not None:
            reserve = RTX_HEADER
        room = headers.room(MAX_PACKET - reserve)
        payloads = self._packetizer(codec).pack(frame.data, room, frame.layer)
        header = headers.between.header_size + reserve
        if header + max(map(len, payloads), default=0) > MAX_UNSPLIT:
            return []
        if frame.is_key:
            # What came before is not needed any more, however much of it is missing.
            self._forget_all()
        payload_type = codec.payloadType or 0
        if frame.payload_type is not None:
            payload_type = frame.payload_type
            self.packets_redundant += len(payloads)
        packets = self._make(payloads, payload_type, timestamp, headers, frame.marker)
        if is_protected:
            packets = [
                self._protected(packet, headers.of(position, len(packets)))
                for position, packet in enumerate(packets)
            ]
        self._remember(packets)
        return packets

    def _protected(self, packet: LeavingPacket, said: Extension) -> LeavingPacket:
        """Return a packet as it is sent where sums follow it."""
        media = packet.read()
        self.protection.wrap(media)
        return LeavingPacket.of(media, said, packet.carries)

    def _headers(
        self, frame: EncodedFrame, labels: Labels, timestamp: int, captured: float, now: float
    ) -> Extensions:
        capture = orientation = None
        usual = self._usual(frame, labels)
        if self._tells_capture:
            ntp = ntp_time() - round((now - captured) * SECOND)
            capture = self._stamps.stamp(timestamp, self._clock_rate, ntp, now)
        if self._tells_rotation and self._must_tell_rotation(frame):
            orientation = frame.rotation // 90
        if capture is None and orientation is None:
            return usual
        said = _sayings(frame, labels)
        said.capture_time = capture
        first = Extension.of(said, labels.extensions)
        said.orientation = orientation
        single = Extension.of(said, labels.extensions)
        said.capture_time = None
        last = Extension.of(said, labels.extensions)
        return Extensions(usual.between, first, last, single)

    def _must_tell_rotation(self, frame: EncodedFrame) -> bool:
        """Tell whether a picture is to say how far it is to be turned (3GPP TS 26.114 §7.4.5).

        Key frames and changes are; so is all that is not upright, since libwebrtc takes for upright
        what says nothing.
        """
        changed = frame.rotation != self._rotation
        self._rotation = frame.rotation
        return frame.is_key or changed or bool(frame.rotation)

    def sums(self, labels: Labels, now: float, *, is_key: bool) -> list[LeavingPacket]:
        """Return what protects the picture that was made packets of last, and others before it."""
        protection = self.protection
        if not protection.strength:
            return []
        extension = self._usual(EncodedFrame(b"", 0), labels).between
        sums = []
        for payload in protection.payloads(self.ssrc, now, is_key=is_key):
            place = protection.next_place()
            if place is None:
                place = self.ssrc, self._sequence_number
                self._sequence_number = self._sequence_number + 1 & 0xFFFF
                self.packets_sent += 1
                self.octets_sent += len(payload)
            packet = extension.packet(protection.payload_type, place, self._last_timestamp, payload)
            protection.count(packet.payload_size)
            self.header_octets_sent += packet.header_size
            sums.append(packet)
        return sums

    def event(
        self, tone: TonePacket, payload_type: int, timestamp: int, labels: Labels
    ) -> LeavingPacket:
        """Return a packet of a tone, which has the time of its begin (RFC 4733 §2.2.1)."""
        said = self._usual(EncodedFrame(tone.payload, 0), labels)
        made = self._make([tone.payload], payload_type, timestamp & 0xFFFFFFFF, said, tone.first)
        self._remember(made)
        return made[0]

    def _usual(self, frame: EncodedFrame, labels: Labels) -> Extensions:
        """Return what the packets of a frame say, written once for all that say the same."""
        if labels is not self._labels:
            self._labels = labels
            self._tells_capture = ABS_CAPTURE_TIME in labels.extensions
            self._tells_rotation = VIDEO_ORIENTATION in labels.extensions
            self._extensions.clear()
        said = (frame.audio_level, frame.voice)
        written = self._extensions.get(said)
        if written is None:
            each = Extension.of(_sayings(frame, labels), labels.extensions)
            written = self._extensions[said] = Extensions(each, each, each, each)
        return written

    def _make(
        self,
        payloads: Sequence[bytes],
        payload_type: int,
        timestamp: int,
        said: Extensions,
        marker: bool | None,
    ) -> list[LeavingPacket]:
        """Make the next packets, those of one frame; without `marker` the last of them has it."""
        # They can be sent again unasked where retransmissions were agreed.
        again = self.rtx_ssrc is not None
        place = self.ssrc, self._sequence_number
        self._sequence_number = self._sequence_number + len(payloads) & 0xFFFF
        return said.packets(payloads, payload_type, place, timestamp, marker=marker, again=again)

    def _packetizer(self, codec: RTCRtpCodecParameters) -> Packetizer:
        """Return that of a format; it counts on through other tracks, formats and encoders."""
        latest = self._latest_packetizer
        if latest is not None and latest[0] is codec:
            return latest[1]
        key = (codec.mimeType.lower(), codec.parameters.get("packetization-mode"))
        if key not in self._packetizers:
            self._packetizers[key] = make_packetizer(
                codec.mimeType, codec.parameters, picture_id=secrets.randbits(15)
            )
        self._latest_packetizer = codec, self._packetizers[key]
        return self._packetizers[key]

    def _remember(self, packets: Sequence[LeavingPacket]) -> None:
        """Keep the packets that were made last."""
        now, history = self._last_time or 0.0, self._history
        for number, packet in enumerate(packets, self._sequence_number - len(packets)):
            packet.made = now
            history[number & 0xFFFF] = packet
        octets = sum([packet.payload_size for packet in packets])
        self.packets_sent += len(packets)
        self.octets_sent += octets
        headers = sum([packet.size for packet in packets]) - octets
        self.header_octets_sent += headers - HEADERS_BELOW * len(packets)
        self._history_bytes += octets
        self._forget(now)

    def _forget_all(self) -> None:
        self._history.clear()
        self._history_bytes = 0
        self._repeats.clear()

    def _forget(self, now: float) -> None:
        """Forget the oldest packets that there are too many of."""
        history, count, size = self._history, len(self._history), self._history_bytes
        gone = []
        for number, sent in history.items():
            if count <= self._kept and size <= MAX_HISTORY_BYTES:
                break
            is_full = count > MAX_HISTORY or size > MAX_HISTORY_BYTES
            if count == 1 or not (is_full or sent.made < now - HISTORY_TIME):
                break
            gone.append(number)
            count -= 1
            size -= sent.payload_size
        for number in gone:
            del history[number]
            self._repeats.pop(number, None)
        self._history_bytes = size

    def due(self, lost: Iterable[int], now: float, round_trip: float) -> list[int]:
        """Return which of these packets are to be repeated now, the oldest first.

        Each is once in a round trip, and not before it has left; both are in seconds.
        """
        due = []
        wanted = self._history.keys() & set(lost)
        for number in sorted(wanted, key=lambda one: (one - self._sequence_number) & 0xFFFF):
            repeats = self._repeats.get(number)
            is_early = repeats is not None and now - repeats.latest < round_trip
            if not is_early and self._history[number].number is not None:
                due.append(number)
            else:
                self.repeats_refused += 1
        return due

    def missing(self, lost: Iterable[LostPacket]) -> list[int]:
        """Note lost packets; returns what cannot arrive any more unless it is sent again."""
        missing = []
        for number, carried in lost:
            sent = self._history.get(carried.sequence_number)
            if sent is None:
                continue
            repeats = self._repeats.get(carried.sequence_number) or _Repeats((sent,))
            left = tuple(one for one in repeats.copies if one.number != number)
            if len(left) < len(repeats.copies):
                self._repeats[carried.sequence_number] = repeats._replace(copies=left)
                if not left:
                    missing.append(carried.sequence_number)
        return missing

    def was_repeated(self, sequence_number: int) -> bool:
        """Tell whether a packet was sent again already."""
        repeats = self._repeats.get(sequence_number)
        return repeats is not None and repeats.latest > -math.inf

    def sent(self, sequence_number: int) -> LeavingPacket | None:
        """Return a packet as it was sent, None when that was too long ago."""
        return self._history.get(sequence_number)

    def repeat(
        self,
        sequence_number: int,
        rtx_payload_types: Mapping[int, int],
        labels: Labels,
        now: float,
        *,
        count: int = 1,
    ) -> list[LeavingPacket]:
        """Return a packet again, as retransmissions when those were agreed (RFC 4588).

        Nothing when it was sent too long ago.
        """
        sent = self._history.get(sequence_number)
        if sent is None:
            return []
        packet = sent.read()
        rtx_payload_type = rtx_payload_types.get(packet.payload_type)
        if rtx_payload_type is None or self.rtx_ssrc is None:
            copies = [sent.again() for _ in range(count)]
        else:
            copies = [
                self._retransmit(packet, rtx_payload_type, self.rtx_ssrc, labels)
                for _ in range(count)
            ]
        self._repeats[sequence_number] = _Repeats(tuple(copies), now)
        for copy in copies:
            self._count_repeated(sent, copy)
        return copies

    def pad(
        self, size: int, rtx_payload_types: Mapping[int, int], labels: Labels
    ) -> LeavingPacket | None:
        """Return a retransmission of about so many bytes that nobody asked for.

        None when nothing of the kind was sent.
        """
        if self.rtx_ssrc is None or not self._history:
            return None
        recent = itertools.islice(reversed(self._history.values()), PADDING_CHOICE)
        sent = min(recent, key=lambda one: abs(one.size - size))
        packet = sent.read()
        rtx_payload_type = rtx_payload_types.get(packet.payload_type)
        if rtx_payload_type is None:
            return None
        leaving = self._retransmit(packet, rtx_payload_type, self.rtx_ssrc, labels)
        self._count_repeated(sent, leaving)
        return leaving

    def _count_repeated(self, sent: LeavingPacket, leaving: LeavingPacket) -> None:
        self.packets_repeated += 1
        self.octets_repeated += sent.payload_size
        self.header_octets_sent += len(leaving) - sent.payload_size

    def _retransmit(
        self, packet: RtpPacket, payload_type: int, ssrc: int, labels: Labels
    ) -> LeavingPacket:
        said = labels.extensions.read(packet.profile, packet.extension)
        said.mid, said.rid, said.repaired_rid = labels.mid, None, labels.rid
        if self._rtx.ssrc != ssrc:
            self._rtx = RepairSource(ssrc)
        number, extension = self._rtx.next_number(), Extension.of(said, labels.extensions)
        again = wrap(packet, payload_type, ssrc, number, (extension.profile, extension.body))
        self._rtx.count(len(again.payload))
        return LeavingPacket.of(again, extension, (self.ssrc, packet.sequence_number))

    def reports(self, now: float) -> list[SenderReport]:
        """Return a sender report for each SSRC that has sent, the media's first.

        Both times are those of now, whenever it sent last (RFC 3550 §6.4.1).
        """
        timestamp = self.timestamp(now, self._clock_rate)
        sent = [(self.ssrc, self.packets_sent, self.octets_sent)]
        for ssrc, repair in (
            (self.rtx_ssrc, self._rtx),
            (self.protection.ssrc, self.protection.source),
        ):
            if ssrc is not None and ssrc == repair.ssrc:
                sent.append((ssrc, repair.packets, repair.octets))
        return [
            SenderReport(
                ssrc=ssrc,
                ntp_time=ntp_time(),
                rtp_timestamp=timestamp,
                packets=packets & 0xFFFFFFFF,
                octets=octets & 0xFFFFFFFF,
            )
            for ssrc, packets, octets in sent
            if packets
        ]

    def timestamp(self, now: float, clock_rate: int) -> int:
        """Return what the time of the stream is now, whenever it sent last."""
        elapsed = 0.0 if self._last_time is None else max(0.0, now - self._last_time)
        return self._last_timestamp + round(elapsed * clock_rate) & 0xFFFFFFFF

    def place(self, timestamp: int, clock_rate: int, now: float) -> int:
        """Put a frame on the stream's time line, which goes on through changes of origin.

        What steps back or ahead by more than pictures and pauses do has another origin; so has what
        stands still while more time passes, as sound that nobody encoded.
        """
        if self._origin is not None:
            step = signed_difference(self._origin + timestamp, self._last_timestamp, TIMESTAMP_BITS)
            passed = 0.0 if self._last_time is None else now - self._last_time
            least = max(-MAX_STEP_BACK, passed - MAX_STEP)
            if not least * clock_rate <= step <= MAX_STEP * clock_rate:
                self._origin = None
        if self._origin is None:
            elapsed = (
                0
                if self._last_time is None
                else max(1, round((now - self._last_time) * clock_rate))
            )
            self._origin = self._last_timestamp + elapsed - timestamp
        self._last_time = now
        self._last_timestamp = (self._origin + timestamp) & 0xFFFFFFFF
        return self._last_timestamp


def _sayings(frame: EncodedFrame, labels: Labels) -> HeaderExtensions:
    said = HeaderExtensions()
    said.mid, said.rid, said.playout_delay = labels.mid, labels.rid, labels.playout_delay
    # Both are written when the packet leaves.
    said.abs_send_time = said.transport_sequence_number = 0
    if frame.audio_level is not None:
        said.audio_level = AudioLevel(-frame.audio_level, frame.voice)
    return said
