"""What plain methods return to be awaited or not: aiortc has coroutines where the W3C has none."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any


class Done:
    """Everything has happened: awaiting it takes no time."""

    def __await__(self) -> Generator[Any, None, None]:
        return
        yield


class Ending:
    """What is left to do after a call has returned; it goes on whether it is awaited or not.

    Without a running event loop it begins when it is awaited.
    """

    def __init__(self, finish: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._finish = finish
        self._task: asyncio.Task[None] | None = None
        self.begin()

    def begin(self) -> None:
        """Begin, when there is an event loop and it has not begun."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self._task is None:
            self._task = loop.create_task(self._finish())

    def __await__(self) -> Generator[Any, None, None]:
        self.begin()
        assert self._task is not None
        # Who gives up waiting does not keep the connection open.
        return asyncio.shield(self._task).__await__()
