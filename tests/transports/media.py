"""Tracks, frames and parameters for the tests of RTP."""

import asyncio
import fractions

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcrtpparameters import (
    RTCRtcpFeedback,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
)
from av import AudioFrame, VideoFrame
from av.frame import Frame

from peer.rtp import ClockOffset, SenderClocks
from peer.transports.inbound import InboundPacket
from peer.transports.pacing import PacedSending
from peer.transports.parameters import (
    RtpReceiveParameters,
    RtpSendParameters,
    extension_numbers,
)
from peer.transports.receiver import RtpReceiver
from peer.transports.sender import RtpSender

FEEDBACK = [
    RTCRtcpFeedback("nack"),
    RTCRtcpFeedback("nack", "pli"),
    RTCRtcpFeedback("goog-remb"),
]
OPUS = RTCRtpCodecParameters("audio/opus", 48000, 2, 111)
PCMU = RTCRtpCodecParameters("audio/PCMU", 8000, 1, 0)
VP8 = RTCRtpCodecParameters("video/VP8", 90000, None, 96, FEEDBACK)
RTX = RTCRtpCodecParameters("video/rtx", 90000, None, 97, parameters={"apt": 96})
EVENTS = RTCRtpCodecParameters("audio/telephone-event", 8000, 1, 110)
MID = RTCRtpHeaderExtensionParameters(1, "urn:ietf:params:rtp-hdrext:sdes:mid")
LEVEL = RTCRtpHeaderExtensionParameters(2, "urn:ietf:params:rtp-hdrext:ssrc-audio-level")
SEND_TIME = RTCRtpHeaderExtensionParameters(
    3, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
)
RID = RTCRtpHeaderExtensionParameters(4, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id")
REPAIRED = RTCRtpHeaderExtensionParameters(
    5, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
)
EXTENSIONS = (MID, LEVEL, SEND_TIME, RID, REPAIRED)
NUMBERS = extension_numbers(EXTENSIONS)


def now() -> float:
    """The time of the loop."""
    return asyncio.get_running_loop().time()


def read_rtp(data: bytes) -> InboundPacket:
    """Return what a packet says."""
    packet = InboundPacket.read(data, NUMBERS)
    assert isinstance(packet, InboundPacket)
    return packet


def repeated(packet: InboundPacket, number: int = 5, ssrc: int = 8) -> InboundPacket:
    """Return a retransmission of a packet (RFC 4588 §4)."""
    payload = packet.sequence_number.to_bytes(2, "big") + packet.payload
    return InboundPacket(97, packet.marker, number, packet.timestamp, ssrc, payload, header_size=12)


def send_parameters(mid: str, ssrc: int, **changes: object) -> RtpSendParameters:
    """How to send audio ("a...") or video, by the mid's first letter."""
    codecs = (OPUS,) if mid.startswith("a") else (VP8, RTX)
    values: dict[str, object] = {
        "mid": mid,
        "codecs": codecs,
        "header_extensions": EXTENSIONS,
        "ssrc": ssrc,
        "cname": "tests",
    }
    return RtpSendParameters(**{**values, **changes})  # type: ignore[arg-type]


def receive_parameters(mid: str, **changes: object) -> RtpReceiveParameters:
    """How to receive audio ("a...") or video, by the mid's first letter."""
    codecs = (OPUS,) if mid.startswith("a") else (VP8, RTX)
    values: dict[str, object] = {
        "mid": mid,
        "codecs": codecs,
        "header_extensions": EXTENSIONS,
        "rtcp_ssrc": 99,
        "cname": "tests",
    }
    return RtpReceiveParameters(**{**values, **changes})  # type: ignore[arg-type]


class PushedTrack(MediaStreamTrack):
    """A track that has what the test puts into it."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.waiting: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.read = 0
        self._pts = 0

    def push(self, count: int = 1) -> None:
        """Add frames, 20 ms of audio or 33 ms of video each."""
        for _ in range(count):
            self.waiting.put_nowait(self._make())

    def end(self) -> None:
        """Let the track end after what it has."""
        self.waiting.put_nowait(None)

    async def recv(self) -> Frame:
        """Return the next frame."""
        frame = await self.waiting.get()
        if frame is None:
            self.stop()
            raise MediaStreamError
        self.read += 1
        return frame

    def _make(self) -> Frame:
        frame: AudioFrame | VideoFrame
        if self.kind == "audio":
            frame = AudioFrame(format="s16", layout="mono", samples=960)
            frame.sample_rate = 48000
            frame.time_base = fractions.Fraction(1, 48000)
            frame.pts, self._pts = self._pts, self._pts + 960
        else:
            frame = VideoFrame(width=64, height=48)
            frame.time_base = fractions.Fraction(1, 90000)
            frame.pts, self._pts = self._pts, self._pts + 3000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        return frame


class Recorder:
    """A transport that keeps what is sent, and hands nothing to anybody by itself."""

    def __init__(self, *, connected: bool = True) -> None:
        self.up = connected
        self.rtp: list[InboundPacket] = []
        self.rtcp: list[bytes] = []
        self.receivers: dict[str, RtpReceiver] = {}
        self.sending = PacedSending(self._send_rtp)
        self.clocks = SenderClocks()
        self.senders: dict[str, RtpSender] = {}
        self.hurries = 0

    @property
    def connected(self) -> bool:
        """Tell whether packets can be sent."""
        return self.up

    def set_receiver(self, receiver: RtpReceiver, parameters: RtpReceiveParameters) -> None:
        """Note the receiver of a section."""
        self.receivers[parameters.mid] = receiver

    def remove_receiver(self, receiver: RtpReceiver, mid: str) -> None:
        """Forget it."""
        assert self.receivers.pop(mid) is receiver

    def set_sender(self, sender: RtpSender, parameters: RtpSendParameters) -> None:
        """Note the sender of a section."""
        self.senders[parameters.name] = sender

    def remove_sender(self, sender: RtpSender, name: str) -> None:
        """Forget it."""
        assert self.senders.pop(name) is sender

    def _send_rtp(self, *packets: bytes) -> None:
        self._require_connection()
        self.rtp += map(read_rtp, packets)

    def send_rtcp(self, data: bytes) -> None:
        """Keep a compound."""
        self._require_connection()
        self.rtcp.append(data)

    def send_feedback(self, data: bytes) -> None:
        """Keep feedback, which is lost while nothing can be sent."""
        if self.up:
            self.rtcp.append(data)

    def report_soon(self) -> None:
        """Count how often reports are wanted."""
        self.hurries += 1

    def clock_of(self, cname: str) -> ClockOffset:
        """Return the clock of a sender."""
        return self.clocks.clock_of(cname)

    def _require_connection(self) -> None:
        if not self.up:
            raise ConnectionError("not connected")
