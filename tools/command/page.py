"""A trace as one page of HTML, which needs nothing else: no network, no other file.

Everything from the trace is text and escaped; the page's policy lets no script but its own run.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from peer.explain import Call, Explanation, Finding, endpoint, explain
from peer.trace import ICE, Dump, TraceEntry, describe

from .ladder import Step, ladder, ladder_text
from .lanes import curves, lanes_of, life, setting_up
from .page_style import SCRIPT, STYLE
from .svg import lanes

MAX_ROWS = 2000
"""Rows of the time line; of a longer trace the middle is left out."""
MAX_LADDER = 400
"""Steps of the ladder that are drawn."""
_DOT = 0.25
"""The part of a call below which its set-up is drawn by itself as well."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def page(dump: Dump, connections: Iterable[str]) -> str:
    """Give the page of these connections of a trace."""
    sections = [_connection(name, dump.of(name)) for name in connections]
    agent = escape(str(dump.metadata.get("userAgent", "an unknown program")))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(_title(dump))}</title>'
        f"<style>{STYLE}</style></head><body>"
        f'<p class="soft">{escape(dump.format)} by {agent}, {len(dump.entries)} entries</p>'
        f"{''.join(sections) or '<p>There is no connection in it.</p>'}"
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def _title(dump: Dump) -> str:
    return f"A call of {', '.join(dump.connections[:3]) or 'nobody'}"


def _connection(name: str, entries: Sequence[TraceEntry]) -> str:
    call = Call(entries)
    span = max(call.ended, 0.001)
    steps = ladder(entries)
    parts = [
        _verdict(name, explain(entries)),
        *_time_lines(call, name, span),
        _replay(entries),
        _pairs(call),
        _candidates(call),
        _ladder(steps),
        _counts("Dropped", {reason: len(found) for reason, found in call.drops.items()}),
        _settings(call),
    ]
    return f"<section>{''.join(parts)}</section>"


def _time_lines(call: Call, name: str, span: float) -> Iterator[str]:
    """Draw the call, and before it what sets it up, where that would be a dot in it."""
    found = lanes_of(call)
    begun = setting_up(call)
    if begun < span * _DOT:
        close = [lane.until(begun) for lane in found]
        drawn = lanes([lane for lane in close if lane.marks], begun, f"Set-up of {name}")
        yield f"<h2>Setting up</h2>{_wide(drawn)}"
    drawn = lanes(found, span, f"Time line of {name}")
    yield f"<h2>Time line</h2>{_wide(drawn + ''.join(curves(call, span)))}"


def _wide(inner: str) -> str:
    """Have something scroll sideways where the window is narrow."""
    return f'<div class="wide" tabindex="0">{inner}</div>'


def _verdict(name: str, found: Explanation) -> str:
    fine = " fine" if found.verdict is None else "" if found.verdict.certain else " unsure"
    inner = f'<p class="state">{escape(name)}: {escape(found.words)}</p>'
    if found.verdict is not None:
        inner += _finding(found.verdict, "h1")
    elif not found.others:
        inner += "<h1>Nothing wrong is to be seen.</h1>"
    others = "".join(f"<div>{_finding(one, 'h2')}</div>" for one in found.others)
    more = f"<details open><summary>Also found</summary>{others}</details>" if others else ""
    return f'<div class="verdict{fine}">{inner}</div>{more}'


def _finding(finding: Finding, level: str) -> str:
    sure = "" if finding.certain else ' <span class="warn">(possibly)</span>'
    lines = "".join(f"<li>{escape(line)}</li>" for line in finding.evidence)
    return (
        f"<{level}>{escape(finding.words)}{sure}</{level}><ul>{lines}</ul>"
        f'<p class="advice">{escape(finding.advice)}</p>'
    )


# The tables


def _replay(entries: Sequence[TraceEntry]) -> str:
    """The entries, to be gone through step by step."""
    first = entries[0].time
    told = [(entry.time - first, describe(entry)) for entry in entries]
    told = [(time, words) for time, words in told if not words.startswith(". ice")]
    if len(told) > MAX_ROWS:
        left = len(told) - MAX_ROWS
        middle = (told[MAX_ROWS // 2][0], f". {left} more are not shown")
        told = [*told[: MAX_ROWS // 2], middle, *told[-MAX_ROWS // 2 :]]
    rows = "".join(
        f'<tr data-t="{time:.6f}"><td class="n">{time:.3f}</td>'
        f'<td class="mono {_class(words)}">{escape(words)}</td></tr>'
        for time, words in told
    )
    return (
        "<h2>Step by step</h2>"
        '<label>Up to <output>the end</output><input type="range" min="0" value="0" '
        'aria-label="Go through the call step by step"></label>'
        '<label>Show lines with <input type="search"></label>'
        '<div class="scroll" tabindex="0"><table>'
        '<thead><tr><th class="n">s</th><th>what</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _class(words: str) -> str:
    return {"!": "bad", "x": "warn", "=": "good"}.get(words[:1], "")


def _pairs(call: Call) -> str:
    pairs = call.stats("candidate-pair")
    rows = [_pair(call, pair) for pair in sorted(pairs, key=_pair_order)]
    heads = "local", "remote", "state", "why", "sent", "answered", "asked", "RTT ms", "selected"
    return _table(f"Pairs ({len(pairs)})", heads, rows, numbers=(4, 5, 6, 7))


def _pair_order(pair: Mapping[str, Any]) -> tuple[bool, float]:
    priority = pair.get("priority")
    return not pair.get("nominated"), -priority if isinstance(priority, int | float) else 0


def _pair(call: Call, pair: Mapping[str, Any]) -> str:
    selected = {str(t.get("selectedCandidatePairId")) for t in call.stats("transport")}
    trip = pair.get("currentRoundTripTime")
    state = str(pair.get("state", ""))
    cells = [
        _cell(_candidate(call, pair.get("localCandidateId"))),
        _cell(_candidate(call, pair.get("remoteCandidateId"))),
        f'<td class="{_state_class(state)}"{_life(call, pair)}>{escape(state)}</td>',
        _cell(pair.get("reason") or ""),
        *(_cell(pair.get(m, ""), "n") for m in ("requestsSent", "responsesReceived")),
        _cell(pair.get("requestsReceived", ""), "n"),
        _cell(f"{trip * 1000:.0f}" if isinstance(trip, int | float) else "", "n"),
        _cell("yes" if pair["id"] in selected else ""),
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _life(call: Call, pair: Mapping[str, Any]) -> str:
    """The states of a pair with their times, for the step by step."""
    told = [[time, state] for time, state, _ in life(call, pair)]
    return f' data-life="{escape(json.dumps(told))}"' if told else ""


def _state_class(state: str) -> str:
    return {"succeeded": "good", "failed": "bad"}.get(state, "")


def _candidate(call: Call, key: object) -> str:
    stats = call.item(key)
    if not stats:
        return "gone"
    where = endpoint(stats.get("address") or "hidden", stats.get("port"))
    return f"{stats.get('candidateType')} {where}"


def _candidates(call: Call) -> str:
    rows = [
        f"<tr>{_cell(f'{one.time:.3f}', 'n')}{_cell(side)}{_cell(one.type)}"
        f"{_cell(endpoint(one.address, one.port))}{_cell(one.protocol)}{_cell(one.mid or '')}</tr>"
        for side, found in (("ours", call.local_candidates), ("peer's", call.remote_candidates))
        for one in found
    ]
    rows += [
        f"<tr>{_cell(f'{e.time:.3f}', 'n')}{_cell('ours')}{_cell('error', 'bad')}"
        f"{_cell(e.url)}{_cell(e.code)}{_cell(e.words)}</tr>"
        for e in call.gather_errors
    ]
    heads = "s", "whose", "type", "address", "protocol or error", "mid or reason"
    return _table("Candidates", heads, rows, numbers=(0,))


def _ladder(steps: list[Step]) -> str:
    text = "\n".join(ladder_text(steps[:MAX_LADDER]))
    more = len(steps) - MAX_LADDER
    tail = f"\n{more} more steps are not shown" if more > 0 else ""
    return (
        f"<details><summary>Who said what ({len(steps)} steps)</summary>"
        f"<pre>{escape(text + tail)}</pre></details>"
    )


def _counts(title: str, counts: Mapping[str, int]) -> str:
    rows = [f"<tr>{_cell(name)}{_cell(count, 'n')}</tr>" for name, count in counts.items()]
    return _table(title, ("reason", "times"), rows, numbers=(1,))


def _settings(call: Call) -> str:
    text = json.dumps(dict(call.settings), indent=1, ensure_ascii=False, default=str)
    return f"<details><summary>Settings</summary><pre>{escape(text)}</pre></details>{_hint(call)}"


def _hint(call: Call) -> str:
    """Say how to replay the trace, if it has what that takes; one of a browser has not."""
    if all(entry.method != ICE or _kind(entry) != "input" for entry in call.entries):
        return ""
    words = "peer.testing.replay(FILE) has what ICE did happen again, in a test."
    return f'<p class="soft">{escape(words)}</p>'


def _kind(entry: TraceEntry) -> object:
    return entry.value.get("kind") if isinstance(entry.value, Mapping) else None


def _table(title: str, heads: Sequence[str], rows: Sequence[str], *, numbers: Sequence[int]) -> str:
    """Give a table, nothing without rows; `numbers` are the columns that have some."""
    if not rows:
        return ""
    kinds = (' class="n"' if column in numbers else "" for column in range(len(heads)))
    head = "".join(
        f"<th{kind}>{escape(name)}</th>" for kind, name in zip(kinds, heads, strict=True)
    )
    return f"<h2>{escape(title)}</h2>" + _wide(
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>",
    )


def _cell(value: object, kind: str = "") -> str:
    return (
        f'<td class="{kind}">{escape(str(value))}</td>'
        if kind
        else f"<td>{escape(str(value))}</td>"
    )
