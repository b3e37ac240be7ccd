"""Playing the matrix: from the command line, a cell at a time."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from tests.browsers.page import served_page

from . import report
from .browsers import browsers
from .cells import BAD, Outcome, play
from .gateways import JanusParty, PhoneParty
from .party import Party, Side
from .programs import programs
from .scenarios import SCENARIOS, Scenario
from .stock import StockParty

T = TypeVar("T")


@asynccontextmanager
async def all_parties() -> AsyncIterator[list[Party]]:
    """Give every party; what they have started is ended."""
    with served_page() as url:
        found = [*browsers(url), *programs(), StockParty(), JanusParty(), PhoneParty()]
        try:
            yield found
        finally:
            for party in found:
                await party.close()


def chosen_scenarios(names: Sequence[str]) -> list[Scenario]:
    """Give the scenarios of these names, all for none. Raises ValueError."""
    known = {each.name: each for each in SCENARIOS}
    return [_named(known, name, "scenario") for name in names or known]


def chosen_parties(parties: Sequence[Party], names: Sequence[str]) -> list[Party]:
    """Give the parties of these names, all for none. Raises ValueError."""
    known = {each.name: each for each in parties}
    return [_named(known, name, "party") for name in names or known]


def _named(known: dict[str, T], name: str, what: str) -> T:
    if name not in known:
        raise ValueError(f"there is no {what} {name!r}; there are: {', '.join(known)}")
    return known[name]


async def play_all(
    names: Sequence[str], scenarios: Sequence[Scenario], folder: Path, console: Console
) -> list[Outcome]:
    """Play all cells of these parties, and tell of each that was played."""
    outcomes = []
    async with all_parties() as parties:
        for party in chosen_parties(parties, names):
            for scenario in scenarios:
                for side in Side:
                    outcome = await play(party, scenario, side, folder)
                    outcomes.append(outcome)
                    mark, style = report.MARKS[outcome.result]
                    told = f"{party.name}, {scenario.name}, {side.value}"
                    console.print(mark, told, f"{outcome.seconds:.1f} s", style=style)
    return outcomes


def run(
    names: Sequence[str], scenarios: Sequence[str], *, json: str | None, html: str | None
) -> bool:
    """Play the matrix and report; tells whether all is as it should be."""
    console = Console()
    asked = chosen_scenarios(scenarios)
    with tempfile.TemporaryDirectory() as folder:
        outcomes = asyncio.run(play_all(names, asked, Path(folder), console))
    console.print(report.table(outcomes))
    for line in report.notes(outcomes):
        console.print(line, markup=False, highlight=False)
    if json is not None:
        Path(json).write_text(report.as_json(outcomes), encoding="utf-8")
    if html is not None:
        Path(html).write_text(report.page(outcomes), encoding="utf-8")
    return not any(each.result in BAD for each in outcomes)
