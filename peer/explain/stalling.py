"""Times in which the event loop ran nothing: whose fault they are, and what they cost a call."""

from collections.abc import Iterator
from typing import NamedTuple

from .call import Call, number
from .finding import Finding
from .text import counted, seconds

_STALL = 0.5
"""Seconds of a stall that media does not get over unheard."""
_SEVERAL, _PART = 3, 0.02
"""How many shorter stalls, and which part of the time, are as bad."""
_LATE = 1.0
"""Seconds of stalls that make a connection late."""
_SILENT, _PATIENCE = 5.0, 35.0
"""Seconds of a stall after which a peer may give up, and within which it does (RFC 7675)."""


class Stall(NamedTuple):
    """A time in which the event loop ran nothing; `end` is when it went on."""

    end: float
    duration: float
    blamed: str | None
    """The callback that ran; "" if none did, None if nobody looked."""


def stalls(call: Call, since: float = 0.0, until: float = float("inf")) -> list[Stall]:
    """Find what held the loop up between two times: what was seen, or else what ICE noticed."""
    seen = [
        Stall(time, number(value, "duration"), str(value.get("blamed") or ""))
        for time, value in call.stalls
    ]
    noticed = [
        Stall(time, number(fields, "duration"), None)
        for time, name, fields in call.events
        if name == "EventLoopStalled"
    ]
    told = [one for one in noticed if not any(_same(one, other) for other in seen)]
    return sorted((one for one in (*seen, *told) if since < one.end <= until), key=_end)


def _end(stall: Stall) -> float:
    return stall.end


def _same(one: Stall, other: Stall) -> bool:
    return abs(one.end - other.end) < max(one.duration, other.duration)


def loop_stalled(call: Call) -> Iterator[Finding]:
    """The program kept the event loop from running, for so long that media suffers."""
    if call.connected is None:
        return
    found = stalls(call, call.connected, call.ended)
    total = sum(one.duration for one in found)
    if any(one.duration >= _STALL for one in found) or (
        len(found) >= _SEVERAL and total > _PART * (call.ended - call.connected)
    ):
        yield _stalled(found, "")


def stalled_at_first(call: Call) -> Iterator[Finding]:
    """The program kept the event loop from running, so that it connects late or never."""
    until = call.ended if call.connected is None else call.connected
    found = stalls(call, 0.0, until)
    total = sum(one.duration for one in found)
    if total >= _LATE:
        certain = call.connected is not None or total > until / 2
        yield _stalled(found, ", before it was connected", certain=certain)


def stalled_and_lost(call: Call) -> Iterator[Finding]:
    """The program kept the event loop from running, for so long that the peer gave up."""
    if call.lost is None:
        return
    found = stalls(call, call.lost - _PATIENCE, call.lost + _PATIENCE)
    if any(one.duration >= _SILENT for one in found):
        yield _stalled(found, "")


def _stalled(found: list[Stall], when: str, *, certain: bool = True) -> Finding:
    longest = max(found, key=lambda one: one.duration)
    known = [one for one in found if one.blamed]
    named = [f"{seconds(one.end - one.duration)} it was in {one.blamed}" for one in known]
    often = f", {counted(len(found), 'time')}" if len(found) > 1 else ""
    lines = [f"{seconds(one.end - one.duration)} for {seconds(one.duration)}" for one in found]
    evidence = (*dict.fromkeys(named[:5]), *(f"nothing ran from {line}" for line in lines[:5]))
    if not known and any(one.blamed == "" for one in found):
        return Finding(
            "event-loop-stalled",
            f"The event loop stood still for {seconds(longest.duration)}{often}{when}, and no "
            "callback of it was running.",
            evidence,
            "The machine or the process stood still, or another thread held the interpreter: "
            "look at the load, and at extensions that do not let go of the GIL.",
            certain,
        )
    return Finding(
        "event-loop-stalled",
        f"The program blocked the event loop for {seconds(longest.duration)}{often}{when}.",
        evidence,
        "Run what takes long in a thread or a process (asyncio.to_thread).",
        certain,
    )
