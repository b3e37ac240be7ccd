"""The matrix as a table, as JSON, and as one page with descriptions and traces of what failed."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from peer.explain import explain
from peer.trace import TraceEntry, blurred, printable
from tools.command.ladder import ladder, ladder_text
from tools.command.page_style import STYLE
from tools.command.trace import timeline

from .cells import BAD, Outcome, Result
from .party import Side

MARKS = {
    Result.WORKS: ("✓", "green"),
    Result.FAILS: ("✗", "bold red"),
    Result.STALE: ("!", "bold red"),
    Result.CANNOT: ("⊘", "yellow"),
    Result.UNASKED: ("·", "dim"),
    Result.MISSING: ("?", "magenta"),
}
LEGEND = "we offer, they offer: " + ", ".join(
    f"{mark} {result.value}" for result, (mark, _) in MARKS.items()
)
MAX_ENTRIES = 400
"""Lines of a time line that a page has."""
_CLASSES = {Result.WORKS: "good", Result.CANNOT: "warn", Result.MISSING: "warn"}
_DESCRIBED = {
    "setLocalDescription": "ours",
    "setLocalDescriptionOnSuccess": "ours",
    "setRemoteDescription": "theirs",
}
"""What has a description in a trace: the call where the program gave one, else how it ended."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def parties(outcomes: Iterable[Outcome]) -> list[str]:
    """Give the parties, in the order in which they were played."""
    return list(dict.fromkeys(each.party for each in outcomes))


def scenarios(outcomes: Iterable[Outcome]) -> list[str]:
    """Give the scenarios likewise."""
    return list(dict.fromkeys(each.scenario for each in outcomes))


def _cells(outcomes: Sequence[Outcome], scenario: str, party: str) -> list[Outcome]:
    found = [each for each in outcomes if (each.scenario, each.party) == (scenario, party)]
    return sorted(found, key=lambda each: list(Side).index(each.offerer))


def table(outcomes: Sequence[Outcome]) -> Table:
    """Draw the matrix: two marks for each party, the first where we offer."""
    drawn = Table(caption=LEGEND, caption_style="dim", box=SIMPLE_HEAD, collapse_padding=True)
    drawn.add_column("", no_wrap=True)
    for party in parties(outcomes):
        # Where there is no room, names are cut up and scenarios are not.
        drawn.add_column(party, justify="center", overflow="fold")
    for scenario in scenarios(outcomes):
        row = [Text(scenario)]
        for party in parties(outcomes):
            marks = [MARKS[each.result] for each in _cells(outcomes, scenario, party)]
            row.append(Text(" ").join(Text(mark, style) for mark, style in marks))
        drawn.add_row(*row)
    return drawn


def notes(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Say more of each cell that does not work, one line each."""
    for each in outcomes:
        if each.result in (*BAD, Result.CANNOT):
            yield printable(f"{_title(each)}: {_reason(each)}")


def _title(outcome: Outcome) -> str:
    return f"{outcome.party}, {outcome.scenario}, {outcome.offerer.value}"


def _reason(outcome: Outcome) -> str:
    limit = outcome.limit
    if outcome.result is Result.STALE and limit is not None:
        return f"it works, but is said not to ({limit.standard})"
    if limit is not None:
        return f"{outcome.party} {limit.instead} ({limit.standard}): {outcome.evidence}"
    return outcome.why


def as_json(outcomes: Iterable[Outcome]) -> str:
    """Give all outcomes as JSON."""
    return json.dumps([each.as_json() for each in outcomes], indent=1, ensure_ascii=False)


def page(outcomes: Sequence[Outcome], *, addresses: bool = False) -> str:
    """Give the matrix as one page that loads nothing; addresses of calls are blurred in it."""
    hide = str if addresses else blurred
    failed = [each for each in outcomes if each.result in (*BAD, Result.CANNOT)]
    bad = [each for each in failed if each.result in BAD]
    played = [each for each in outcomes if each.result not in (Result.UNASKED, Result.MISSING)]
    works = [each for each in played if each.result is Result.WORKS]
    verdict = f"{len(works)} of {len(played)} calls work"
    state = f"{len(bad)} fail; {len(failed) - len(bad)} cannot: the other side breaks a standard."
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<link rel="icon" href="data:,"><meta name=viewport content="width=device-width">',
        f"<title>aiopeer interop: {verdict}</title><style>{STYLE}</style>",
        f'<div class="verdict{"" if bad else " fine"}"><h1>{verdict}</h1>',
        f"<p class=state>{state}</p></div>",
        f"<h2>Matrix</h2>{_grid(outcomes)}<p class=soft>{escape(LEGEND)}</p>",
        *(_section(each, hide) for each in failed),
        *_unplayed(outcomes),
    ]
    return "".join(parts)


def _grid(outcomes: Sequence[Outcome]) -> str:
    names = parties(outcomes)
    head = "".join(f"<th scope=col>{escape(name)}" for name in names)
    rows = []
    for scenario in scenarios(outcomes):
        cells = "".join(
            f"<td>{' '.join(map(_mark, _cells(outcomes, scenario, name)))}" for name in names
        )
        rows.append(f"<tr><th scope=row>{escape(scenario)}{cells}")
    return f"<table><tr><td>{head}{''.join(rows)}</table>"


def _mark(outcome: Outcome) -> str:
    mark, _ = MARKS[outcome.result]
    shade = "bad" if outcome.result in BAD else _CLASSES.get(outcome.result, "soft")
    title = f"{_title(outcome)}: {outcome.result.value}"
    drawn = f'<span class="{shade}" title="{escape(title)}">{mark}</span>'
    if outcome.result in (*BAD, Result.CANNOT):
        return f'<a href="#{_anchor(outcome)}">{drawn}</a>'
    return drawn


def _anchor(outcome: Outcome) -> str:
    return escape(_title(outcome).replace(" ", "-").replace(",", ""))


def _section(outcome: Outcome, hide: Callable[[str], str]) -> str:
    limit = outcome.limit
    parts = [f'<h2 id="{_anchor(outcome)}">{escape(_title(outcome))}: {outcome.result.value}</h2>']
    if limit is not None:
        parts.append(f"<p>{escape(outcome.party)} {escape(limit.instead)} ({limit.standard}).</p>")
    told = outcome.evidence or outcome.why
    parts.append(f"<p>{escape(hide(told))}</p>")
    if outcome.dump is not None:
        for name in outcome.dump.connections:
            parts += map(hide, _trace(outcome.dump.of(name)))
    return "".join(parts)


def _trace(entries: list[TraceEntry]) -> Iterator[str]:
    yield f"<p>{escape(str(explain(entries))).replace(chr(10), '<br>')}</p>"
    for entry in entries:
        if entry.method in _DESCRIBED and isinstance(entry.value, dict):
            title = f"{entry.value.get('type')}, {_DESCRIBED[entry.method]}"
            yield _folded(title, str(entry.value.get("sdp")).splitlines())
    yield _folded("ladder", ladder_text(ladder(entries)))
    lines = list(timeline(entries))
    if len(lines) > MAX_ENTRIES:
        half = MAX_ENTRIES // 2
        lines[half:-half] = [f"... {len(lines) - MAX_ENTRIES} lines ..."]
    yield _folded("time line", lines)


def _folded(title: str, lines: Iterable[str]) -> str:
    text = escape(printable("\n".join(lines), besides="\n"))
    return f"<details><summary>{escape(title)}</summary><pre>{text}</pre></details>"


def _unplayed(outcomes: Sequence[Outcome]) -> Iterator[str]:
    left = [each for each in outcomes if each.result in (Result.UNASKED, Result.MISSING)]
    if left:
        rows = "".join(
            f"<tr><td>{escape(_title(each))}<td>{each.result.value}<td>{escape(each.why)}"
            for each in left
        )
        title = "What was not played, and why"
        yield f"<details><summary>{title}</summary><table>{rows}</table></details>"
