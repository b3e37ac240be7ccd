"""Times in which nothing came through, and then went on: losses of theirs are of no other kind."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from .call import Call, Stats, number
from .finding import Finding
from .text import counted, seconds

_LONG = 1.2
"""Seconds without a packet that count."""
_LOST = 10
"""Packets that are lost in it; fewer may have been silence of the peer's own choice."""
_TOLD_LATER = 6.0
"""Seconds until a loss is reported by who missed it."""


class Outage(NamedTuple):
    """A time in which nothing came; `end` is None where only the beginning is known."""

    begin: float
    end: float | None

    def __str__(self) -> str:
        """Its beginning, and how long it took."""
        if self.end is None:
            return f"from {seconds(self.begin)}"
        return f"from {seconds(self.begin)} to {seconds(self.end)}"


def outages(call: Call) -> list[Outage]:
    """Find the times in which nothing came, among others what ICE noticed of them."""
    found = sorted({gap for stream in _streams(call) for gap in _gaps(call, stream)})
    merged: list[Outage] = []
    for gap in (*found, *_noticed(call)):
        if not any(_is_within(gap, known) for known in merged):
            merged.append(gap)
    return sorted(merged, key=lambda gap: gap.begin)


def _streams(call: Call) -> list[str]:
    return [str(one["id"]) for one in call.stats("inbound-rtp")]


def _gaps(call: Call, stream: str) -> Iterator[Outage]:
    """The times between reports in which a stream stood still, and then told of many losses."""
    begin: float | None = None
    before: tuple[float, Stats] | None = None
    for time, report in call.reports:
        now = report.get(stream)
        if now is None:
            before = None
            continue
        if before is not None and number(before[1], "packetsReceived"):
            if number(now, "packetsReceived") == number(before[1], "packetsReceived"):
                begin = before[0] if begin is None else begin
            elif begin is not None:
                if before[0] - begin >= _LONG and _lost_since(call, stream, begin, now) >= _LOST:
                    yield Outage(begin, time)
                begin = None
        before = time, now


def _lost_since(call: Call, stream: str, begin: float, now: Stats) -> float:
    return number(now, "packetsLost") - _value(call, begin, lambda o: o.get(stream, {}))


def _noticed(call: Call) -> Iterator[Outage]:
    """What ICE noticed: a pair in use that was silent, and is used again."""
    last = call.states["connection"][-1:]
    if call.connected is None or (last and last[0].state in ("disconnected", "failed")):
        return
    for time, name, _ in call.decisions:
        if name == "silent" and time > call.connected:
            yield Outage(max(time - _LONG, call.connected), None)


def _is_within(gap: Outage, known: Outage) -> bool:
    if known.end is None:
        return abs(gap.begin - known.begin) < _TOLD_LATER
    return known.begin - _LONG <= gap.begin <= known.end + _LONG


def lost_apart(call: Call, total: float, find: Callable[[dict[str, Stats]], Stats]) -> float:
    """Give how many packets of a stream were lost beside outages, of all that were.

    `find` gives the object of a report that counts them.
    """
    for gap in outages(call):
        if gap.end is not None:
            until = gap.end + _TOLD_LATER
            total -= _value(call, until, find, later=True) - _value(call, gap.begin, find)
    return max(total, 0.0)


def _value(
    call: Call, at: float, find: Callable[[dict[str, Stats]], Stats], *, later: bool = False
) -> float:
    """What was lost until a time, as the report before or after it tells."""
    reports = call.reports
    if later:
        report = next((one for time, one in reports if time >= at), reports[-1][1])
    else:
        report = next((one for time, one in reversed(reports) if time <= at), {})
    return number(find(report), "packetsLost")


def outage(call: Call) -> Iterator[Finding]:
    """Nothing came for a while, and then went on."""
    found = outages(call)
    if not found:
        return
    known = [gap.end - gap.begin for gap in found if gap.end is not None]
    long = f"about {seconds(max(known))}" if known else "more than a second"
    often = f", {counted(len(found), 'time')}" if len(found) > 1 else ""
    yield Finding(
        "outage",
        f"Nothing came through for {long}{often}, and then it went on.",
        tuple(f"nothing came {gap}" for gap in found[:5]),
        "The network was away, or the peer's program stood still: look at what happened then "
        "(another network, a radio, a modem or VPN that connects anew).",
    )
