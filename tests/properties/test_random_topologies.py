"""Random internets: whatever they are like, the call succeeds if it can, and nothing is left.

Set RANDOM_TOPOLOGIES to a number to let the long test make that many calls.
"""

import os
from typing import Any

import pytest

from tests.sim import PathKind

from . import random_topologies
from .calls import Outcome
from .random_topologies import Verdict, judge, record

CHUNKS = 4
SLOW = int(os.environ.get("RANDOM_TOPOLOGIES", "2000")) // CHUNKS


def _check(numbers: range) -> None:
    for number in numbers:
        verdict = judge(number)
        assert verdict.is_right, verdict


def _check_with_loss(numbers: range) -> None:
    """Bad luck is allowed, as when a server was never heard; but not twice in one place."""
    unlucky = [number for number in numbers if not judge(number, lossy=True).is_right]
    assert len(unlucky) <= 1 + len(numbers) // 50, unlucky
    for number in unlucky:
        verdict = judge(number, lossy=True, luck=1)
        assert verdict.is_right, verdict


def in_parts(count: int, size: int) -> list[Any]:
    """Give the numbers from 1 on in ranges of a size; all but the first are slow."""
    parts = [range(first, first + size) for first in range(1, count + 1, size)]
    slow = [pytest.param(part, marks=pytest.mark.slow, id=str(part.start)) for part in parts[1:]]
    return [pytest.param(parts[0], id="1"), *slow]


@pytest.mark.parametrize("numbers", in_parts(150, 15))
def test_best_path_is_found(numbers: range) -> None:
    _check(numbers)


@pytest.mark.parametrize("numbers", in_parts(30, 10))
def test_path_is_found_in_spite_of_loss(numbers: range) -> None:
    _check_with_loss(numbers)


@pytest.mark.parametrize("number", [3, 7, 12])
def test_same_number_same_datagrams(number: int) -> None:
    assert record(number) == record(number)


def test_different_numbers_are_different_calls() -> None:
    assert record(3) != record(12)


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_best_path_is_found_thousands_of_times(chunk: int) -> None:
    _check(range(1000 + chunk * SLOW, 1000 + (chunk + 1) * SLOW))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_path_is_found_in_spite_of_loss_hundreds_of_times(chunk: int) -> None:
    _check_with_loss(range(1000 + chunk * 100, 1100 + chunk * 100))


def test_run_tells_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert random_topologies.main(["--count", "3", "--seed", "5"]) == 0
    assert "3 calls" in capsys.readouterr().out


def test_run_ends_at_the_first_wrong_path(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Verdict(7, ("somewhere",), Outcome(None, None, None, None), PathKind.HOST)
    monkeypatch.setattr(random_topologies, "judge", lambda number, *, lossy: wrong)
    assert random_topologies.main(["--count", "3", "--seed", "7"]) == 1
    assert "number 7: found None of host\nsomewhere" in capsys.readouterr().out
