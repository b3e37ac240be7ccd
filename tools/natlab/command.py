"""The command `aiopeer-natlab`: calls between two programs in emulated networks.

aiopeer-natlab                       every topology, ours with ours
aiopeer-natlab --events --a wrtc     what happens during calls, libwebrtc with ours
aiopeer-natlab --list                what there is
"""

import argparse
import asyncio
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import TypeVar

from .events import EVENTS, LabEvent
from .events import REPRESENTATIVE as FEW_EVENTS
from .lab import Lab
from .matrix import EventOutcome, MakePeer, Outcome, connect, event_lines, survive, topology_lines
from .namespace import LabError
from .peers import PEERS, ProgramPeer
from .plan import Topology
from .topologies import REPRESENTATIVE as FEW_TOPOLOGIES
from .topologies import TOPOLOGIES

PROGRAM = "program:"

Thing = TypeVar("Thing", Topology, LabEvent)


def peer_named(name: str) -> MakePeer:
    """Give what makes a peer of this name; "program:COMMAND" is any other program."""
    if name.startswith(PROGRAM):
        return partial(ProgramPeer, name, shlex.split(name.removeprefix(PROGRAM)))
    if name not in PEERS:
        raise LabError(f"there is no peer {name}: one of {', '.join(PEERS)}, or {PROGRAM}COMMAND")
    return PEERS[name]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--a", default="ours", metavar="PEER", help="who offers")
    parser.add_argument("--b", default="ours", metavar="PEER", help="who answers")
    parser.add_argument("--events", action="store_true", help="what happens during calls")
    parser.add_argument("--side", choices=("a", "b", "both"), default="both", help="of events")
    parser.add_argument("-k", default="", metavar="WORD", help="those with this in their names")
    parser.add_argument("--few", action="store_true", help="a representative third")
    parser.add_argument("--list", action="store_true", help="name them, and the peers")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each")
    parser.add_argument("--seed", type=int, default=1, help="of what lines lose")


def run(given: argparse.Namespace) -> int:
    """Run the command; returns what the process is to exit with."""
    topologies = _chosen(TOPOLOGIES, FEW_TOPOLOGIES, given)
    events = _chosen(EVENTS, FEW_EVENTS, given)
    if given.list:
        _print_list(topologies, events)
        return 0
    try:
        a, b = peer_named(given.a), peer_named(given.b)
        with Lab(seed=given.seed) as lab:
            if given.events:
                sides = (0, 1) if given.side == "both" else ("ab".index(given.side),)
                survived = (
                    asyncio.run(survive(lab, event, side, a, b))
                    for event in events
                    for side in event.sides
                    if side in sides
                )
                return _print_events(survived, given)
            connected = (asyncio.run(connect(lab, topology, a, b)) for topology in topologies)
            return _print_topologies(connected, given)
    except (LabError, OSError) as error:
        print(f"aiopeer-natlab: {error}", file=sys.stderr)
        return 1


def _chosen(things: dict[str, Thing], few: Sequence[str], given: argparse.Namespace) -> list[Thing]:
    names = few if given.few else list(things)
    return [things[name] for name in names if given.k in name]


def _print_list(topologies: list[Topology], events: list[LabEvent]) -> None:
    print("topologies", *(f"    {each.name}" for each in topologies), sep="\n")
    print("events", *(f"    {each.name} ({each.topology.name})" for each in events), sep="\n")
    print("peers", *(f"    {name}" for name in PEERS), f"    {PROGRAM}COMMAND", sep="\n")


def _print_topologies(outcomes: Iterator[Outcome], given: argparse.Namespace) -> int:
    seen: list[Outcome] = []
    _print_lines(topology_lines(_kept(outcomes, seen, given), colours=_colours()), given)
    return 0 if all(outcome.is_good for outcome in seen) else 1


def _print_events(outcomes: Iterator[EventOutcome], given: argparse.Namespace) -> int:
    seen: list[EventOutcome] = []
    _print_lines(event_lines(_kept(outcomes, seen, given), colours=_colours()), given)
    return 0 if all(outcome.outage is not None for outcome in seen) else 1


def _print_lines(lines: Iterator[str], given: argparse.Namespace) -> None:
    for line in lines:
        if not given.json:
            print(line, flush=True)


Kept = TypeVar("Kept", Outcome, EventOutcome)


def _kept(outcomes: Iterator[Kept], seen: list[Kept], given: argparse.Namespace) -> Iterator[Kept]:
    """Note the outcomes that pass, and write them as JSON where that is wanted."""
    for outcome in outcomes:
        seen.append(outcome)
        if given.json:
            print(json.dumps(asdict(outcome)), flush=True)
        yield outcome


def _colours() -> bool:
    return sys.stdout.isatty()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns what the process is to exit with."""
    parser = argparse.ArgumentParser(prog="aiopeer-natlab", description=__doc__.partition("\n")[0])
    add_arguments(parser)
    return run(parser.parse_args(arguments))
