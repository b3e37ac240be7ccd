"""The greeting and the echo."""

import asyncio
from array import array

import pytest

from demos.call.sound import SILENCE, SPARE_BLOCKS, DelayLine, EchoTrack, melody
from peer import MediaStreamError
from tests.demos.media import Sounds


def block(value: int) -> bytes:
    return array("h", [value] * (len(SILENCE) // 2)).tobytes()


def test_the_melody_is_short_loud_enough_and_starts_and_ends_softly() -> None:
    blocks = melody()
    assert {len(block) for block in blocks} == {len(SILENCE)}
    assert 2.0 < len(blocks) / 50 < 3.0
    samples = array("h", b"".join(blocks))
    assert 8000 < max(map(abs, samples)) < 10000
    assert abs(samples[0]) < 100
    assert max(map(abs, samples[-480:])) < 300


def test_a_delay_line_is_silent_until_enough_came_in() -> None:
    line = DelayLine(delay=2)
    line.push(block(1))
    assert line.pull() == SILENCE
    line.push(block(2))
    assert [line.pull(), line.pull()] == [block(1), block(2)]


def test_a_delay_line_that_ran_dry_waits_for_the_whole_delay_again() -> None:
    line = DelayLine(delay=2)
    for value in (1, 2):
        line.push(block(value))
    assert [line.pull() for _ in range(3)] == [block(1), block(2), SILENCE]
    line.push(block(3))
    assert line.pull() == SILENCE
    line.push(block(4))
    assert line.pull() == block(3)


def test_a_delay_line_is_bounded() -> None:
    line = DelayLine(delay=2)
    for value in range(2 + SPARE_BLOCKS + 5):
        line.push(block(value))
    assert line.pull() == block(5)


def test_the_track_greets_and_then_echoes() -> None:
    async def listen() -> list[bytes]:
        microphone = Sounds(block(value) for value in range(1000, 1060))
        track = EchoTrack(microphone, greeting=[])
        await asyncio.sleep(0)
        frames = [await track.recv() for _ in range(3)]
        track.stop()
        with pytest.raises(MediaStreamError):
            await track.recv()
        assert [frame.pts for frame in frames] == [0, 960, 1920]
        return [bytes(frame.planes[0])[: len(SILENCE)] for frame in frames]

    assert asyncio.run(listen()) == [block(1000), block(1001), block(1002)]


def test_the_greeting_comes_first() -> None:
    async def listen() -> list[bytes]:
        track = EchoTrack(Sounds([]), greeting=[block(7), block(8)])
        frames = [await track.recv() for _ in range(3)]
        track.stop()
        return [bytes(frame.planes[0])[: len(SILENCE)] for frame in frames]

    assert asyncio.run(listen()) == [block(7), block(8), SILENCE]
