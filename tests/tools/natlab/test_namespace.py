"""What the lab says where it cannot be."""

import os

import pytest

from tools.natlab import LabError, require
from tools.natlab.command import main
from tools.natlab.namespace import TOOLS, run


def test_without_root_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["--few"]) == 1
    assert "needs Linux and root" in capsys.readouterr().err
    assert main(["--list"]) == 0


def test_tools_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LabError, match=", ".join(TOOLS)):
        require()


def test_a_program_that_is_missing_is_named() -> None:
    with pytest.raises(LabError, match="needs the program no-such-program"):
        run(["no-such-program"])
