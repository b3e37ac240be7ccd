"""Files and functions stay small enough to be read at one go."""

from pathlib import Path

from tests.contract.source_tree import SOURCE_FOLDERS, body_length, faults, functions, sources

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 40
MAX_TEST_FUNCTION_LINES = 60
ALL = sources(*SOURCE_FOLDERS, "tests")


def test_files_are_small() -> None:
    assert faults(ALL, _lines_too_many) == {}


def _lines_too_many(path: Path) -> range:
    return range(MAX_FILE_LINES, path.read_text(encoding="utf-8").count("\n"))


def test_functions_are_small() -> None:
    assert faults(ALL, _long_functions) == {}


def _long_functions(path: Path) -> dict[str, int]:
    limit = MAX_TEST_FUNCTION_LINES if "tests" in path.parts else MAX_FUNCTION_LINES
    lengths = {function.name: body_length(function) for function in functions(path)}
    return {name: length for name, length in lengths.items() if length > limit}
