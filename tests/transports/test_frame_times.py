"""When frames were captured, and when they came."""

import asyncio
from datetime import UTC, datetime

import pytest
from av import AudioFrame, VideoFrame
from av.frame import Frame

from peer import (
    FrameTimes,
    PcmTrack,
    RTCConfiguration,
    RTCInboundRtpStreamStats,
    RTCPeerConnection,
    frame_times,
)
from peer.net import wall_time
from peer.testing import Conditions, Network, PictureTrack, connect, picture_number, run
from peer.transports import MediaConfig
from tests.media.tones import speech

DELAY = 0.04
RATE = 15


def test_what_nobody_received_has_no_times() -> None:
    frame = VideoFrame(16, 16)
    assert frame_times(frame) is None
    frame.opaque = "something of the program's own"
    assert frame_times(frame) is None


def test_times_before_the_sender_told_its_clock() -> None:
    frame = AudioFrame(samples=960)
    frame.opaque = FrameTimes(5, received=1.5, origin=1000.0)
    times = frame_times(frame)
    assert times is not None
    assert times.rtpTimestamp == 5
    assert times.receiveTime == datetime.fromtimestamp(1001.5, UTC)
    assert times.captureTime is None
    assert times.senderCaptureTime is None
    assert "receiveTime=1970-01-01 00:16:41.500000+00:00" in repr(times)


def test_times_stay_with_a_frame_that_is_scaled() -> None:
    frame = VideoFrame(32, 32, "yuv420p")
    frame.opaque = FrameTimes(5)
    assert frame_times(frame.reformat(16, 16)) is frame.opaque


class Watcher:
    """Keeps the frames of a connection's tracks, and when they came, since 1970."""

    def __init__(self, pc: RTCPeerConnection) -> None:
        self.frames: dict[str, list[tuple[float, Frame]]] = {"audio": [], "video": []}

        @pc.on("track")
        async def watch(track: object) -> None:
            while True:
                frame = await track.recv()  # type: ignore[attr-defined]
                self.frames[track.kind].append((wall_time(), frame))  # type: ignore[attr-defined]

    def times(self, kind: str) -> list[tuple[float, Frame, FrameTimes]]:
        """Return the frames with their times."""
        found = []
        for came, frame in self.frames[kind]:
            times = frame_times(frame)
            assert times is not None
            found.append((came, frame, times))
        return found


def test_frames_tell_when_they_were_captured_by_both_clocks() -> None:
    async def program() -> None:
        net = Network(seed=1, delay=DELAY)
        a, b = net.host("alice").connection(), net.host("bob").connection()
        voice = PcmTrack(48000)
        a.addTrack(voice)
        a.addTrack(PictureTrack(rate=RATE))
        watcher = Watcher(b)
        await connect(a, b)
        begin = wall_time()
        voice.write(speech(48000 * 8))
        await asyncio.sleep(9)
        await asyncio.gather(a.close(), b.close())
        # What came before the reports has the time of its arrival alone.
        assert watcher.times("audio")[0][2].senderCaptureTime is None
        starts: dict[str, set[float]] = {}
        for kind, length in (("audio", 0.02), ("video", 1 / RATE)):
            frames = [one for one in watcher.times(kind) if one[0] > begin + 4]
            assert len(frames) > 3 / length
            for came, _, times in frames:
                assert times.receiveTime is not None
                assert times.captureTime is not None
                assert -1e-3 <= came - times.receiveTime.timestamp() <= 0.1
                taken = times.captureTime.timestamp()
                # Large pictures leave a packet after the other.
                assert DELAY - 3e-3 <= came - taken <= DELAY + 0.1
            # Both tracks count in one clock: a frame's capture follows from its number.
            starts[kind] = {
                round(times.senderCaptureTime - float(frame.pts * frame.time_base), 2)
                for _, frame, times in frames
                if times.senderCaptureTime is not None
                and frame.pts is not None
                and frame.time_base is not None
            }
            assert len(starts[kind]) <= 2

    run(program())


def test_the_rtp_timestamp_goes_with_its_picture() -> None:
    async def program() -> None:
        net = Network(seed=2, delay=DELAY)
        a, b = net.host("alice").connection(), net.host("bob").connection()
        a.addTrack(PictureTrack(rate=RATE))
        watcher = Watcher(b)
        await connect(a, b)
        await asyncio.sleep(4)
        await asyncio.gather(a.close(), b.close())
        stamps = {
            picture_number(frame): times.rtpTimestamp
            for _, frame, times in watcher.times("video")
            if isinstance(frame, VideoFrame)
        }
        first, last = min(stamps), max(stamps)
        ticks = (stamps[last] - stamps[first]) & 0xFFFFFFFF
        # The encoder rounds.
        assert ticks == pytest.approx((last - first) * 90000 / RATE, abs=1)

    run(program())


def test_packets_may_tell_before_any_report_does() -> None:
    """abs-capture-time: the first frame has it."""

    async def program() -> None:
        net = Network(seed=4, delay=DELAY)
        config = RTCConfiguration(media=MediaConfig(capture_times=True))
        a, b = net.host("alice").connection(config), net.host("bob").connection()
        a.addTrack(PictureTrack(rate=RATE))
        watcher = Watcher(b)
        await connect(a, b)
        await asyncio.sleep(3)
        (source,) = b.getReceivers()[0].getSynchronizationSources()
        then, report = wall_time(), await b.getReceivers()[0].getStats()
        (playing,) = [
            one.estimatedPlayoutTimestamp
            for one in report.values()
            if isinstance(one, RTCInboundRtpStreamStats)
        ]
        await asyncio.gather(a.close(), b.close())
        frames = watcher.times("video")
        assert len(frames) > 2 * RATE
        assert source.captureTimestamp is not None
        assert source.senderCaptureTimeOffset == 0
        captured = source.captureTimestamp / 1000 - 2208988800
        assert source.timestamp.timestamp() - captured == pytest.approx(DELAY, abs=3e-3)
        assert playing is not None
        assert then - playing.timestamp() == pytest.approx(DELAY, abs=0.01)
        for came, _, times in frames:
            assert times.senderCaptureTime is not None
            # Both hosts have one clock; NTP counts from 1900.
            since_1970 = times.senderCaptureTime - 2208988800
            # Large pictures leave a packet after the other.
            assert DELAY - 3e-3 <= came - since_1970 <= DELAY + 0.1

    run(program())


def test_made_up_sound_has_a_capture_time_and_did_not_come() -> None:
    async def program() -> None:
        net = Network(seed=3)
        alice = net.host("alice", link=Conditions(loss=0.35))
        a, b = alice.connection(), net.host("bob").connection()
        voice = PcmTrack(48000)
        a.addTrack(voice)
        watcher = Watcher(b)
        await connect(a, b)
        voice.write(speech(48000 * 10))
        await asyncio.sleep(11)
        await asyncio.gather(a.close(), b.close())
        heard = watcher.times("audio")[300:]
        assert any(times.receiveTime is None for _, _, times in heard)
        origins = {
            (times.rtpTimestamp - frame.pts) & 0xFFFFFFFF
            for _, frame, times in heard
            if frame.pts is not None
        }
        assert len(origins) == 1
        assert all(times.senderCaptureTime is not None for _, _, times in heard)

    run(program())
