"""Events whose handlers cannot break what emits them."""

import asyncio
from typing import Any

from pyee.asyncio import AsyncIOEventEmitter


class Emitter(AsyncIOEventEmitter):
    """Reports what a handler raises to the event loop, unless something listens for "error"."""

    def emit(self, event: str, *args: Any, **kwargs: Any) -> bool:
        """Call the handlers of an event; tells whether there was one."""
        # Most events have no handler: pyee tells of every handler that is added, for one.
        if event not in self._events and event != "error":
            return False
        # What a handler raises, at once or in its coroutine, pyee emits as "error"; and raises
        # it into the emitter when nobody takes it.
        if event == "error" and args and not self.listeners("error"):
            asyncio.get_running_loop().call_exception_handler(
                {"message": "an event handler failed", "exception": args[0], "emitter": self}
            )
            return False
        return super().emit(event, *args, **kwargs)
