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
