"""Fixtures for pytest: put `pytest_plugins = ["aiopeer_natlab.fixtures"]` into conftest.py.

    def test_my_bot(natlab_call):
        outcome = natlab_call("symmetric - symmetric", b=lambda: ProgramPeer("bot", ["./bot"]))
        assert outcome.seconds < 5

Tests skip where there can be no lab, and say why.
"""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from .events import EVENTS
from .lab import Lab
from .matrix import EventOutcome, MakePeer, Outcome, connect, survive
from .namespace import LabError
from .peers import ours
from .plan import Topology
from .topologies import TOPOLOGIES


@pytest.fixture(scope="session")
def natlab() -> Iterator[Lab]:
    """Give a lab for all tests of the process."""
    try:
        lab = Lab()
    except LabError as error:
        pytest.skip(str(error))
    with lab:
        yield lab


@pytest.fixture
def natlab_call(natlab: Lab) -> Callable[..., Outcome]:
    """Give a function that makes a call in a topology, which may be given by its name."""

    def call(topology: Topology | str, a: MakePeer = ours, b: MakePeer = ours) -> Outcome:
        place = TOPOLOGIES[topology] if isinstance(topology, str) else topology
        return asyncio.run(connect(natlab, place, a, b))

    return call


@pytest.fixture
def natlab_event(natlab: Lab) -> Callable[..., EventOutcome]:
    """Give a function that has an event happen to the first or second side (0, 1) of a call."""

    def happen(event: str, side: int = 0, a: MakePeer = ours, b: MakePeer = ours) -> EventOutcome:
        return asyncio.run(survive(natlab, EVENTS[event], side, a, b))

    return happen
