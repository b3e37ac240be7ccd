"""Every scenario gets a lab, whose invariants are checked when it is over."""

from collections.abc import Iterator

import pytest

from .lab import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A fresh lab."""
    lab = Lab()
    yield lab
    lab.check_invariants()
