"""Whole calls over narrow lines, with an encoder that makes what it is asked for."""

import asyncio
import itertools
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from peer import (
    EncodedTrack,
    RTCEncodedVideoFrame,
    RTCEncodedVideoFrameMetadata,
    RTCIceCandidatePairStats,
    RTCOutboundRtpStreamStats,
    RTCRtpSender,
    RTCSessionDescription,
)
from peer.testing import Conditions, Network, PictureTrack, ToneTrack, connect, run
from peer.testing.network import Host
from peer.transports import sender
from peer.transports.encoded import Encoded
from peer.transports.encoding import make_encoder
from peer.transports.outbound import EncodedFrame

RATE = 30
KEY = b"\x10\x00\x00\x9d\x01\x2a"
"""The beginning of a key frame of VP8 (RFC 6386 §9.1)."""


class Measured:
    """What a call is judged by."""

    def __init__(self, host: Host, statistics: Callable[[], Awaitable[Any]]) -> None:
        self._host = host
        self._statistics = statistics

    async def rate(self, seconds: float) -> float:
        """Let time pass; returns the bits per second that entered the line."""
        before = self._host.line.sent.octets
        await asyncio.sleep(seconds)
        return 8 * (self._host.line.sent.octets - before) / seconds

    @property
    def lost(self) -> int:
        """The packets that the line dropped."""
        return self._host.line.sent.lost

    async def video(self) -> RTCOutboundRtpStreamStats:
        """Return the figures of the picture that is sent."""
        report = await self._statistics()
        outbound = (one for one in report.values() if isinstance(one, RTCOutboundRtpStreamStats))
        return next(one for one in outbound if one.kind == "video")

    async def available(self) -> float:
        """Return the estimate."""
        report = await self._statistics()
        pairs = [one for one in report.values() if isinstance(one, RTCIceCandidatePairStats)]
        (found,) = {one.availableOutgoingBitrate for one in pairs if one.availableOutgoingBitrate}
        return found


class FakeEncoder:
    """Makes pictures of the size that a rate leaves them."""

    def __init__(self) -> None:
        self.bitrate = 300_000
        self._timestamp = 0
        self.limits: list[int] = []

    def limit(self, bitrate: int | None, now: float) -> None:
        """Note what is asked for."""
        self.bitrate = bitrate or self.bitrate
        self.limits.append(self.bitrate)

    def note_loss(self, fraction: float, room: int | None) -> None:
        """Take no notice."""

    def leave_out(self, data: Any) -> None:
        """Take no notice."""

    async def encode(self, data: Any, *, keyframe: bool) -> Encoded:
        """Make a picture."""
        is_key = keyframe or not self._timestamp
        self._timestamp += 90_000 // RATE
        size = self.bitrate // 8 // RATE * (3 if is_key else 1)
        frame = EncodedFrame(KEY + bytes(size), self._timestamp, is_key=is_key)
        return Encoded([frame], None, 0.0, data)


Program = Callable[[Measured, Host], Awaitable[None]]


def pretend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pictures encoded by what is none."""

    def make(codec: Any, *arguments: Any, **options: Any) -> Any:
        if codec.mimeType.startswith("video/"):
            return FakeEncoder()
        return make_encoder(codec, *arguments, **options)

    monkeypatch.setattr(sender, "make_encoder", make)


def call(monkeypatch: pytest.MonkeyPatch, link: Conditions, program: Program) -> None:
    """Send sound and pictures over a line, and measure."""
    pretend(monkeypatch)

    async def whole() -> None:
        net = Network(seed=3)
        alice, bob = net.host("alice", link=link), net.host("bob")
        a, b = alice.connection(), bob.connection()
        a.addTrack(ToneTrack())
        a.addTrack(PictureTrack(640, 352, rate=RATE))
        await connect(a, b)
        await program(Measured(alice, a.getStats), alice)
        await asyncio.gather(a.close(), b.close())

    run(whole())


@pytest.mark.parametrize("rate", [250_000, 1_000_000])
def test_a_narrow_line_is_used_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, rate: int
) -> None:
    async def program(measured: Measured, alice: Host) -> None:
        await asyncio.sleep(4)
        lost = measured.lost
        assert 0.85 * rate <= await measured.rate(10) <= rate
        assert measured.lost == lost
        video = await measured.video()
        assert video.qualityLimitationReason == "bandwidth"
        assert 0.75 * rate <= await measured.available() <= 1.1 * rate
        assert video.targetBitrate is not None
        assert video.targetBitrate < await measured.available()
        assert (video.keyFramesEncoded or 0) <= 1 + (video.pliCount or 0)

    call(monkeypatch, Conditions(delay=0.02, rate=rate, queue=0.25), program)


@pytest.mark.slow
def test_a_wide_line_gives_pictures_all_they_can_use(monkeypatch: pytest.MonkeyPatch) -> None:
    async def program(measured: Measured, alice: Host) -> None:
        await asyncio.sleep(3)
        assert 0.75 * 1_700_000 <= await measured.rate(5) <= 2_000_000
        assert (await measured.video()).qualityLimitationReason == "none"

    call(monkeypatch, Conditions(delay=0.02), program)


def test_a_line_that_becomes_narrow_and_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    async def program(measured: Measured, alice: Host) -> None:
        await asyncio.sleep(5)
        alice.line.change(rate=400_000)
        await asyncio.sleep(3)
        lost = measured.lost
        assert await measured.rate(5) >= 0.7 * 400_000
        assert measured.lost - lost <= 5
        await alice.line.outage(3)
        await asyncio.sleep(1)
        assert await measured.rate(5) >= 0.7 * 400_000

    call(monkeypatch, Conditions(delay=0.02, rate=2_000_000, queue=0.25), program)


@pytest.mark.slow
def test_losses_by_chance_do_not_end_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    async def program(measured: Measured, alice: Host) -> None:
        await asyncio.sleep(3)
        assert await measured.rate(20) >= 1_000_000
        video = await measured.video()
        assert 0 < video.retransmittedBytesSent <= 0.2 * video.bytesSent

    call(monkeypatch, Conditions(delay=0.02, loss=0.05), program)


@pytest.mark.parametrize("told", ["transport-cc", "goog-remb", ""])
def test_copies_of_sound_do_not_fill_a_line_that_sound_just_fits_into(told: str) -> None:
    """Losses that a full line makes ask for copies; those are the last thing to send then."""

    def limited(description: RTCSessionDescription) -> RTCSessionDescription:
        dropped = {"transport-cc", "transport-wide-cc", "goog-remb", "abs-send-time"}
        dropped -= {
            "transport-cc": dropped,
            "goog-remb": {"goog-remb", "abs-send-time"},
        }.get(told, set())
        lines = description.sdp.splitlines()
        kept = [line for line in lines if not any(one in line for one in dropped)]
        return RTCSessionDescription(sdp="\r\n".join(kept) + "\r\n", type=description.type)

    async def program() -> None:
        net = Network(seed=3)
        alice = net.host("alice", link=Conditions(delay=0.02, rate=40_000))
        a, b = alice.connection(), net.host("bob").connection()
        a.addTrack(ToneTrack())
        await a.setLocalDescription()
        await asyncio.sleep(1)
        await b.setRemoteDescription(limited(a.localDescription))
        await b.setLocalDescription()
        await asyncio.sleep(1)
        await a.setRemoteDescription(limited(b.localDescription))
        await asyncio.sleep(30)
        assert 30_000 < await Measured(alice, a.getStats).rate(20) < 50_000
        await asyncio.gather(a.close(), b.close())

    run(program())


@pytest.mark.parametrize("wait", [0, 5])
def test_pictures_that_join_on_a_low_estimate_come(wait: float) -> None:
    """Without a picture there is nothing to probe with, and sound alone raises no estimate."""

    async def story() -> None:
        net = Network(seed=2)
        link = Conditions(delay=0.02, rate=60_000, queue=0.3)
        alice, bob = net.host("alice", link=link), net.host("bob")
        a, b = alice.connection(), bob.connection()
        a.addTrack(ToneTrack())
        await connect(a, b)
        await asyncio.sleep(10)
        alice.line.change(rate=None)
        await asyncio.sleep(wait)
        a.addTrack(PictureTrack())
        await connect(a, b)
        measured = Measured(alice, a.getStats)
        await asyncio.sleep(10)
        assert (await measured.video()).packetsSent > 150
        assert await measured.available() > 200_000
        await asyncio.gather(a.close(), b.close())

    run(story(), seed=1)


def test_pictures_share_a_line_by_their_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    """W3C webrtc-priority: each step is worth twice the one below; it may change in a call."""
    pretend(monkeypatch)

    async def target(sender: RTCRtpSender) -> float:
        report = await sender.getStats()
        (sent,) = (one for one in report.values() if isinstance(one, RTCOutboundRtpStreamStats))
        assert sent.targetBitrate is not None
        return sent.targetBitrate

    async def story() -> None:
        net = Network(seed=3)
        link = Conditions(delay=0.02, rate=1_500_000, queue=0.25)
        a, b = net.host("alice", link=link).connection(), net.host("bob").connection()
        first, second = (a.addTrack(PictureTrack(640, 352, rate=RATE)) for _ in range(2))
        await connect(a, b)
        for priority, ratio in (("medium", 2.0), ("low", 1.0), ("very-low", 0.5)):
            parameters = first.getParameters()
            parameters.encodings[0].priority = priority
            await first.setParameters(parameters)
            await asyncio.sleep(3)
            assert await target(first) / await target(second) == pytest.approx(ratio, rel=0.15)
        await asyncio.gather(a.close(), b.close())

    run(story())


class Camera(EncodedTrack):
    """Gives pictures of 1280x720 that are encoded already, as large as it is told."""

    def __init__(self) -> None:
        super().__init__("video", self._film())
        self.bitrate = 300_000

    async def _film(self) -> AsyncIterator[RTCEncodedVideoFrame]:
        for number in itertools.count():
            key = KEY + struct.pack("<HH", 1280, 720) if number == 0 else b"\x11"
            metadata = RTCEncodedVideoFrameMetadata("video/VP8", number * 90_000 // RATE)
            data = key + bytes(self.bitrate // 8 // RATE)
            yield RTCEncodedVideoFrame(data, metadata, "delta" if number else "key")
            await asyncio.sleep(1 / RATE)

    def limit(self, bitrate: int | None) -> None:
        """Hear what can be sent."""
        self.bitrate = bitrate or self.bitrate


def test_what_is_given_encoded_may_take_what_its_size_is_worth() -> None:
    async def story() -> None:
        net = Network(seed=3)
        link = Conditions(delay=0.02, rate=5_000_000, queue=0.25)
        a, b = net.host("alice", link=link).connection(), net.host("bob").connection()
        camera = Camera()
        a.addTrack(camera)
        await connect(a, b)
        await asyncio.sleep(10)
        assert 2_000_000 < camera.bitrate < 2_500_000
        await asyncio.gather(a.close(), b.close())

    run(story())
