"""What a failed test leaves of each connection it made: a trace, a page, the verdict."""

import gc
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from peer.session.tracing import Tracer

FOLDER = ".traces"
"""Where they are left, below the root of the tests."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write down what the connections of a failed test remember."""
    report = yield
    if report.when == "call" and report.failed:
        tracers = list(_tracers())
        if tracers:
            name = re.sub(r"\W+", "_", item.nodeid).strip("_")[-100:]
            told = _leave(tracers, item.config.rootpath / FOLDER / name)
            report.sections.append(("connections", told))
    return report


def _tracers() -> Iterator["Tracer"]:
    """Find the connections that are there: the failure holds on to those of its test.

    Nobody has to keep a list of them for that, which tests that look for leaks would find.
    """
    for each in gc.get_objects():
        if type(each).__module__ == "peer.session.tracing" and type(each).__name__ == "Tracer":
            yield each


def _leave(tracers: list["Tracer"], path: Path) -> str:
    from peer.explain import explain
    from peer.trace import DumpWriter
    from tools.command.trace import Read

    entries = sorted((e for tracer in tracers for e in tracer.entries()), key=lambda e: e.time)
    path.parent.mkdir(exist_ok=True)
    dump, page = path.with_suffix(".jsonl"), path.with_suffix(".html")
    writer = DumpWriter()
    dump.write_text("".join([writer.head(), *map(writer.lines, entries)]), encoding="utf-8")
    Read(str(dump)).write_page(str(page), addresses=True)
    verdicts = [f"{tracer.id}: {explain(tracer.entries())}" for tracer in tracers]
    return "\n".join([*verdicts, f"aiopeer trace {dump}", str(page)])
