"""What is said first of calls of many kinds; of healthy ones nothing."""

import pytest

from tests.explain.kinds import KINDS, told_of


@pytest.mark.parametrize("name", KINDS)
def test_what_is_said_first(name: str) -> None:
    kind, told = KINDS[name], told_of(name)
    for wanted, *both in zip((kind.ours, kind.theirs), told.traced, told.asked, strict=True):
        for explanation in both:
            assert explanation.cause == wanted, str(explanation)
            assert wanted is not None or explanation.causes == [], str(explanation)


def test_there_are_enough_of_them() -> None:
    assert len(KINDS) >= 40
