"""A part of the matrix that `aiopeer interop` plays, a call with each party in each role."""

import asyncio
import os
from pathlib import Path

import pytest
from rich.console import Console

from .matrix.cells import BAD, Outcome, Result
from .matrix.command import play_all
from .matrix.party import Side
from .matrix.scenarios import SCENARIOS

PART = {
    "chromium": ["everything"],
    "chromium+warp": ["early handshakes"],
    "firefox": ["everything"],
    "pion": ["ice lite"],
    "libdatachannel": ["restart"],
    "werift": ["channel joins"],
    "aiortc": ["everything", "restart"],
    "janus": ["everything"],
    "baresip": ["no mux"],
}
"""What each is asked for here; other tests ask for more of browsers and programs."""

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]


def played(party: str, folder: Path) -> list[Outcome]:
    asked = [each for each in SCENARIOS if each.name in PART[party]]
    return asyncio.run(play_all([party], asked, folder, Console(quiet=True)))


@pytest.mark.parametrize("party", PART)
def test_a_part_of_the_matrix(party: str, tmp_path: Path) -> None:
    outcomes = played(party, tmp_path)
    missing = [each.why for each in outcomes if each.result is Result.MISSING]
    if missing and os.environ.get("CI") != "true":
        pytest.skip(missing[0])
    assert missing == []
    assert [
        (each.scenario, each.offerer, each.why) for each in outcomes if each.result in BAD
    ] == []
    tried = [each for each in outcomes if each.result is not Result.UNASKED]
    assert {each.offerer for each in tried} >= {Side.OURS}
    assert {each.scenario for each in tried} == set(PART[party])
