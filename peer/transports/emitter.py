"""Events whose handlers cannot break what emits them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from pyee.asyncio import AsyncIOEventEmitter

logger = logging.getLogger(__name__)


class Emitter(AsyncIOEventEmitter):
    """Gives what a handler raises, at once or in its coroutine, to the handlers of "error".

    Without any, and when one of those fails, it goes to the event loop's exception handler;
    outside of a loop it is logged.
    """

    def has_handler(self, event: str) -> bool:
        """Tell whether an event has a handler."""
        return bool(self._events.get(event))

    def emit(self, event: str, *args: Any, **kwargs: Any) -> bool:
        """Call the handlers of an event; tells whether there was one."""
        handlers = self._events.get(event)
        if handlers:
            for handler in list(handlers.values()):
                self._run(event, handler, args, kwargs)
            return True
        return False

    def handler_failed(self, event: str, error: BaseException) -> None:
        """Tell of what a handler of an event raised."""
        if event != "error" and self.emit("error", error):
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            logger.error("a handler of %r failed", event, exc_info=error)
        else:
            loop.call_exception_handler(
                {"message": f"a handler of {event!r} failed", "exception": error, "emitter": self}
            )

    def _run(
        self, event: str, handler: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        try:
            made = handler(*args, **kwargs)
            # Most handlers are functions that return nothing.
            if made is not None and (asyncio.iscoroutine(made) or asyncio.isfuture(made)):
                super()._emit_run(self._wait_for, (event, made), {})
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            # Also CancelledError: of a function it is not what emits that was cancelled.
            self.handler_failed(event, error)

    async def _wait_for(self, event: str, made: Awaitable[Any]) -> None:
        try:
            await made
        except Exception as error:
            self.handler_failed(event, error)
