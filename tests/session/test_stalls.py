"""Who blocks the event loop."""

import asyncio
import sys
import threading
from types import FrameType

import pytest

from peer import RTCConfiguration, RTCPeerConnection
from peer.session import stalls
from peer.session.stalls import blame, watch_stalls
from peer.trace import STALL, TraceEntry

BOUND = 20.0


async def blocks_until(seen: threading.Event) -> None:
    seen.wait(BOUND)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "aiopeer-stalls"]


def test_what_blocks_is_named_in_the_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real loop is blocked until it was seen: how long that takes does not matter."""
    seen = threading.Event()

    def looked_at(frame: FrameType | None) -> str:
        blamed = blame(frame)
        if blamed.startswith("blocks_until, at "):
            seen.set()
        return blamed

    monkeypatch.setattr(stalls, "blame", looked_at)

    async def story() -> None:
        told = asyncio.Event()
        found: list[TraceEntry] = []

        def take(entry: TraceEntry) -> None:
            if entry.method == STALL and entry.value["blamed"].startswith("blocks_until, at "):
                found.append(entry)
                told.set()

        pc = RTCPeerConnection(RTCConfiguration(trace=take))
        await asyncio.create_task(blocks_until(seen))
        async with asyncio.timeout(BOUND):
            await told.wait()
        assert found[0].value["duration"] >= stalls.LATE
        await pc.close()
        assert threads() == []

    asyncio.run(story())


def test_without_a_trace_there_is_no_thread() -> None:
    async def story() -> None:
        pc = RTCPeerConnection()
        assert threads() == []
        await pc.close()

    asyncio.run(story())


def test_one_thread_serves_a_loop() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        leave = [watch_stalls(loop, lambda duration, blamed: None) for _ in range(3)]
        assert len(threads()) == 1
        for each in leave:
            assert len(threads()) == 1
            each()
        assert threads() == []

    asyncio.run(story())


def test_a_loop_that_is_closed_first_ends_the_thread() -> None:
    loop = asyncio.new_event_loop()
    leave = watch_stalls(loop, lambda duration, blamed: None)
    loop.close()
    leave()
    assert threads() == []


def test_a_callback_is_told_with_the_place_it_is_at() -> None:
    found: list[str] = []

    def inner() -> None:
        found.append(blame(sys._getframe()))

    def callback() -> None:
        inner()

    async def story() -> None:
        asyncio.get_running_loop().call_soon(callback)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(story())
    (words,) = found
    prefix = "test_a_callback_is_told_with_the_place_it_is_at.<locals>."
    assert words.startswith(f"{prefix}callback, at {prefix}inner ({__file__}:")


@pytest.mark.parametrize("frame", [None, sys._getframe()])
def test_nobody_is_to_blame_outside_of_a_loop(frame: FrameType | None) -> None:
    assert blame(frame) == ""
