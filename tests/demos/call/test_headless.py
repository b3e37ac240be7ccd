"""The verdict on a call made by a browser without a window."""

import asyncio
import re
from pathlib import Path

import pytest

from demos.call import chromium
from demos.call.__main__ import parse_arguments, run
from demos.call.chromium import NAMES
from demos.call.headless import (
    GREETING,
    PICTURES,
    Report,
    Verdict,
    describe,
    visit,
    what_is_missing,
)
from tests.browsers.process import require_program

PNG = b"\x89PNG\r\n\x1a\n"


def report(**changes: object) -> Report:
    """Make the report of a call that went well, but for the changes."""
    figures = {
        "local": "[2001:db8::1]:5000 host udp",
        "roundTrip": 0.44,
        "framesDecoded": PICTURES,
        "soundEnergy": 0.1,
    }
    return {
        "state": "connected",
        "status": "Connected.",
        "happened": {"DTLS connected": 211.6, "chat open": 220.0},
        "heard": ["Hello", GREETING],
        "figures": figures,
    } | changes


def test_nothing_is_missing_from_a_good_call() -> None:
    assert what_is_missing(report()) == []


def test_a_good_call_in_a_line() -> None:
    assert str(Verdict(True, describe(report()))) == (
        "OK connected in 212 ms, host/udp pair, RTT 0.4 ms, 75 frames decoded, chat answered"
    )


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"state": "failed", "status": "No path."}, "not connected (state failed: No path.)"),
        ({"figures": {"framesDecoded": 3, "soundEnergy": 1}}, "only 3 pictures decoded"),
        ({"figures": {"framesDecoded": PICTURES, "soundEnergy": 0}}, "no sound"),
        ({"heard": []}, "no answer in the chat"),
    ],
)
def test_whatever_is_missing_is_named(changes: dict[str, object], missing: str) -> None:
    assert what_is_missing(report(**changes)) == [missing]


def test_a_page_that_shows_nothing_yet_lacks_everything() -> None:
    assert len(what_is_missing(report(figures=None, heard=[], state="new"))) == 4


def test_a_missing_browser_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    verdict = asyncio.run(visit("http://localhost:1", tmp_path / "demo.png"))
    assert str(verdict) == "FAILED Chromium is missing (on Debian: apt install chromium)"


def test_a_browser_that_ends_at_once_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    verdict = asyncio.run(visit("http://localhost:1", tmp_path / "demo.png"))
    assert str(verdict) == "FAILED Chromium ended with status 3 while starting"


@pytest.mark.interop
def test_without_a_camera_the_page_sends_a_drawing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    require_program("chromium", *NAMES)
    flags = tuple(flag for flag in chromium.FLAGS if "fake-device" not in flag)
    assert len(flags) < len(chromium.FLAGS)
    monkeypatch.setattr(chromium, "FLAGS", flags)
    picture = tmp_path / "drawing.png"
    options = parse_arguments(
        ["--port", "0", "--browser", "headless", "--screenshot", str(picture)]
    )
    assert asyncio.run(run(options)) == 0, capsys.readouterr().out


@pytest.mark.interop
def test_the_demo_makes_a_call_with_chromium(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    require_program("chromium", *NAMES)
    picture = tmp_path / "demo.png"
    options = parse_arguments(
        ["--port", "0", "--browser", "headless", "--screenshot", str(picture)]
    )
    status = asyncio.run(run(options))
    line = capsys.readouterr().out
    assert status == 0, line
    assert re.fullmatch(
        r"demo: OK connected in \d+ ms, host/udp pair, RTT \d+\.\d ms, \d+ frames decoded, "
        rf"chat answered; screenshot {re.escape(str(picture))}\n",
        line,
    )
    assert picture.read_bytes().startswith(PNG)
