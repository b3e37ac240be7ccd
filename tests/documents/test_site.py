"""The documentation builds into a site, without a warning."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.source_tree import ROOT

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    options = ("-q", "-W", "--keep-going", "-c", "docs", "-d", str(folder / "doctrees"))
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, ".", str(folder / "html")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder / "html"


def links(page: Path) -> list[str]:
    """Where a page leads, and what it shows, on the site."""
    found = re.findall(r'(?:href|src)="([^"#?]+)', page.read_text("utf-8"))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


@pytest.mark.slow
@pytest.mark.timeout(360)
def test_the_site_is_whole(site: Path) -> None:
    """Each page is there, everything it needs is in the folder, and search finds it."""
    pages = {path.relative_to(ROOT).with_suffix("") for path in DOCS.rglob("*.md")}
    pages |= {Path("SECURITY"), Path("CHANGELOG")}
    assert [page for page in pages if not (site / page).with_suffix(".html").exists()] == []
    for page in site.rglob("*.html"):
        missing = [link for link in links(page) if not (page.parent / link).exists()]
        assert missing == [], page
    index = (site / "searchindex.js").read_text("utf-8")
    names = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))["docnames"]
    assert set(map(str, pages)) <= set(names)
