"""Playing a scenario with a party, and what became of it."""

import asyncio
import time
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import pytest

from peer.trace import Dump, DumpError, read_trace

from .limits import Limit, limit_of
from .party import Party, Side
from .scenarios import Scenario

BOUND = 120.0
"""Seconds a call may take."""


class Result(Enum):
    """What became of a cell."""

    WORKS = "works"
    FAILS = "fails"
    CANNOT = "cannot"
    """The other side breaks a standard."""
    STALE = "works now"
    """There is a limit that says it cannot."""
    UNASKED = "not asked"
    """The party is not there for that."""
    MISSING = "missing"
    """The party is not installed."""


BAD = frozenset({Result.FAILS, Result.STALE})


@dataclass(frozen=True)
class Outcome:
    """A cell after it was played. `why` is the error, or why it was not played."""

    party: str
    scenario: str
    offerer: Side
    result: Result
    why: str = ""
    seconds: float = 0.0
    limit: Limit | None = None
    evidence: str = ""
    dump: Dump | None = field(default=None, repr=False)

    def as_json(self) -> dict[str, object]:
        """Give it as plain JSON, without the trace."""
        found: dict[str, object] = {
            "party": self.party,
            "scenario": self.scenario,
            "offerer": self.offerer.value,
            "result": self.result.value,
            "seconds": round(self.seconds, 3),
        }
        if self.why:
            found["why"] = self.why
        if self.limit is not None:
            found["standard"] = self.limit.standard
            found["instead"] = self.limit.instead
            found["evidence"] = self.evidence
        return found


async def play(party: Party, scenario: Scenario, offerer: Side, folder: Path) -> Outcome:
    """Play a cell; whatever goes wrong is its outcome."""
    cell = party.name, scenario.name, offerer
    unasked = party.why_not(scenario.name, offerer)
    if unasked is not None:
        return Outcome(*cell, Result.UNASKED, unasked)
    trace = folder / f"{party.name}-{scenario.name}-{offerer.value}.jsonl".replace(" ", "-")
    began = time.monotonic()
    why = ""
    try:
        async with asyncio.timeout(BOUND):
            await _call(party, scenario, offerer, trace)
    except (pytest.skip.Exception, pytest.fail.Exception) as error:
        return Outcome(*cell, Result.MISSING, str(error))
    except Exception as error:
        why = _words(error)
    seconds = time.monotonic() - began
    return judge(*cell, why=why, seconds=seconds, dump=await asyncio.to_thread(_read, trace))


async def _call(party: Party, scenario: Scenario, offerer: Side, trace: Path) -> None:
    configuration = scenario.configuration(str(trace))
    async with party.call(configuration, scenario.signalling) as talk:
        await scenario.story(talk, offerer)


def judge(
    party: str, scenario: str, offerer: Side, *, why: str, seconds: float, dump: Dump | None
) -> Outcome:
    """Say what became of a call that ended, with an error unless `why` is empty."""
    limit = limit_of(party, scenario, offerer)
    evidence = None
    if limit is not None and why and dump is not None:
        evidence = limit.shown(list(dump.entries), why)
    if not why:
        result = Result.WORKS if limit is None else Result.STALE
    else:
        result = Result.FAILS if evidence is None else Result.CANNOT
    return Outcome(
        party,
        scenario,
        offerer,
        result,
        why,
        seconds,
        limit if result in (Result.CANNOT, Result.STALE) else None,
        evidence or "",
        dump,
    )


def _read(path: Path) -> Dump | None:
    try:
        return read_trace(path.read_bytes())
    except (OSError, DumpError):
        return None


def _words(error: BaseException) -> str:
    """Say what went wrong; of several errors at once the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, TimeoutError) and not str(error):
        return "it took too long"
    return f"{type(error).__name__}: {error}".strip(": ")
