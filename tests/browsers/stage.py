"""Where the tests play: one event loop for the whole run, with its browsers and their page."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.net.support import readers, timers

from .page import served_page
from .pool import BrowserPool

BOUND = 60.0
"""Seconds after which a test has failed."""

Result = TypeVar("Result")


class Stage:
    """The loop that the connections to the browsers live in; tests run their coroutines on it."""

    def __init__(self, runner: asyncio.Runner, url: str) -> None:
        self._runner = runner
        self.url = url
        self.pool = BrowserPool()

    def prepare(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run what may leave tasks behind, such as starting a browser."""
        return self._runner.run(coroutine)

    def run(self, coroutine: Coroutine[Any, Any, Result], bound: float = BOUND) -> Result:
        """Run a test, for at most that many seconds.

        It fails when it leaves tasks, timers or open sockets behind.
        """
        loop = self._runner.get_loop()
        before = asyncio.all_tasks(loop)
        try:
            result = self._runner.run(asyncio.wait_for(_leaving_nothing(coroutine), bound))
        finally:
            left = asyncio.all_tasks(loop) - before
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.wait(left))
        assert not left
        return result


async def _leaving_nothing(coroutine: Coroutine[Any, Any, Result]) -> Result:
    before = len(readers()), len(timers())
    result = await coroutine
    # Transports close their sockets in a callback of their own.
    await asyncio.sleep(0)
    assert (len(readers()), len(timers())) == before
    return result


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Give a stage, and end its browsers."""
    with served_page() as url, asyncio.Runner() as runner:
        stage = Stage(runner, url)
        try:
            yield stage
        finally:
            runner.run(stage.pool.close())
