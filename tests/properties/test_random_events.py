"""Random internets in which things happen: data flows again wherever there is a path.

Set RANDOM_EVENTS to a number to let the long test make that many calls.
"""

import os

import pytest

from .random_events import judge

SLOW = int(os.environ.get("RANDOM_EVENTS", "200"))


def _check(numbers: range) -> None:
    for number in numbers:
        for finding in judge(number):
            assert finding.is_right, finding


@pytest.mark.parametrize("first", [1, 5])
def test_a_call_survives_what_happens(first: int) -> None:
    _check(range(first, first + 4))


@pytest.mark.slow
def test_many_calls_survive_what_happens() -> None:
    _check(range(9, SLOW))


def test_the_same_number_finds_the_same() -> None:
    assert judge(3) == judge(3)
