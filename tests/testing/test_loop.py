"""The virtual event loop."""

import asyncio
import threading

import pytest

from peer.testing import StalledError, VirtualLoop, run


def test_an_hour_passes_at_once_and_exactly() -> None:
    async def program() -> list[float]:
        loop = asyncio.get_running_loop()
        times = [loop.time()]
        await asyncio.sleep(3600)
        times.append(loop.time())
        async with asyncio.timeout(5):
            await asyncio.sleep(0.25)
        times.append(loop.time())
        return times

    assert run(program()) == [0.0, 3600.0, 3600.25]


def test_timers_of_several_tasks_keep_their_order() -> None:
    async def program() -> list[tuple[str, float]]:
        loop, seen = asyncio.get_running_loop(), []

        async def tick(name: str, interval: float) -> None:
            for _ in range(3):
                await asyncio.sleep(interval)
                seen.append((name, round(loop.time(), 6)))

        await asyncio.gather(tick("a", 2.0), tick("b", 2.5))
        return seen

    assert run(program()) == [
        ("a", 2.0),
        ("b", 2.5),
        ("a", 4.0),
        ("b", 5.0),
        ("a", 6.0),
        ("b", 7.5),
    ]


def test_work_for_threads_is_done_in_line() -> None:
    async def program() -> tuple[int, float]:
        loop = asyncio.get_running_loop()
        thread = await loop.run_in_executor(None, threading.get_ident)
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 / 0)
        return thread, loop.time()

    assert run(program()) == (threading.get_ident(), 0.0)


def test_waiting_for_what_never_happens_is_an_error() -> None:
    async def program() -> None:
        await asyncio.Event().wait()

    with pytest.raises(StalledError):
        run(program())


def test_a_stall_is_time_in_which_nothing_runs() -> None:
    async def story() -> list[float]:
        loop, ran = asyncio.get_running_loop(), []
        assert isinstance(loop, VirtualLoop)
        loop.call_later(1.0, lambda: ran.append(loop.time()))
        loop.stall(3.0)
        await asyncio.sleep(1.0)
        return [*ran, loop.time()]

    assert run(story()) == [3.0, 4.0]
