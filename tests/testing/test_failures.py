"""What a failed test leaves behind, in a pytest of its own."""

import pytest

from peer.trace import read_trace
from tests.contract.source_tree import ROOT

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow


def test_a_failed_test_leaves_trace_page_and_verdict(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest("from tests.failures import pytest_runtest_makereport")
    pytester.makepyfile(
        """
        from peer.testing import Network, connect, run

        def test_call():
            async def story():
                network = Network()
                network.stun_server()
                pcs = [network.host(str(n), nat="symmetric").connection() for n in range(2)]
                pcs[0].createDataChannel("x")
                await connect(*pcs, within=60)
            run(story())

        def test_without_connections():
            assert True
        """
    )
    found = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    assert found.parseoutcomes() == {"failed": 1, "passed": 1}
    found.stdout.fnmatch_lines(["*connections*", "PC_1: It was never connected: failed*"])
    folder = pytester.path / ".traces"
    (dump,) = folder.glob("*.jsonl")
    (page,) = folder.glob("*.html")
    assert read_trace(dump.read_bytes()).connections == ["PC_0", "PC_1"]
    assert "It was never connected" in page.read_text()
