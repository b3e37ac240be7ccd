"""Every command that the documents show is one that exists, with arguments that it takes."""

import argparse
import re
import shlex
import tomllib

import pytest

from tests.contract.source_tree import ROOT
from tests.documents.programs import programs
from tools.command.main import _parser as aiopeer
from tools.natlab.command import add_arguments

COMMANDS = [
    line for blocks in programs("sh").values() for text in blocks for line in text.splitlines()
]


def natlab() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser


def install(words: list[str]) -> None:
    """`pip install aiopeer[extra]`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert words[0] == "install"
    for extra in re.findall(r"\[(\w+)\]", " ".join(words)):
        assert extra in project["optional-dependencies"]


@pytest.mark.parametrize("line", COMMANDS)
def test_it_exists(line: str) -> None:
    words = shlex.split(line, comments=True)
    while words and re.match(r"[A-Z_]+=", words[0]):
        words.pop(0)
    match words:
        case ["aiopeer", *rest]:
            aiopeer().parse_args(rest)
        case ["aiopeer-natlab", *rest]:
            natlab().parse_args(rest)
        case ["pip", *rest]:
            install(rest)
        case ["python", file]:
            written = [text for blocks in programs().values() for text in blocks]
            assert any(text.startswith(f"# {file}\n") for text in written)
        case _:
            pytest.fail(f"nobody knows whether this works: {line}")
