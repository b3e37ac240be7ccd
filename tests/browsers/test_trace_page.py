"""The page of a trace in a real browser: it needs nothing, runs nothing foreign, and steps."""

from pathlib import Path

import pytest

from peer.trace import Dump, TraceEntry, read_trace
from tests.trace.support import CALL
from tools.command.page import page

from .stage import Stage

pytestmark = pytest.mark.interop

LOOK = """
const section = document.querySelector('section'), slider = section.querySelector('input');
const later = () => section.querySelectorAll('tr.later').length;
const found = {all: section.querySelectorAll('tr[data-t]').length, end: later()};
slider.value = 1;
slider.dispatchEvent(new Event('input'));
found.begin = later();
found.now = section.querySelectorAll('tr.now').length;
found.words = document.body.innerText;
const search = section.querySelector('input[type=search]');
search.value = 'setRemoteDescription';
search.dispatchEvent(new Event('input'));
found.shown = [...section.querySelectorAll('tr[data-t]')].filter(row => !row.hidden).length;
found.requests = performance.getEntriesByType('resource').length;
found.scripts = document.scripts.length;
found.hacked = typeof hacked;
found.wide = document.documentElement.scrollWidth > window.innerWidth;
return found;
"""


def test_a_page_in_chromium(stage: Stage, tmp_path: Path) -> None:
    dump = read_trace(CALL)
    hostile = TraceEntry(
        dump.entries[-1].time, "9-1", "<img src=x onerror='hacked = 1'>", "</script>"
    )
    dump = Dump(dump.format, dump.metadata, (*dump.entries, hostile))
    path = tmp_path / "page.html"
    path.write_text(page(dump, ["9-1"]), encoding="utf-8")
    browser = stage.prepare(stage.pool.get("chromium"))
    tab = stage.prepare(browser.open(path.as_uri()))
    try:
        found = stage.run(tab.run(LOOK))
        stage.run(tab.screenshot(tmp_path / "page.png"))
    finally:
        stage.prepare(tab.close())
    assert found["all"] > 20
    assert found["end"] == 0
    assert 0 < found["begin"] < found["all"]
    assert found["now"] == 1
    assert 0 < found["shown"] < found["all"]
    assert found["requests"] == 0
    assert found["scripts"] == 1
    assert found["hacked"] == "undefined"
    assert not found["wide"]
    assert "It was connected at " in found["words"]
    assert "<img src=x" in found["words"]
