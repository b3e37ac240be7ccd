"""What the contract tests share."""

from collections.abc import Iterator

import pytest

from tests.contract.source_tree import tree


@pytest.fixture(scope="package", autouse=True)
def parsed_sources() -> Iterator[None]:
    """Let go of the parsed files in the end: they would slow down what collects garbage."""
    yield
    tree.cache_clear()
