"""Fixtures: `browser` is each browser in turn, `page` a fresh tab of it, `stage` runs coroutines.

Tests that have one of the first two are marked `interop`. Browsers are started when first needed
and shared by the tests of a process.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .browser import Browser, Page
from .launch import KINDS
from .stage import Stage, open_stage

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The event loop and the browsers of this process."""
    with open_stage() as stage:
        yield stage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, also where a test chooses the browsers itself."""
    for item in items:
        if item.path.is_relative_to(HERE) and "kind" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.interop)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The name of each browser in turn."""
    name: str = request.param
    return name


@pytest.fixture
def browser(stage: Stage, kind: str) -> Browser:
    """A running browser."""
    return stage.prepare(stage.pool.get(kind))


@pytest.fixture
def hiding_browser(stage: Stage, kind: str) -> Browser:
    """A running browser whose pages see names instead of this host's addresses."""
    return stage.prepare(stage.pool.get(kind, mdns=True))


@pytest.fixture
def page(stage: Stage, browser: Browser) -> Iterator[Page]:
    """A fresh tab with the helpers loaded."""
    page = stage.prepare(browser.open(stage.url))
    yield page
    if browser.is_running:
        stage.prepare(page.close())


@pytest.fixture
def hiding_page(stage: Stage, hiding_browser: Browser) -> Iterator[Page]:
    """A fresh tab that sees names instead of this host's addresses."""
    page = stage.prepare(hiding_browser.open(stage.url))
    yield page
    if hiding_browser.is_running:
        stage.prepare(page.close())
