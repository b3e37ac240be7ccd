"""Who blocks the event loop."""

import asyncio
import selectors
import sys
import threading
from types import FrameType

import pytest

from peer import RTCConfiguration, RTCPeerConnection
from peer.session import stalls
from peer.session.stalls import blame, watch_stalls
from peer.testing import Network, run
from peer.trace import STALL, TraceEntry

BOUND = 20.0


async def blocks_until(seen: threading.Event) -> None:
    seen.wait(BOUND)


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "aiopeer-stalls"}


@pytest.mark.parametrize("traced", [True, False])
def test_what_blocks_is_named(monkeypatch: pytest.MonkeyPatch, traced: bool) -> None:
    """A real loop is blocked until it was seen: how long that takes does not matter.

    Every connection remembers it, whether or not a trace is wanted.
    """
    seen = threading.Event()

    def looked_at(frame: FrameType | None) -> str:
        blamed = blame(frame)
        if blamed.startswith("blocks_until, at "):
            seen.set()
        return blamed

    monkeypatch.setattr(stalls, "blame", looked_at)

    async def story() -> None:
        before = threads()
        told = asyncio.Event()
        given: list[TraceEntry] = []

        def heard(duration: float, blamed: str) -> None:
            if blamed.startswith("blocks_until, at "):
                told.set()

        pc = RTCPeerConnection(RTCConfiguration(trace=given.append if traced else None))
        pc.createDataChannel("chat")
        await pc.setLocalDescription()
        leave = watch_stalls(asyncio.get_running_loop(), heard)
        await asyncio.create_task(blocks_until(seen))
        async with asyncio.timeout(BOUND):
            await told.wait()
        for entries in (remembered(pc), *([given] if traced else [])):
            blamed = [e for e in entries if e.method == STALL and "blocks_until" in str(e.value)]
            assert blamed[0].value["duration"] >= stalls.LATE
        leave()
        await pc.close()
        assert threads() <= before

    asyncio.run(story())


def remembered(pc: RTCPeerConnection) -> list[TraceEntry]:
    return pc._session.tracer.entries()


def test_a_program_that_stalls_often_leaves_room_for_other_entries() -> None:
    async def story() -> None:
        pc = RTCPeerConnection()
        for _ in range(2000):
            pc._session.tracer._note_stall(0.3, "work")
        assert sum(entry.method == STALL for entry in remembered(pc)) < 30
        await pc.close()

    asyncio.run(story())


def test_a_connection_that_does_nothing_has_no_thread() -> None:
    async def story() -> None:
        before = threads()
        pc = RTCPeerConnection()
        assert threads() <= before
        await pc.close()

    asyncio.run(story())


def test_time_that_is_simulated_has_no_thread() -> None:
    async def story() -> None:
        before = threads()
        pc = Network(seed=1).host("alice").connection()
        pc.createDataChannel("chat")
        await pc.setLocalDescription()
        assert threads() <= before
        await pc.close()

    run(story())


def test_a_connection_does_without_where_no_thread_is_to_be_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The event loop hears of it, and everything else is remembered."""
    heard: list[str] = []

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError(f"can't start {thread.name}")

    async def story() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: heard.append(str(context["exception"]))
        )
        pc = RTCPeerConnection()
        pc.createDataChannel("chat")
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", refuse)
            await pc.setLocalDescription()
        await pc.close()
        assert {"create", "close"} <= {entry.method for entry in remembered(pc)}

    asyncio.run(story())
    assert heard == ["can't start aiopeer-stalls"]


def test_one_thread_serves_a_loop() -> None:
    async def story() -> None:
        loop, before = asyncio.get_running_loop(), threads()
        leave = [watch_stalls(loop, lambda duration, blamed: None) for _ in range(3)]
        (thread,) = threads() - before
        for each in leave:
            assert thread.is_alive()
            each()
        assert not thread.is_alive()

    asyncio.run(story())


def test_a_loop_that_is_closed_first_ends_the_thread() -> None:
    """Also while the connection is left open; to close it then still works."""
    loop = asyncio.new_event_loop()
    before = threads()
    leave = watch_stalls(loop, lambda duration, blamed: None)
    (thread,) = threads() - before
    loop.close()
    thread.join(BOUND)
    assert not thread.is_alive()
    assert loop not in stalls._watches
    leave()


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
    assert words.startswith(f"{prefix}callback, at {prefix}inner ({__name__}:")


def test_a_loop_that_waits_is_held_up_by_something_else() -> None:
    """Another thread that does not let go of the interpreter, or a machine that slept."""
    found: list[str] = []

    class Waiting(selectors.DefaultSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            found.append(blame(sys._getframe()))
            return super().select(timeout)

    loop = asyncio.SelectorEventLoop(Waiting())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert set(found) == {""}


@pytest.mark.parametrize("frame", [None, sys._getframe()])
def test_nobody_is_to_blame_outside_of_a_loop(frame: FrameType | None) -> None:
    assert blame(frame) == ""
