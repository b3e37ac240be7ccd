"""Settings of all tests."""

import gc

from hypothesis import settings

from tests.failures import pytest_runtest_makereport

__all__ = ["pytest_runtest_makereport"]

# How long an example takes depends on what else the machine does: no test is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    """Keep what was imported and collected out of the garbage collections of the tests.

    Those that look for leaks collect garbage, which takes in proportion to what there is.
    """
    gc.collect()
    gc.freeze()
