"""One encoding of a track of pictures: from its packets to frames that a decoder can take."""

import math

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.rtp import (
    BetweenPictures,
    CaptureTimes,
    Depayloader,
    FrameBuffer,
    FramePlayout,
    KeyRequests,
    NackRequester,
    Piece,
    Place,
    QueueDelay,
    TimeLine,
    VideoFrame,
    make_depayloader,
)

from .described import CLOCK_RATE, Origin
from .inbound import InboundPacket, InboundStream

NOTICEABLE = 0.01
"""Seconds by which answers take longer or shorter for that to matter."""
MAX_STEP_BACK = 0.5
"""Seconds that a picture may be shown before one that was sent earlier (RFC 6184 §5.1)."""


class FollowedEncoding:
    """The packets of one encoding of a track."""

    def __init__(self, capture_times: CaptureTimes | None, *, even: bool) -> None:
        self.line = TimeLine(CLOCK_RATE, max_step_back=MAX_STEP_BACK, capture_times=capture_times)
        self.buffer: FrameBuffer[Origin] = FrameBuffer()
        self.missing = NackRequester()
        self.keys = KeyRequests()
        self.playout: FramePlayout[Origin] = FramePlayout(CLOCK_RATE, even=even)
        self.stream: InboundStream | None = None
        self._between = BetweenPictures()
        self._queue = QueueDelay()
        self._measured: float | None = None
        self._least = self._answer_time = math.inf
        self.key_wanted = False
        """Somebody has asked for a key frame that has not come."""
        self._rotation = 0
        self._depayloaders: dict[int, tuple[RTCRtpCodecParameters, Depayloader]] = {}

    def depayloader(self, codec: RTCRtpCodecParameters) -> Depayloader | None:
        """Return what reads the payloads of a codec, None when nothing does."""
        number = codec.payloadType or 0
        known = self._depayloaders.get(number)
        if known is not None and (known[0] is codec or known[0] == codec):
            return known[1]
        made = make_depayloader(codec.mimeType, codec.parameters)
        if made is not None:
            self._depayloaders[number] = codec, made
        return made

    def place(
        self, packet: InboundPacket, depayloader: Depayloader, now: float, *, repaired: bool
    ) -> Place | None:
        """Find where a packet belongs; None for one that is of no use.

        Another stream takes over with its first key frame.
        """
        may_take_over = self.line.ssrc in (None, packet.ssrc)
        if not may_take_over and packet.payload:
            piece = depayloader.read(packet.payload)
            may_take_over = isinstance(piece, Piece) and piece.announces_key
        return self.line.place(
            packet.ssrc,
            packet.sequence_number,
            packet.timestamp,
            CLOCK_RATE,
            now,
            repaired=repaired,
            may_take_over=may_take_over,
        )

    def take(
        self,
        packet: InboundPacket,
        origin: Origin,
        place: Place,
        depayloader: Depayloader,
        now: float,
        *,
        repaired: bool,
    ) -> bool:
        """Take a packet in; returns whether its payload is well formed."""
        self.stream = origin.stream
        if packet.extensions.playout_delay is not None:
            self.playout.delay.limit(*packet.extensions.playout_delay)
        passed = self._between.note(
            place.number, place.time, packet.payload, depayloader, marker=bool(packet.marker)
        )
        if passed:
            self.missing.leave_out(passed)
        if self.missing.add(place.number, now):
            self.buffer.repairs_ended()
        before = self.buffer.malformed_count
        is_key = self.buffer.insert(
            place.number,
            place.time,
            packet.payload,
            origin,
            depayloader,
            now,
            marker=bool(packet.marker),
            repaired=repaired,
        )
        self.keys.note_packet(now, is_key=is_key)
        if is_key:
            self.missing.key_begins()
        return self.buffer.malformed_count == before

    def set_round_trip(self, seconds: float) -> None:
        """Say how long an answer takes."""
        self._measured, self._least = seconds, min(self._least, seconds)
        self.playout.delay.round_trip = seconds
        self._set_answer_time(seconds)

    def note_arrival(self, packet: InboundPacket, now: float) -> None:
        """Note a packet that came, also one that was sent again: it tells how long that took."""
        sent = packet.extensions.abs_send_time
        if sent is None:
            return
        queued = self._queue.note(sent, now)
        if self._measured is not None:
            expected = max(self._measured, self._least + queued)
            if abs(expected - self._answer_time) > NOTICEABLE:
                self._set_answer_time(expected)

    def _set_answer_time(self, seconds: float) -> None:
        self._answer_time = seconds
        self.missing.round_trip = self.keys.round_trip = self.buffer.round_trip = seconds

    @property
    def is_calm(self) -> bool:
        """Whether the packets so far leave nothing to do, and nothing to wait for but the next."""
        return self.buffer.is_calm and not self.missing and self.playout.deadline() is None

    def frames(self, now: float) -> "list[VideoFrame[Origin]]":
        """Return the frames that are to be decoded now."""
        frames = self.buffer.pull(now)
        self.missing.forget(self.buffer.settled + 1)
        for frame in frames:
            self.keys.note_frame(now)
            frame.rotation = self._rotation = _rotation(frame, self._rotation)
            if frame.is_key:
                self.missing.note_key_frame(len(frame.packets))
            self.playout.insert(frame)
        return self.playout.pull(now)

    def deadline(self, *, asks: bool, key_needed: bool) -> float | None:
        """Return when to look again without a packet; `asks` says that key frames are asked for."""
        deadlines = [
            self.buffer.deadline(),
            self.missing.deadline() if self.buffer.repairs else None,
            self.keys.deadline(needed=key_needed) if asks else None,
            self.playout.deadline(),
        ]
        return min((one for one in deadlines if one is not None), default=None)


def _rotation(frame: "VideoFrame[Origin]", before: int) -> int:
    """Return how far a picture is to be turned clockwise, in degrees (3GPP TS 26.114 §7.4.5).

    Its last packet says so, or one before it; a key frame that does not is upright, any other
    picture as the one `before` it.
    """
    for packet in reversed(frame.packets):
        if packet.orientation is not None:
            return (packet.orientation & 3) * 90
    return 0 if frame.is_key else before
