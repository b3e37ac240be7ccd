"""The documents stay true."""

import re

from tests.contract.source_tree import ROOT, functions, sources

DEVIATIONS = ROOT / "docs" / "deviations.md"


def test_every_deviation_names_a_section_and_a_test_that_exists() -> None:
    tests = {function.name for path in sources("tests") for function in functions(path)}
    rows = [
        line
        for line in DEVIATIONS.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and not line.startswith(("| ---", "| Document"))
    ]
    assert rows
    for row in rows:
        assert re.search(r"§|draft-", row), f"no section: {row}"
        named = re.findall(r"`(test_\w+)`", row)
        assert named, f"no test: {row}"
        assert [name for name in named if name not in tests] == []


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"`?make (\w+)", readme):
        assert re.search(rf"^{target}:", makefile, re.M), target
