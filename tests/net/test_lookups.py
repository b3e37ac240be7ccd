"""Blocking questions on threads nobody waits for."""

import asyncio
import threading
from unittest.mock import patch

import pytest

from peer.net.lookups import Lookups

from .support import BOUND, eventually, run


class Resolver:
    """Blocks every question until released, and tells who asked."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.asking: list[threading.Thread] = []
        self.answers = threading.Semaphore(0)

    def ask(self) -> str:
        self.asking.append(threading.current_thread())
        self.release.wait(BOUND)
        self.answers.release()
        return "answer"


def test_without_threads_there_is_no_answer_but_an_error() -> None:
    """Where others are at work, one of them comes to it instead."""

    def none_left(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def story() -> None:
        lookups, resolver = Lookups(), Resolver()
        no_thread = patch.object(threading.Thread, "start", none_left)
        with no_thread, pytest.raises(OSError, match="no thread"):
            await lookups.run(resolver.ask)
        first = asyncio.ensure_future(lookups.run(resolver.ask))
        await eventually(lambda: resolver.asking)
        with no_thread:
            second = asyncio.ensure_future(lookups.run(resolver.ask))
            await asyncio.sleep(0)
            resolver.release.set()
            assert (await first, await second) == ("answer", "answer")

    run(story())


def test_questions_that_nobody_waits_for_are_not_kept() -> None:
    """A system whose resolver is silent is asked again and again."""

    async def story() -> None:
        lookups, resolver = Lookups(1), Resolver()
        first = asyncio.ensure_future(lookups.run(resolver.ask))
        await eventually(lambda: resolver.asking)
        given_up = [asyncio.ensure_future(lookups.run(resolver.ask)) for _ in range(10)]
        await asyncio.sleep(0)
        for each in given_up:
            each.cancel()
        await asyncio.wait(given_up)
        assert not lookups._waiting
        resolver.release.set()
        assert await first == "answer"
        assert len(resolver.asking) == 1

    run(story())


def test_an_answer_and_an_error_come_back() -> None:
    def fail() -> None:
        raise OSError("unknown")

    async def story() -> None:
        lookups = Lookups()
        assert await lookups.run(lambda: 7) == 7
        with pytest.raises(OSError, match="unknown"):
            await lookups.run(fail)

    run(story())


def test_a_bounded_number_is_asked_at_a_time() -> None:
    async def story() -> None:
        resolver, lookups = Resolver(), Lookups(limit=2)
        questions = [asyncio.ensure_future(lookups.run(resolver.ask)) for _ in range(5)]
        await eventually(lambda: len(resolver.asking) == 2)
        assert all(thread.daemon for thread in resolver.asking)
        resolver.release.set()
        assert await asyncio.gather(*questions) == ["answer"] * 5
        assert len(set(resolver.asking)) == 2
        # Idle threads end, and the next question gets a new one.
        await eventually(lambda: not any(thread.is_alive() for thread in resolver.asking))
        assert await lookups.run(resolver.ask) == "answer"

    run(story())


def test_what_nobody_waits_for_any_more_is_not_asked() -> None:
    async def story() -> None:
        resolver, lookups = Resolver(), Lookups(limit=1)
        first = asyncio.ensure_future(lookups.run(resolver.ask))
        await eventually(lambda: resolver.asking)
        given_up = asyncio.ensure_future(lookups.run(resolver.ask))
        last = asyncio.ensure_future(lookups.run(resolver.ask))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.sleep(0)
        resolver.release.set()
        assert (await first, await last) == ("answer", "answer")
        assert len(resolver.asking) == 2

    run(story())


def test_an_answer_for_a_loop_that_has_ended_is_dropped() -> None:
    resolver, lookups = Resolver(), Lookups()

    async def story() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lookups.run(resolver.ask), 0.01)

    run(story())
    resolver.release.set()
    assert resolver.answers.acquire(timeout=BOUND)
    resolver.asking[0].join(BOUND)
    assert not resolver.asking[0].is_alive()


def test_an_answer_that_comes_too_late_is_dropped() -> None:
    async def story() -> None:
        resolver, lookups = Resolver(), Lookups()
        question = asyncio.ensure_future(lookups.run(resolver.ask))
        await eventually(lambda: resolver.asking)
        question.cancel()
        resolver.release.set()
        await eventually(lambda: not resolver.asking[0].is_alive())
        await asyncio.sleep(0)
        assert question.cancelled()

    run(story())
