"""The pictures of the page: lanes over time, and curves."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

WIDTH = 1000
LEFT = 260
RIGHT = 990
_LANE = 22
_CHARACTER = 6.5
"""How wide a character is drawn, about."""
_SHORTEST = 8
"""Characters of a mark's words that have to have room."""
MAX_POINTS = 500
"""Points of a curve; of more, the least and the greatest of each stretch are drawn."""


class Mark(NamedTuple):
    """Something on a lane, at a moment or, with an end, for a while; `kind` is good, bad, warn."""

    begin: float
    words: str
    kind: str = "soft"
    end: float | None = None


class Lane(NamedTuple):
    """A line of the picture, with its name."""

    name: str
    marks: Sequence[Mark]

    def until(self, time: float) -> "Lane":
        """Leave out what came after a time."""
        return self._replace(marks=[mark for mark in self.marks if mark.begin <= time])


def _x(time: float, span: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * max(0.0, min(time, span)) / span, 1)


def lanes(found: Sequence[Lane], span: float, title: str) -> str:
    """Draw lanes; each mark has a form and a title of its own, so that colour is not alone."""
    height = _LANE * len(found) + 26
    parts = [_head(height, title)]
    for row, lane in enumerate(found):
        y = 14 + row * _LANE
        name = lane.name if len(lane.name) <= 40 else lane.name[:39] + "…"
        parts.append(f'<text x="6" y="{y + 4}"><title>{escape(lane.name)}</title>{escape(name)}')
        parts.append(f'</text><line x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}" class="rule"/>')
        parts += [_mark(mark, y, span) for mark in lane.marks]
        parts += _labels(lane.marks, y, span)
    parts.append(_axis(height, span))
    cursor = f'<line class="cursor" data-span="{span:.6f}" y1="0" y2="{height - 18}"'
    parts.append(f'{cursor} visibility="hidden"/></svg>')
    return "".join(parts)


_COLOURS = {
    "good": "var(--good)",
    "bad": "var(--bad)",
    "warn": "var(--warn)",
    "soft": "var(--soft)",
}


def _mark(mark: Mark, y: int, span: float) -> str:
    colour = _COLOURS[mark.kind]
    title = f"<title>{mark.begin:.3f} s: {escape(mark.words)}</title>"
    x = _x(mark.begin, span)
    if mark.end is not None:
        width = max(2.0, _x(mark.end, span) - x)
        opacity = "0.25" if mark.kind == "soft" else "0.4"
        room = int(width / _CHARACTER) - 1
        words = mark.words if len(mark.words) <= room else ""
        return (
            f'<rect x="{x}" y="{y - 7}" width="{width:.1f}" height="14" fill="{colour}" '
            f'fill-opacity="{opacity}">{title}</rect>'
            f'<text x="{x + 4}" y="{y + 4}" pointer-events="none">{escape(words)}</text>'
        )
    if mark.kind == "bad":
        cross = f"M{x - 4} {y - 4}l8 8m0 -8l-8 8"
        return f'<path d="{cross}" stroke="{colour}" stroke-width="2.5" fill="none">{title}</path>'
    if mark.kind == "warn":
        triangle = f"M{x} {y - 6}l5 10h-10z"
        return f'<path d="{triangle}" fill="{colour}">{title}</path>'
    radius = 5 if mark.kind == "good" else 3.5
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}">{title}</circle>'


def _labels(marks: Sequence[Mark], y: int, span: float) -> list[str]:
    """Write the words of moments beside them, where there is room until the next mark."""
    places = [_x(mark.begin, span) for mark in marks]
    drawn = []
    for mark, x, following in zip(marks, places, [*places[1:], float(RIGHT)], strict=True):
        room = int((following - x) / _CHARACTER) - 2
        if mark.end is None and room >= _SHORTEST:
            words = mark.words if len(mark.words) <= room else f"{mark.words[: room - 1]}…"
            drawn.append(
                f'<text x="{x + 8}" y="{y + 4}" pointer-events="none">{escape(words)}</text>'
            )
    return drawn


def curve(points: Iterable[tuple[float, float]], span: float, title: str, unit: str) -> str:
    """Draw a curve with its greatest value; nothing when there are fewer than two points."""
    found = thinned(list(points))
    if len(found) < 2:
        return ""
    top = max(value for _, value in found)
    scale = 76 / top if top > 0 else 0.0
    drawn = " ".join(f"{_x(t, span)},{round(90 - scale * value, 1)}" for t, value in found)
    return (
        f'{_head(112, title)}<text x="6" y="18">{escape(title)}</text>'
        f'<text x="6" y="36" class="soft">up to {top:.4g} {escape(unit)}</text>'
        f'<polyline points="{drawn}" fill="none" stroke="var(--link)" stroke-width="1.5"/>'
        f"{_axis(112, span)}</svg>"
    )


def thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Keep the least and the greatest of each stretch, in order."""
    if len(points) <= MAX_POINTS:
        return points
    size = -(-len(points) // (MAX_POINTS // 2))
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), size):
        stretch = points[start : start + size]
        kept += sorted({min(stretch, key=lambda p: p[1]), max(stretch, key=lambda p: p[1])})
    return kept


def _head(height: int, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img"><title>{escape(title)}</title>'
        "<style>.rule{stroke:var(--line)}.cursor{stroke:var(--link);stroke-width:1.5}</style>"
    )


def _axis(height: int, span: float) -> str:
    steps = [round(span * part, 3) for part in (0, 0.25, 0.5, 0.75, 1)]
    return "".join(
        f'<text x="{_x(at, span)}" y="{height - 5}" class="soft" '
        f'text-anchor="{"end" if at == steps[-1] else "start"}">{at:.4g} s</text>'
        for at in steps
    )
