"""What is ended in the background."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Endings:
    """Tasks that end what is used no more; closing waits for those under way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, ending: Coroutine[Any, Any, None]) -> None:
        """Run it in a task, which begins in the next turn of the loop."""
        task = asyncio.get_running_loop().create_task(ending)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self) -> None:
        """Wait for all that are under way, however they end."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
