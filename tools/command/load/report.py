"""What the calls come to: figures, a verdict, a table."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .bots import Call, freezes
from .crowd import Outcome

BEARABLE = 0.06
"""Seconds of added delay, at the 95th percentile, that a bot may have."""
MIN_CORES = 0.001


@dataclass(frozen=True, slots=True)
class Figures:
    """Of all calls together; seconds. Percentiles are None where nothing was measured."""

    bots: int
    failed: int
    set_up: tuple[float | None, float | None]
    """Half of the calls, and 95 %, were heard within that."""
    added_delay: tuple[float | None, float | None]
    """Of marks, there and back, beyond the fastest of all."""
    lost: float
    """Of the packets that were to come back, the share."""
    freezes: int
    cores: float
    """What the bots' process took of one processor."""
    bots_per_core: float | None
    """None where the delay was not bearable."""


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value that so many are not above; None of nothing."""
    if not values:
        return None
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]


def fastest_mark(calls: Iterable[Call]) -> float:
    """How long the fastest mark of all took; 0 where none came back."""
    return min((delay for call in calls for _, delay in call.delays), default=0.0)


def figures(outcome: Outcome) -> Figures:
    """Sum it up: delays and freezes of the time in which all were there."""
    went = [call for call in outcome.calls if call.failure is None]
    end = outcome.began + outcome.seconds
    fastest = fastest_mark(went)
    added = [
        delay - fastest
        for call in went
        for when, delay in call.delays
        if outcome.began <= when <= end
    ]
    set_ups = [call.set_up for call in went if call.set_up is not None]
    lost, received = sum(call.lost for call in went), sum(call.received for call in went)
    heard = [[when for when in call.frames if outcome.began <= when <= end] for call in went]
    cores = max(MIN_CORES, outcome.cpu / outcome.seconds)
    slow = percentile(added, 0.95)
    bearable = slow is not None and slow < BEARABLE and len(went) == len(outcome.calls)
    return Figures(
        bots=len(outcome.calls),
        failed=len(outcome.calls) - len(went),
        set_up=(percentile(set_ups, 0.5), percentile(set_ups, 0.95)),
        added_delay=(percentile(added, 0.5), slow),
        lost=lost / (lost + received) if lost + received else 0.0,
        freezes=sum(map(freezes, heard)),
        cores=cores,
        bots_per_core=len(went) / cores if bearable else None,
    )


def milliseconds(value: float | None) -> str:
    """Say a time."""
    return "-" if value is None else f"{1000 * value:.0f} ms"


def verdict(found: Figures) -> str:
    """Say it in a sentence."""
    if found.bots_per_core is not None:
        return (
            f"{found.bots_per_core:.0f} bots per core: {found.bots} took {found.cores:.2f} of a "
            f"core, and 95 % of the marks came back within "
            f"{milliseconds(found.added_delay[1])} of the fastest."
        )
    if found.failed:
        return f"{found.failed} of {found.bots} calls failed."
    if found.added_delay[1] is None:
        return "No mark came back: what answers sends something else (--encoded: other packets)."
    return (
        f"{found.bots} bots are too many here: 95 % of the marks came back within "
        f"{milliseconds(found.added_delay[1])} of the fastest, not {milliseconds(BEARABLE)}."
    )


def as_json(outcome: Outcome) -> str:
    """Say all of it, for programs."""
    found = figures(outcome)
    calls = [
        {
            "number": call.number,
            "setUp": call.set_up,
            "lost": call.lost,
            "received": call.received,
            "freezes": freezes(call.frames),
            "delay95": percentile([delay for _, delay in call.delays], 0.95),
            "failure": call.failure,
        }
        for call in outcome.calls
    ]
    return json.dumps(
        {
            "bots": found.bots,
            "failed": found.failed,
            "setUp": found.set_up,
            "addedDelay": found.added_delay,
            "lost": found.lost,
            "freezes": found.freezes,
            "cores": found.cores,
            "botsPerCore": found.bots_per_core,
            "processors": os.cpu_count(),
            "calls": calls,
        }
    )
