"""The programs that the documents show, by page and heading, and the stories that run them."""

import ast
import inspect
import re
import types
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import peer
from tests.contract.source_tree import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
Place = tuple[str, str]
Story = Callable[..., Awaitable[None]]
"""A coroutine function: of the section, and of the fixtures that its arguments name."""


class Section:
    """What is under one heading of a page."""

    def __init__(self, place: Place, blocks: list[str]) -> None:
        self.place = place
        self.blocks = blocks
        self.names: dict[str, Any] = {name: getattr(peer, name) for name in peer.__all__}

    async def run(self, number: int = 0, **names: Any) -> dict[str, Any]:
        """Run a block where these names exist, and what the blocks before have made.

        What is awaited at its top level is awaited, as it is in the coroutine it stands for.
        """
        self.names.update(names)
        where = f"{self.place[0]}: {self.place[1]}, block {number}"
        code = compile(self.blocks[number], where, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        waiting = types.FunctionType(code, self.names)()
        if inspect.isawaitable(waiting):
            await waiting
        return self.names

    def write(self, folder: Path) -> list[str]:
        """Write the blocks that name their file into it; gives the tests among them."""
        tests = []
        for block in self.blocks:
            name, text = re.match(r"(?:# (\w+\.py)\n)?(.*)", block, re.DOTALL).groups()  # type: ignore[union-attr]
            (folder / (name or "test_it.py")).write_text(text, "utf-8")
            tests += re.findall(r"^(?:async )?def (test_\w+)", text, re.M)
        return tests


@cache
def programs(language: str = "python") -> dict[Place, list[str]]:
    """Find the blocks of a language in all pages."""
    found: dict[Place, list[str]] = {}
    for page in PAGES:
        name, heading = page.relative_to(ROOT).as_posix(), ""
        block: list[str] | None = None
        for line in page.read_text("utf-8").splitlines(keepends=True):
            if block is None and line.startswith("#"):
                heading = line.strip("# \n")
            elif line.startswith("```"):
                if block is not None:
                    found.setdefault((name, heading), []).append("".join(block))
                    block = None
                else:
                    block = [] if line == f"```{language}\n" else None
            elif block is not None:
                block.append(line)
    return found


LIVE: dict[Place, Story] = {}
"""Stories over this machine's sockets."""
VIRTUAL: dict[Place, Story] = {}
"""Stories in virtual time."""
TESTS: set[Place] = set()
"""Sections that are tests themselves, for a pytest with the fixtures of `peer.testing`."""
LAB: set[Place] = {("docs/natlab.md", "A network of your own"), ("docs/natlab.md", "Fixtures")}
"""Sections that need networks of the system (`tests/interop/test_natlab_guide.py`)."""


def shows(page: str, heading: str, *, live: bool = False) -> Callable[[Story], Story]:
    """Say which section a story runs."""

    def note(story: Story) -> Story:
        (LIVE if live else VIRTUAL)[page, heading] = story
        return story

    return note
