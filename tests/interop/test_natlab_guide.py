"""The programs of docs/natlab.md run."""

import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract.source_tree import ROOT
from tests.documents.programs import Section, programs
from tools.natlab import LabError, require
from tools.natlab import python_peer as bot

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.interop


@pytest.fixture(autouse=True)
def _able() -> None:
    try:
        require()
    except LabError as error:
        pytest.skip(str(error))


def section(heading: str) -> Section:
    place = ("docs/natlab.md", heading)
    return Section(place, programs()[place])


def test_a_call_in_a_network_of_ones_own() -> None:
    names: dict[str, Any] = {}
    exec(section("A network of your own").blocks[0], names)

    assert names["outcome"].problems == ()


@pytest.mark.timeout(300)
def test_the_fixtures(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    program = Path(pytester.path, "bot")
    command = shlex.join([sys.executable, str(bot.__file__), "peer"])
    program.write_text(f"#!/bin/sh\nexec {command}\n", "utf-8")
    program.chmod(0o700)
    tests = section("Fixtures").write(pytester.path)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    assert result.parseoutcomes() == {"passed": len(tests)}
