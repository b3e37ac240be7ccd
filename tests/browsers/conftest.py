"""Fixtures: `browser` is each browser in turn, `page` a fresh tab of it, `stage` runs coroutines.

Tests that have one of the first two are marked `interop`. Browsers are started when first needed
and shared by the tests of a process.
"""

from collections.abc import Iterator

import pytest

from .browser import Browser, Page
from .launch import KINDS
from .stage import Stage, open_stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The event loop and the browsers of this process."""
    with open_stage() as stage:
        yield stage


@pytest.fixture(params=[pytest.param(kind, marks=pytest.mark.interop) for kind in KINDS])
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
