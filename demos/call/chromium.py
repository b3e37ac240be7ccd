"""Drives a headless Chromium over its DevTools protocol, as far as a demo needs it."""

import asyncio
import base64
import json
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from demos.call.camera import shoot

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
START_SECONDS = 45.0
CALL_SECONDS = 30.0


class BrowserError(Exception):
    """The browser is missing, does not start, or does not do what it is told."""


class Page:
    """One page of the browser."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket
        self._numbers = count(1)
        self._session: str | None = None

    async def open(self, address: str, width: int, height: int) -> None:
        """Open a page of this size, in CSS pixels, at an address."""
        self._session = None
        target = await self.call("Target.createTarget", url="about:blank")
        session = await self.call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = session["sessionId"]
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        await self.call("Page.navigate", url=address)

    async def evaluate(self, expression: str) -> Any:
        """Run JavaScript as if the visitor had clicked; gives its value, a promise's result."""
        answer = await self.call(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in answer:
            raise BrowserError(answer["result"].get("description", "JavaScript failed"))
        return answer["result"].get("value")

    async def screenshot(self) -> bytes:
        """Give a picture of the page as PNG."""
        answer = await self.call("Page.captureScreenshot", format="png")
        return base64.b64decode(answer["data"])

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol; raises BrowserError with the reason it gives."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        await self._websocket.send(json.dumps(message))
        async with asyncio.timeout(CALL_SECONDS):
            while True:
                answer = json.loads(await self._websocket.recv())
                if answer.get("id") == number:
                    break
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result


def find_chromium() -> str:
    """Give the path of the browser; raises BrowserError when there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise BrowserError("Chromium is missing (on Debian: apt install chromium)")


@asynccontextmanager
async def browser() -> AsyncIterator[Page]:
    """Run a browser with a made-up camera and microphone and a profile of its own."""
    executable = find_chromium()
    with tempfile.TemporaryDirectory(prefix="aiopeer-", ignore_cleanup_errors=True) as profile:
        film = Path(profile) / "camera.mjpeg"
        shoot(film)
        process = await asyncio.create_subprocess_exec(
            executable,
            *FLAGS,
            f"--use-file-for-fake-video-capture={film}",
            f"--user-data-dir={profile}",
            "about:blank",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            port, path = await wait_for_port(process, Path(profile) / "DevToolsActivePort")
            sock = socket.create_connection(("127.0.0.1", port))
            uri = f"ws://127.0.0.1:{port}{path}"
            async with connect(uri, sock=sock, max_size=None, compression=None) as websocket:
                yield Page(websocket)
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await end(process)


async def wait_for_port(process: asyncio.subprocess.Process, file: Path) -> tuple[int, str]:
    """Wait for the browser to write down where it listens."""
    for _ in range(int(START_SECONDS / 0.05)):
        if (found := read_port(file)) is not None:
            return found
        if process.returncode is not None:
            raise BrowserError(f"Chromium ended with status {process.returncode} while starting")
        await asyncio.sleep(0.05)
    raise BrowserError(f"Chromium did not start in {START_SECONDS:.0f} s")


def read_port(file: Path) -> tuple[int, str] | None:
    """Read the port and path of the protocol; None while the file is not complete."""
    try:
        port, path = file.read_text().split("\n")
    except (FileNotFoundError, ValueError):
        return None
    return int(port), path


async def end(process: asyncio.subprocess.Process) -> None:
    """Wait for the browser to end, and make it when it takes too long."""
    try:
        async with asyncio.timeout(5):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
