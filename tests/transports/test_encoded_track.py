"""Tracks of what is encoded already."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiortc.mediastreams import MediaStreamError

from peer.testing import run
from peer.transports import RTCEncodedVideoFrame
from peer.transports.encoded_track import EncodedTrack
from tests.transports.test_encoded_media import picture


async def pictures(count: int) -> AsyncIterator[RTCEncodedVideoFrame]:
    """Give so many pictures."""
    for number in range(count):
        await asyncio.sleep(0.01)
        yield picture("delta" if number else "key", number)


def test_it_gives_its_frames_and_ends_with_them() -> None:
    async def program() -> None:
        asked: list[int] = []
        track = EncodedTrack("video", pictures(2), lambda: asked.append(1))
        assert [(await track.recv()).data for _ in range(2)] == [b"\0", b"\1"]
        track.request_key_frame()
        assert asked == [1]
        with pytest.raises(MediaStreamError):
            await track.recv()
        assert track.readyState == "ended"
        EncodedTrack("video", pictures(2)).request_key_frame()

    run(program())


def test_once_stopped_it_gives_nothing() -> None:
    async def program() -> None:
        track = EncodedTrack("video", pictures(2))
        track.stop()
        with pytest.raises(MediaStreamError):
            await track.recv()

    run(program())


def test_who_gives_up_waiting_does_not_end_it() -> None:
    """As a sender does when its line is down for a moment: the generator goes on."""

    async def program() -> None:
        track = EncodedTrack("video", pictures(3))
        for _ in range(2):
            waiting = asyncio.create_task(track.recv())
            await asyncio.sleep(0.001)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert [(await track.recv()).data for _ in range(2)] == [b"\0", b"\1"]
        # The frame that came when nobody waited is the next one's.
        waiting = asyncio.create_task(track.recv())
        await asyncio.sleep(0.001)
        waiting.cancel()
        await asyncio.sleep(0.1)
        assert (await track.recv()).data == b"\2"
        with pytest.raises(MediaStreamError):
            await track.recv()
        assert len(asyncio.all_tasks()) == 1

    run(program())


def test_a_failure_of_its_source_is_told_once() -> None:
    async def program() -> None:
        async def failing() -> AsyncIterator[RTCEncodedVideoFrame]:
            yield picture("key")
            raise OSError("no camera")

        track = EncodedTrack("video", failing())
        await track.recv()
        with pytest.raises(OSError, match="no camera"):
            await track.recv()
        with pytest.raises(MediaStreamError):
            await track.recv()

    run(program())


def test_stopping_ends_waiting_and_the_generator() -> None:
    async def program() -> None:
        ended: list[int] = []

        async def silent() -> AsyncIterator[RTCEncodedVideoFrame]:
            try:
                await asyncio.Event().wait()
                yield picture("key")
            finally:
                ended.append(1)

        track = EncodedTrack("video", silent())
        waiting = asyncio.create_task(track.recv())
        await asyncio.sleep(0.001)
        track.stop()
        with pytest.raises(MediaStreamError):
            await waiting
        assert (ended, len(asyncio.all_tasks())) == ([1], 1)

    run(program())
