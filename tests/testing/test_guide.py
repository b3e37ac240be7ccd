"""The programs of docs/testing.md run."""

import re

import pytest

from tests.contract.source_tree import ROOT

pytest_plugins = ["pytester"]

GUIDE = ROOT / "docs" / "testing.md"


@pytest.mark.slow
def test_the_tests_of_the_guide_pass(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    blocks = re.findall(r"```python\n# (\S+)\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    for name, text in blocks:
        (pytester.path / name).write_text(text, "utf-8")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")
    assert result.parseoutcomes() == {"passed": len(blocks) - 1}
