"""One reading of a track for several senders."""

import asyncio

import pytest
from aiortc.mediastreams import MediaStreamError

from peer.testing import run
from peer.transports.track_fan import TrackFan
from tests.transports.media import PushedTrack


def test_each_frame_is_read_once_and_given_to_all() -> None:
    async def program() -> None:
        source = PushedTrack("video")
        fan = TrackFan(source)
        first, second = fan.tap(), fan.tap()
        for _ in range(3):
            source.push()
            found = await asyncio.gather(first.recv(), second.recv())
            assert found[0] is found[1]
        assert (source.read, first.kind) == (3, "video")

    run(program())


def test_who_is_slow_misses_frames() -> None:
    async def program() -> None:
        source = PushedTrack("video")
        fan = TrackFan(source)
        fast, slow = fan.tap(), fan.tap()
        source.push(3)
        frames = [await fast.recv() for _ in range(3)]
        assert await slow.recv() is frames[2]
        waiting = asyncio.ensure_future(slow.recv())
        await asyncio.sleep(0)
        assert not waiting.done()
        source.push()
        assert await waiting is await fast.recv()
        late = fan.tap()
        source.push()
        assert await late.recv() is await fast.recv()

    run(program())


def test_who_gives_up_leaves_the_others_waiting_and_the_last_leaves_nothing() -> None:
    async def program() -> None:
        source = PushedTrack("video")
        fan = TrackFan(source)
        waiting = [asyncio.ensure_future(fan.tap().recv()) for _ in range(2)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        source.push()
        await waiting[1]
        last = asyncio.ensure_future(fan.tap().recv())
        await asyncio.sleep(0)
        last.cancel()
        await asyncio.gather(last, return_exceptions=True)
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1
        again = fan.tap()
        source.push()
        await again.recv()

    run(program())


def test_all_hear_of_the_end_and_of_errors() -> None:
    async def program() -> None:
        class Failing(PushedTrack):
            async def recv(self) -> object:  # type: ignore[override]
                await super().recv()
                raise ValueError("no camera")

        source = Failing("video")
        fan = TrackFan(source)
        taps = [fan.tap(), fan.tap()]
        source.push()
        found = await asyncio.gather(*(tap.recv() for tap in taps), return_exceptions=True)
        assert [str(one) for one in found] == ["no camera"] * 2
        source.end()
        found = await asyncio.gather(*(tap.recv() for tap in taps), return_exceptions=True)
        assert [type(one) for one in found] == [MediaStreamError] * 2
        taps[0].stop()
        with pytest.raises(MediaStreamError):
            await taps[0].recv()

    run(program())
