"""The programs of docs/joining.md run."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from tests.contract.source_tree import ROOT
from tests.demos.film import shoot

from .support import SECONDS, serving

GUIDE = ROOT / "docs" / "joining.md"


def test_the_publisher_of_the_guide_reaches_its_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    programs: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL):
        exec(block, programs)
    film = tmp_path / "film.mp4"
    shoot(film)

    async def run() -> None:
        async with asyncio.timeout(SECONDS), serving(programs["app"]) as url:
            await programs["publish"](str(film), f"{url}/whip", "let me in")

    asyncio.run(run())
    assert capsys.readouterr().out == "they send video\n"
