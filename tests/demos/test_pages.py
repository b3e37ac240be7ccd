"""The pages of the small programs, in Chromium."""

import asyncio
from pathlib import Path

import pytest

from demos import record_camera, send_file
from demos.call.chromium import NAMES, browser
from tests.browsers.process import require_program
from tests.demos.caller import count_frames, running
from tests.demos.film import shoot
from tests.demos.visitor import is_true, until

pytestmark = pytest.mark.interop


@pytest.fixture(autouse=True)
def chromium() -> None:
    """Skip these tests where there is no Chromium."""
    require_program("chromium", *NAMES)


def test_a_page_is_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "call.mp4")

    async def visit() -> None:
        async with running(record_camera.main, path) as port, browser() as page:
            await page.open(f"http://localhost:{port}/", 640, 480)
            await is_true(page, "document.body?.innerText.includes('connected')")
            await asyncio.sleep(1.5)
            await page.evaluate("location = 'about:blank'")
            await until(lambda: "is complete" in capsys.readouterr().out)

    asyncio.run(visit())
    counts = count_frames(path)
    assert counts["video"] > 5
    assert counts["audio"] > 20


def test_a_page_plays_the_film(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    shoot(path)

    async def visit() -> None:
        async with running(send_file.main, str(path)) as port, browser() as page:
            await page.open(f"http://localhost:{port}/", 640, 480)
            await is_true(page, "globalThis.play?.onclick")
            await page.evaluate("play.click()")
            await is_true(page, "video.currentTime > 1 && video.videoWidth === 160")

    asyncio.run(visit())
