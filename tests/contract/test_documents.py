"""The documents stay true."""

import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

from tests.contract.source_tree import ROOT, functions, sources
from tests.documents import (  # noqa: F401 - they register their stories
    stories,
    stories_of_joining,
    stories_of_media,
)
from tests.documents.programs import LAB, LIVE, TESTS, VIRTUAL, programs

DEVIATIONS = ROOT / "docs" / "deviations.md"
SECURITY = ROOT / "SECURITY.md"


@cache
def names_of_tests() -> set[str]:
    """The names of all tests there are."""
    return {function.name for path in sources("tests") for function in functions(path)}


def table(document: Path, heading: str) -> list[str]:
    """The rows of a table without its head, which begins with `heading`."""
    lines = document.read_text(encoding="utf-8").splitlines()
    rows = [
        line for line in lines if line.startswith("| ") and not line.startswith(("| ---", heading))
    ]
    assert rows
    return rows


def test_every_deviation_names_a_section_and_a_test_that_exists() -> None:
    rows = table(DEVIATIONS, "| Document")
    for row in rows:
        assert re.search(r"§|draft-", row), f"no section: {row}"
        assert_tests_exist(row)


def assert_tests_exist(row: str) -> None:
    named = re.findall(r"`(test_\w+)`", row)
    assert named, f"no test: {row}"
    assert [name for name in named if name not in names_of_tests()] == []


def test_every_bound_that_is_promised_has_a_figure_and_a_test_that_exists() -> None:
    rows = table(SECURITY, "| What")
    for row in rows:
        bound, figure, _ = row.strip("| ").split(" | ")
        assert bound
        assert figure
        assert_tests_exist(row)


def test_links_of_the_readme_work_wherever_it_is_shown() -> None:
    """On the package index too: they name the project, and files that are there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    home = project["urls"]["Homepage"]
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert links
    for link in links:
        assert link.startswith("https://"), link
        if link.startswith(home):
            assert (ROOT / link.removeprefix(home).split("/", 3)[3]).exists(), link


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"`?make (\w+)", readme):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_every_program_that_is_shown_is_run() -> None:
    """By a story, or as a test of its own (`tests/documents`)."""
    assert sorted(programs()) == sorted([*LIVE, *VIRTUAL, *TESTS, *LAB])


def test_every_page_is_in_the_contents_of_the_site() -> None:
    contents = [ROOT / "docs" / "index.md", ROOT / "docs" / "reference" / "index.md"]
    listed = {
        (index.parent / f"{line}.md").resolve()
        for index in contents
        for block in re.findall(r"```\{toctree\}\n(.*?)```", index.read_text("utf-8"), re.DOTALL)
        for line in block.splitlines()
        if line and not line.startswith(":")
    }
    assert {*(ROOT / "docs").rglob("*.md")} - {contents[0]} - listed == set()


def test_the_changelog_says_each_thing_once() -> None:
    """Not twice in two wordings either, as it does where two changes of an entry meet."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    beginnings = Counter(re.findall(r"^- (.{50})", text, re.M))
    assert [words for words, times in beginnings.items() if times > 1] == []
