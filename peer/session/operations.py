"""The operations chain: one operation at a time, in the order they were called (W3C §4.4.1.2)."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from peer.api import InvalidStateError

_T = TypeVar("_T")


def _nothing() -> None:
    """Do nothing: the chain is closed."""


def _heed(ended: asyncio.Task[Any]) -> None:
    """Take note of an error that nobody may be waiting for."""
    if not ended.cancelled():
        ended.exception()


class OperationsChain:
    """Runs asynchronous operations one after the other; the first begins within the call.

    `emptied` is called whenever the last operation has ended.
    """

    def __init__(self, emptied: Callable[[], object]) -> None:
        self._emptied = emptied
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._busy = False
        self._closed = False

    @property
    def empty(self) -> bool:
        """Tell whether no operation runs or waits."""
        return not self._busy

    async def run(self, operation: Callable[[], Awaitable[_T]]) -> _T:
        """Run an operation when those before it have ended, and return what it returns.

        Raises InvalidStateError once the chain is closed, also for operations that wait.
        """
        return await self._run(self._enter(), operation)

    def begin(self, operation: Callable[[], Awaitable[_T]]) -> asyncio.Task[_T]:
        """Do as `run` for an operation that goes on whether it is awaited or not.

        It has its place in the chain when this returns.
        """
        running = asyncio.get_running_loop().create_task(self._run(self._enter(), operation))
        running.add_done_callback(_heed)
        return running

    async def pause(self) -> None:
        """Give way once within an operation; InvalidStateError when it was closed meanwhile."""
        await asyncio.sleep(0)
        self._check_open()

    def close(self) -> None:
        """Let nothing more begin; what waits is refused."""
        self._closed = True
        self._emptied = _nothing
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)

    def _enter(self) -> asyncio.Future[None] | None:
        """Take a place in the chain; None when it is this one's turn at once."""
        self._check_open()
        if not self._busy:
            self._busy = True
            return None
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        return turn

    async def _run(
        self, turn: asyncio.Future[None] | None, operation: Callable[[], Awaitable[_T]]
    ) -> _T:
        if turn is not None:
            await self._wait(turn)
        try:
            return await operation()
        finally:
            self._next()

    async def _wait(self, turn: asyncio.Future[None]) -> None:
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # It was this one's turn already: the next one takes it.
                self._next()
            raise
        self._check_open()

    def _check_open(self) -> None:
        if self._closed:
            raise InvalidStateError("the connection is closed")

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False
        if not self._closed:
            self._emptied()
