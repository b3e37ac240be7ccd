"""The fixtures, in a pytest of their own."""

import pytest

from tests.contract.source_tree import ROOT

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

CONFTEST = 'pytest_plugins = ["peer.testing.pytest_plugin"]'


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def outcomes(pytester: pytest.Pytester, test: str, *options: str) -> dict[str, int]:
    """Run tests that have the fixtures, in a process of their own."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options).parseoutcomes()


def test_a_coroutine_runs_in_virtual_time(pytester: pytest.Pytester) -> None:
    found = outcomes(
        pytester,
        """
        import asyncio, random
        from peer.testing import connect

        async def test_hour(virtual_loop):
            await asyncio.sleep(3600)
            assert virtual_loop.time() == 3600

        async def test_call(network):
            network.stun_server()
            alice = network.host("alice", nat="symmetric")
            bob = network.host("bob", nat="full-cone")
            a, b = alice.connection(), bob.connection()
            a.createDataChannel("chat")
            await connect(a, b)
            await asyncio.gather(a.close(), b.close())

        async def test_failing(network):
            assert not network
        """,
    )
    assert found == {"passed": 2, "failed": 1}


@pytest.mark.parametrize(
    ("options", "seed"), [((), 7), (("--network-seed", "9"), 9)], ids=["marker", "option"]
)
def test_the_seed(pytester: pytest.Pytester, options: tuple[str, ...], seed: int) -> None:
    found = outcomes(
        pytester,
        f"""
        import random
        import pytest

        @pytest.mark.network_seed(7)
        async def test_seed(network, network_seed):
            assert network.simulation.seed == network_seed == {seed}
            assert random.random() == random.Random({seed}).random()
        """,
        *options,
    )
    assert found == {"passed": 1}


def test_other_tests_are_left_alone(pytester: pytest.Pytester) -> None:
    found = outcomes(
        pytester,
        """
        def test_plain():
            pass

        def test_by_hand(virtual_loop, network):
            async def story():
                return network.host("alice").addresses

            assert virtual_loop.run_until_complete(story())
        """,
    )
    assert found == {"passed": 2}


def test_a_trace_is_replayed_by_a_fixture(pytester: pytest.Pytester) -> None:
    found = outcomes(
        pytester,
        """
        from peer.testing import connect

        async def test_call(network, replay, tmp_path):
            a = network.host("alice").connection(trace=tmp_path / "trace")
            b = network.host("bob").connection()
            a.createDataChannel("chat")
            await connect(a, b)
            await a.close()
            await b.close()
            assert replay(tmp_path / "trace").divergence is None
        """,
    )
    assert found == {"passed": 1}
