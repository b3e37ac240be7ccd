"""The track of a receiver."""

import asyncio
import contextlib

import pytest
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

from peer.testing import run
from peer.transports.share import MediaConfig, MediaShare
from peer.transports.track import (
    MAX_BURST,
    MAX_BURST_FRAMES,
    MAX_FRAMES,
    MAX_SOUND,
    MAX_UNREAD_PICTURES,
    UNREAD,
    RemoteTrack,
)


def sound(samples: int, number: int = 0) -> AudioFrame:
    frame = AudioFrame(format="s16", layout="mono", samples=samples)
    frame.sample_rate, frame.pts = 48000, number * samples
    return frame


def test_frames_come_out_in_order() -> None:
    async def scenario() -> None:
        track = RemoteTrack("video", "name")
        assert (track.kind, track.id) == ("video", "name")
        frames = [VideoFrame(width=16, height=16) for _ in range(2)]
        for frame in frames:
            track.deliver(frame)
        assert [await track.recv(), await track.recv()] == frames

    asyncio.run(scenario())


def test_a_reader_that_never_comes_costs_bounded_memory() -> None:
    async def scenario() -> None:
        track = RemoteTrack("video")
        frames = [VideoFrame(width=16, height=16) for _ in range(MAX_UNREAD_PICTURES + 2)]
        for frame in frames:
            track.deliver(frame)
        assert track.frames_dropped == 2
        assert await track.recv() is frames[2]

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_a_reader_that_is_late_loses_the_oldest(kind: str) -> None:
    async def scenario() -> None:
        track = RemoteTrack(kind)
        frames = [VideoFrame(width=16, height=16) for _ in range(MAX_FRAMES + 3)]
        track.deliver(frames[0])
        await track.recv()
        for frame in frames[1:]:
            track.deliver(frame)
        assert track.frames_dropped == 2
        assert await track.recv() is frames[3]

    asyncio.run(scenario())


@pytest.mark.parametrize("milliseconds", [10, 20, 120])
def test_a_reader_who_waits_gets_all_that_comes_at_once(milliseconds: int) -> None:
    """As after an outage, or from a sender who has seconds of speech: but not without bound."""

    async def scenario() -> None:
        track, samples, read = RemoteTrack("audio"), 48 * milliseconds, []

        async def listen() -> None:
            with contextlib.suppress(MediaStreamError):
                while True:
                    read.append(await track.recv())

        reader = asyncio.create_task(listen())
        await asyncio.sleep(0)
        for _ in range(4000 // milliseconds):
            track.deliver(sound(samples))
        await asyncio.sleep(0)
        assert (len(read), track.frames_dropped) == (4000 // milliseconds, 0)
        for _ in range(20_000 // milliseconds):
            track.deliver(sound(samples))
        assert 0 < track._queue.seconds <= MAX_BURST + milliseconds / 1000
        assert track._queue.qsize() <= MAX_BURST_FRAMES
        track.stop()
        await reader

    asyncio.run(scenario())


@pytest.mark.parametrize("milliseconds", [10, 20, 60, 120])
def test_a_reader_that_was_late_is_behind_by_little(milliseconds: int) -> None:
    """However long the frames are."""

    async def scenario() -> None:
        track, samples = RemoteTrack("audio"), 48 * milliseconds
        for number in range(5000 // milliseconds):
            track.deliver(sound(samples, number))
        waiting = 5000 // milliseconds - track.frames_dropped
        assert waiting <= MAX_FRAMES
        assert 0.6 <= waiting * milliseconds / 1000 <= MAX_SOUND + milliseconds / 1000
        first = await track.recv()
        assert first.pts == track.frames_dropped * samples
        assert track._queue.seconds == pytest.approx((waiting - 1) * milliseconds / 1000)

    asyncio.run(scenario())


def test_frames_that_wait_count_in_the_share() -> None:
    async def scenario() -> None:
        frame = VideoFrame(width=64, height=64)
        size = sum(plane.buffer_size for plane in frame.planes)
        share = MediaShare(MediaConfig(max_picture_bytes=2 * size))
        track, other = RemoteTrack("video"), RemoteTrack("video")
        for each in (track, other):
            each.hold_within(share)
        for _ in range(3):
            track.deliver(frame)
        assert (share.held, track.frames_dropped) == (2 * size, 1)
        # another track has nothing that could make room
        other.deliver(frame)
        assert (share.held, other.frames_dropped) == (2 * size, 1)
        await track.recv()
        # as programs do that catch up
        track._queue.get_nowait()
        assert share.held == 0
        other.deliver(frame)
        other.stop()
        assert share.held == 0

    asyncio.run(scenario())


def test_sound_takes_no_room_from_pictures() -> None:
    """How much of it waits is bounded by itself."""

    async def scenario() -> None:
        share, track = MediaShare(MediaConfig(max_picture_bytes=1)), RemoteTrack("audio")
        track.hold_within(share)
        frame = AudioFrame(format="s16", layout="mono", samples=960)
        frame.sample_rate = 48000
        track.deliver(frame)
        assert (share.held, track.frames_dropped) == (0, 0)
        assert await track.recv() is frame
        assert (share.held, track._queue.seconds) == (0, 0.0)

    asyncio.run(scenario())


def test_stopping_ends_all_who_wait() -> None:
    async def scenario() -> None:
        track = RemoteTrack("audio")
        ended: list[bool] = []
        track.on("ended", lambda: ended.append(True))
        readers = [asyncio.create_task(track.recv()) for _ in range(2)]
        await asyncio.sleep(0)
        track.stop()
        track.stop()
        for reader in readers:
            with pytest.raises(MediaStreamError):
                await reader
        with pytest.raises(MediaStreamError):
            await track.recv()
        track.deliver(VideoFrame(width=16, height=16))
        track.set_muted(False)
        assert (ended, track.muted) == ([True], True)

    asyncio.run(scenario())


def test_muting_is_told_once() -> None:
    async def scenario() -> None:
        track = RemoteTrack("audio")
        told: list[str] = []
        for event in ("mute", "unmute"):
            track.on(event, lambda event=event: told.append(event))
        for muted in (True, False, False, True):
            track.set_muted(muted)
        assert told == ["unmute", "mute"]

    asyncio.run(scenario())


def test_who_waits_or_asked_lately_is_a_reader() -> None:
    async def scenario() -> None:
        track, loop = RemoteTrack("audio"), asyncio.get_running_loop()
        assert track.has_reader(loop.time())
        assert track.has_reader(loop.time() + UNREAD)
        assert not track.has_reader(loop.time() + UNREAD + 0.1)
        waiting = asyncio.ensure_future(track.recv())
        await asyncio.sleep(2 * UNREAD)
        assert track.has_reader(loop.time())
        track.deliver(VideoFrame(width=16, height=16))
        track.deliver(VideoFrame(width=16, height=16))
        await waiting
        assert track.has_reader(loop.time() + UNREAD)
        assert not track.has_reader(loop.time() + UNREAD + 0.1)
        assert (track._queue.qsize(), track.frames_dropped) == (0, 1)
        track.stop()
        assert not track.has_reader(loop.time())

    run(scenario())
