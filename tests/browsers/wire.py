"""Commands and events as JSON over a websocket: what CDP and WebDriver BiDi have in common."""

import asyncio
import itertools
import json
import socket
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

BOUND = 20.0
"""Seconds after which what has not happened never will."""


class BrowserError(Exception):
    """What went wrong in a page or a browser: the `name` and `message` of the JavaScript error.

    Errors of the browser itself are named `BrowserError`, what a lost tab leaves undone `PageGone`.
    """

    def __init__(self, name: str, message: str, stack: str = "") -> None:
        super().__init__(name, message, stack)
        self.name = name
        self.message = message
        self.stack = stack

    def __str__(self) -> str:
        """Give it as the browser's console does, without the stack."""
        return f"{self.name}: {self.message}"


class Wire:
    """A connection to a browser. A command belongs to an owner: the page it is about, or None."""

    def __init__(self, connection: ClientConnection, why: Callable[[], str]) -> None:
        self._socket = connection
        self._why = why
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[object, asyncio.Future[dict[str, Any]]]] = {}
        self._listeners: list[Callable[[dict[str, Any]], None]] = []
        self._reader = asyncio.create_task(self._read(), name="browser wire")

    @classmethod
    async def open(
        cls,
        url: str,
        why: Callable[[], str],
        reach: Callable[[str], socket.socket] | None = None,
    ) -> "Wire":
        """Connect; `why` tells about the browser's end when there is one.

        `reach` connects to the address where this process cannot do so by itself.
        """
        connection = await connect(
            url,
            max_size=None,
            ping_interval=None,
            compression=None,
            open_timeout=BOUND,
            proxy=None,
            sock=None if reach is None else reach(url),
        )
        return cls(connection, why)

    @property
    def is_open(self) -> bool:
        """Tell whether the browser is still there."""
        return not self._reader.done()

    async def call(
        self, method: str, *, owner: object = None, bound: float = BOUND, **message: Any
    ) -> dict[str, Any]:
        """Give a command, its fields beside the method in `message`, and return its result."""
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = owner, answer
        try:
            async with asyncio.timeout(bound):
                await self._socket.send(json.dumps({"id": number, "method": method, **message}))
                return await answer
        except ConnectionClosed:
            raise self._gone() from None
        except TimeoutError:
            raise BrowserError("TimeoutError", f"{method} took more than {bound} s") from None
        finally:
            del self._waiting[number]

    def listen(self, listener: Callable[[dict[str, Any]], None]) -> None:
        """Hand every event to this listener."""
        self._listeners.append(listener)

    def ignore(self, listener: Callable[[dict[str, Any]], None]) -> None:
        """Stop doing so."""
        self._listeners.remove(listener)

    async def event(self, method: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for an event; the caller makes sure that it has not happened before."""
        found: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        def look(event: dict[str, Any]) -> None:
            if event.get("method") == method and fits(event) and not found.done():
                found.set_result(event)

        self.listen(look)
        try:
            async with asyncio.timeout(BOUND):
                return await found
        except TimeoutError:
            raise BrowserError("TimeoutError", f"{method} never came") from None
        finally:
            self.ignore(look)

    def abandon(self, owner: object) -> None:
        """Fail the commands of a page that is gone."""
        self._fail(BrowserError("PageGone", "the page was killed"), owner)

    async def close(self) -> None:
        """Disconnect."""
        self._reader.cancel()
        self._socket.transport.abort()
        await asyncio.wait([self._reader, asyncio.create_task(self._socket.wait_closed())])

    def _gone(self) -> BrowserError:
        return BrowserError("BrowserError", f"the browser is gone\n{self._why()}")

    def _fail(self, error: BrowserError, owner: object = None) -> None:
        for other, answer in self._waiting.values():
            if owner in (None, other) and not answer.done():
                answer.set_exception(error)

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                self._take(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self._fail(self._gone())

    def _take(self, message: dict[str, Any]) -> None:
        if "id" not in message:
            for listener in list(self._listeners):
                listener(message)
            return
        _, answer = self._waiting.get(message["id"], (None, None))
        if answer is None or answer.done():
            return
        if (error := message.get("error")) is not None:
            # CDP has an object here; BiDi has a code, and the text beside it.
            text = error["message"] if isinstance(error, dict) else message["message"]
            answer.set_exception(BrowserError("BrowserError", f"{text} ({error})"))
        else:
            answer.set_result(message["result"])
