"""Events whose handlers cannot break what emits them."""

import asyncio
from collections.abc import Callable
from typing import Any

from pyee.asyncio import AsyncIOEventEmitter


class Emitter(AsyncIOEventEmitter):
    """Reports what a handler raises to the event loop, unless something listens for "error"."""

    def has_handler(self, event: str) -> bool:
        """Tell whether an event has a handler."""
        return bool(self._events.get(event))

    def emit(self, event: str, *args: Any, **kwargs: Any) -> bool:
        """Call the handlers of an event; tells whether there was one."""
        handlers = self._events.get(event)
        if handlers:
            for handler in list(handlers.values()):
                self._emit_run(handler, args, kwargs)
            return True
        # What a handler raises, at once or in its coroutine, becomes an "error".
        if event == "error" and args:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "an event handler failed", "exception": args[0], "emitter": self}
            )
        return False

    def _emit_run(
        self, handler: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        try:
            made = handler(*args, **kwargs)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            # Also CancelledError: of a function it is not what emits that was cancelled.
            self.emit("error", error)
            return
        # Most handlers are functions that return nothing; pyee sees to the others.
        if made is not None:
            super()._emit_run(lambda: made, (), {})
