"""The way of encoded frames through a program."""

import asyncio
from functools import partial

from peer.testing import run
from peer.transports import Passage, RTCEncodedVideoFrame
from peer.transports.encoded_queue import MAX_FRAMES
from tests.transports.test_encoded_media import picture


class Way:
    """What became of frames: which went on and which were given up, in order."""

    def __init__(self) -> None:
        self.begun = 0
        self.on: list[int] = []
        self.up: list[int] = []
        self.passage = Passage(self._begin)

    def _begin(self) -> None:
        self.begun += 1

    def put(self, *numbers: int, kind: str = "delta") -> list[RTCEncodedVideoFrame]:
        """Send frames of these numbers through."""
        frames = [picture(kind, number) for number in numbers]
        for number, frame in zip(numbers, frames, strict=True):
            self.passage.put(
                frame, partial(self.on.append, number), partial(self.up.append, number)
            )
        return frames

    async def read(self, count: int) -> list[object]:
        """Read so many frames."""
        return [await self.passage.read() for _ in range(count)]


def test_what_is_written_goes_on() -> None:
    async def program() -> None:
        way = Way()
        reading = asyncio.ensure_future(way.read(3))
        await asyncio.sleep(0)
        assert way.begun == 0
        frames = way.put(1, 2, 3)
        assert await reading == frames
        assert way.begun == 1
        assert [way.passage.write(frame) for frame in frames] == [True] * 3
        assert (way.on, way.up, way.passage.frames_dropped) == ([1, 2, 3], [], 0)

    run(program())


def test_frames_are_dropped_and_never_reordered_repeated_or_invented() -> None:
    """W3C webrtc-encoded-transform §4: what comes after a later one, or from elsewhere."""

    async def program() -> None:
        way, other = Way(), Way()
        first, second, third = way.put(1, 2, 3)
        (foreign,) = other.put(7)
        await way.read(3)
        await other.read(1)
        assert way.passage.write(second)
        for frame in (first, second, foreign, picture("key", 3)):
            assert not way.passage.write(frame)
        assert way.passage.write(third)
        assert (way.on, way.up) == ([2, 3], [1])

    run(program())


def test_a_frame_must_have_been_read() -> None:
    async def program() -> None:
        way = Way()
        (frame,) = way.put(1)
        assert not way.passage.write(frame)
        assert await way.read(1) == [frame]
        assert way.passage.write(frame)

    run(program())


def test_a_program_that_does_not_read_or_write_costs_a_bounded_number_of_frames() -> None:
    async def program() -> None:
        way = Way()
        way.put(0, kind="key")
        way.put(*range(1, MAX_FRAMES + 1))
        assert way.up == list(range(MAX_FRAMES + 1))
        way.put(100)
        assert way.up[-1] == 100
        way = Way()
        for number in range(MAX_FRAMES + 1):
            way.put(number, kind="key")
            await way.read(1)
        assert (way.up, way.on) == ([0], [])

    run(program())


def test_all_is_given_up_once_it_has_ended() -> None:
    async def program() -> None:
        way = Way()
        way.put(1, 2, kind="key")
        (frame,) = await way.read(1)
        waiting = asyncio.ensure_future(way.read(3))
        await asyncio.sleep(0)
        way.passage.close()
        way.passage.close()
        assert (await waiting)[1:] == [None, None]
        way.put(3)
        assert not way.passage.write(frame)
        assert (sorted(way.up), way.on, way.passage.frames_dropped) == ([1, 2, 3], [], 3)
        unused = Way()
        unused.passage.close()
        unused.put(1)
        assert (unused.up, unused.begun) == ([1], 0)

    run(program())
