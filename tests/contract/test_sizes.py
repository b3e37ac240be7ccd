"""Files and functions stay small enough to be read at one go."""

from pathlib import Path

import pytest

from tests.contract.source_tree import ROOT, SOURCE_FOLDERS, body_length, functions, sources

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 40
MAX_TEST_FUNCTION_LINES = 60


@pytest.mark.parametrize(
    "path",
    sources(*SOURCE_FOLDERS, "tests"),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_files_and_functions_are_small(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_FILE_LINES
    limit = MAX_TEST_FUNCTION_LINES if "tests" in path.parts else MAX_FUNCTION_LINES
    long = {f.name: body_length(f) for f in functions(path) if body_length(f) > limit}
    assert long == {}
