"""Fixtures for pytest: put `pytest_plugins = ["peer.testing.pytest_plugin"]` into conftest.py.

A test that is a coroutine and asks for `network` or `virtual_loop` runs in virtual time:

    async def test_my_bot(network):
        alice = network.host("alice", nat="symmetric")
        ...

and one that asks for `replay` has what ICE did in the trace of a call happen again:

    def test_the_call_of_monday(replay):
        assert replay("monday.jsonl").divergence is None

The seed is 0, or that of `@pytest.mark.network_seed(7)`, or of the option `--network-seed`.
"""

import asyncio
import inspect
from collections.abc import Callable, Iterator

import pytest

from peer.ice import ReplayResult

from . import replaying
from .loop import VirtualLoop, seeded
from .network import Network

MARKER = "network_seed"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--network-seed`."""
    parser.addoption("--network-seed", type=int, help="seed of the simulated networks of this run")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{MARKER}(seed): seed of the simulated network of a test")


@pytest.fixture
def network_seed(request: pytest.FixtureRequest) -> int:
    """Give the seed of the test's network."""
    given = request.config.getoption("--network-seed")
    marker = request.node.get_closest_marker(MARKER)
    return int(given if given is not None else marker.args[0] if marker else 0)


@pytest.fixture
def virtual_loop(network_seed: int) -> Iterator[VirtualLoop]:
    """Give an event loop of virtual time, and close it after the test with all that it runs."""
    with seeded(network_seed), asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        yield loop


@pytest.fixture
def network(virtual_loop: VirtualLoop, network_seed: int) -> Network:
    """Give a simulated network on the virtual loop."""
    return Network(network_seed, loop=virtual_loop)


@pytest.fixture
def replay() -> Callable[..., ReplayResult]:
    """Give `peer.testing.replay`."""
    return replaying.replay


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine, on the virtual loop if it has one."""
    loop = pyfuncitem.funcargs.get("virtual_loop")
    if not isinstance(loop, VirtualLoop) or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    loop.run_until_complete(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True
