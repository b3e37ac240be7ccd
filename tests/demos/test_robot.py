"""The robot of the demo, driven from its page."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from demos import robot
from demos.call.chromium import NAMES, browser
from tests.browsers.process import require_program
from tests.demos.caller import free_port, is_open, read_page
from tests.demos.film import shoot
from tests.demos.visitor import is_true

BOUND = 100.0
HOLD = "dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowUp'}))"
RELEASE = "dispatchEvent(new KeyboardEvent('keyup', {key: 'ArrowUp'}))"


class Program:
    """The robot, while the block lasts; it notes what it does."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.port = free_port()
        self.did: asyncio.Queue[Any] = asyncio.Queue()
        self._film = folder / "film.mp4"
        shoot(self._film, "libx264")
        monkeypatch.setattr("peer.api.configuration.DEFAULT_ICE_SERVERS", ())
        monkeypatch.setattr(robot, "drive", self.did.put_nowait)
        monkeypatch.setattr(robot, "stop", lambda: self.did.put_nowait("stop"))

    async def __aenter__(self) -> "Program":
        main = robot.main(str(self._film), "localhost", self.port)
        self._serving = asyncio.ensure_future(main)
        while not await is_open(self.port):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *error: object) -> None:
        self._serving.cancel()
        with suppress(asyncio.CancelledError):
            await self._serving

    async def until(self, wanted: Any) -> None:
        """Wait until it does this."""
        while await self.did.get() != wanted:
            pass


def test_the_page_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def read() -> tuple[str, str]:
        async with asyncio.timeout(BOUND), Program(tmp_path, monkeypatch) as program:
            return await read_page(program.port)

    kind, text = asyncio.run(read())
    assert kind.startswith("text/html")
    assert 'fetch("drive"' in text


@pytest.mark.interop
def test_a_page_drives_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_program("chromium", *NAMES)

    async def drive() -> None:
        async with (
            asyncio.timeout(BOUND),
            Program(tmp_path, monkeypatch) as program,
            browser() as page,
        ):
            await page.open(f"http://localhost:{program.port}/", 800, 900)
            await is_true(page, "globalThis.video?.videoWidth === 160")
            assert await page.evaluate("robot.receiver.jitterBufferTarget === 0")
            await page.evaluate(HOLD)
            await program.until({"forward": 1, "turn": 0})
            await page.evaluate(RELEASE)
            await program.until("stop")
            # A page that is closed says nothing; it stops all the same.
            await page.evaluate(HOLD)
            await program.until({"forward": 1, "turn": 0})
            await page.evaluate("location = 'about:blank'")
            await program.until("stop")

    asyncio.run(drive())
