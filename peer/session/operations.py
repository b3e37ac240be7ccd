"""The operations chain: one operation at a time, in the order they were called (W3C §4.4.1.2)."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from peer.api import InvalidStateError

_T = TypeVar("_T")


def _nothing() -> None:
    """Do nothing: the chain is closed."""


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
        self._check_open()
        if self._busy:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await self._wait(turn)
        self._busy = True
        try:
            return await operation()
        finally:
            self._next()

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
