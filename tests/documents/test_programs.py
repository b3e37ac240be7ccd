"""Every program of the documents runs, and does what is said of it."""

import asyncio
import inspect
from pathlib import Path

import pytest

from peer.testing import run
from tests.contract.source_tree import ROOT
from tests.documents import (  # noqa: F401 - they register their stories
    stories,
    stories_of_joining,
    stories_of_media,
)
from tests.documents.programs import LIVE, TESTS, VIRTUAL, Place, Section, Story, programs

pytest_plugins = ["pytester"]


def called(place: Place) -> str:
    return ": ".join(place)


async def told(story: Story, place: Place, request: pytest.FixtureRequest) -> None:
    asked = list(inspect.signature(story).parameters)[1:]
    fixtures = {name: request.getfixturevalue(name) for name in asked}
    await story(Section(place, programs()[place]), **fixtures)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs write their files here."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("place", VIRTUAL, ids=called)
def test_in_virtual_time(place: Place, request: pytest.FixtureRequest) -> None:
    run(told(VIRTUAL[place], place, request), seed=8)


@pytest.mark.parametrize("place", LIVE, ids=called)
def test_over_sockets(
    place: Place, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The servers that stand for none said are far away.
    monkeypatch.setattr("peer.api.configuration.DEFAULT_ICE_SERVERS", ())
    asyncio.run(asyncio.wait_for(told(LIVE[place], place, request), 60))


@pytest.mark.slow
@pytest.mark.parametrize("place", sorted(TESTS), ids=called)
def test_as_tests(place: Place, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest('pytest_plugins = ["peer.testing.pytest_plugin"]')
    tests = Section(place, programs()[place]).write(pytester.path)
    assert tests
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")
    assert result.parseoutcomes() == {"passed": len(tests)}
