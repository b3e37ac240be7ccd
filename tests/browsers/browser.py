"""What the tests see of a browser, whichever it is."""

import asyncio
import base64
import json
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .process import Process
from .wire import BOUND, BrowserError, Wire

RUN = """
(async () => {{
  try {{
    const value = await (async (...args) => {{
      {body}
    }})(...{arguments});
    return JSON.stringify({{value: value === undefined ? null : value}});
  }} catch (error) {{
    const {{name = "Error", message = String(error), stack = ""}} = error ?? {{}};
    return JSON.stringify({{error: {{name, message, stack}}}});
  }}
}})()
"""
"""Errors come back as values too, so that they are the same in every browser."""


class Page(ABC):
    """A tab."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def run(self, body: str, *args: Any, bound: float = BOUND) -> Any:
        """Run the body of an async JavaScript function, with JSON values as `args`, and return its.

        Raises BrowserError with the name and message of what the JavaScript threw; after `bound`
        seconds with the name TimeoutError.
        """
        expression = RUN.format(body=body, arguments=json.dumps(args))
        result = json.loads(await self.evaluate(expression, bound))
        if (error := result.get("error")) is not None:
            raise BrowserError(error["name"], error["message"], error["stack"])
        return result["value"]

    async def screenshot(self, path: Path) -> None:
        """Write a picture of the page, as PNG."""
        data = base64.b64decode(await self.picture())
        await asyncio.to_thread(path.write_bytes, data)

    @abstractmethod
    async def evaluate(self, expression: str, bound: float) -> str:
        """Await a JavaScript promise of a string."""

    @abstractmethod
    async def picture(self) -> str:
        """Give a picture of the page, as PNG in base64."""

    @abstractmethod
    async def kill(self) -> None:
        """Kill the tab's process: nothing is sent any more, nobody is told."""

    @abstractmethod
    async def close(self) -> None:
        """Close the tab, also one that was killed."""


class Browser(ABC):
    """A running browser, or what is left of it: `close` at the end, or use it as a context."""

    kind: str

    def __init__(self, process: Process, wire: Wire) -> None:
        self._process = process
        self._wire = wire

    async def __aenter__(self) -> Self:
        """Nothing is to be done, it runs already."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.close()

    @property
    def is_running(self) -> bool:
        """Tell whether pages can be opened."""
        return self._process.running and self._wire.is_open

    @abstractmethod
    async def open(self, url: str) -> Page:
        """Open a page in a fresh tab and wait until it has loaded."""

    async def close(self) -> None:
        """End the browser and everything it started."""
        try:
            await self._wire.close()
        finally:
            self._process.close()
