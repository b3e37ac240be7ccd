"""Calls across random internets, judged by the oracle and by what must always hold.

    python -m tests.properties.random_topologies [--count N] [--seed S] [--lossy]

Each number is one topology and one call, the same every time. The first wrong one ends the run,
and its number alone reproduces it: `--seed NUMBER --count 1`.
"""

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from peer.ice import IceConfig, Limits, TransportAddress
from peer.testing.internet import Protocol
from tests.sim import PathKind, Topology, random_topology

from .calls import Outcome, TopologyCall, directness

CONFIG = IceConfig(limits=Limits(pairs=400))
"""Two interfaces a side, two families and TURN over two transports make more pairs than the
usual limit allows, and the oracle knows of no limit."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One number's topology, what was found in it, and what there was to find."""

    number: int
    description: tuple[str, ...]
    outcome: Outcome
    expected: PathKind | None

    @property
    def is_right(self) -> bool:
        """Whether a path was found if there is one, and a direct one if there is one.

        Among direct paths a quicker one may be taken before a slow one without NAT is known.
        """
        is_found = directness(self.outcome.path) == directness(self.expected)
        return is_found and not self.outcome.problem


def build(number: int, *, lossy: bool = False, luck: int = 0) -> Topology:
    """The topology of a number; `luck` changes which packets are lost."""
    topology = random_topology(Random(number), lossy=lossy)
    if luck:
        topology.sim.rng.seed(luck)
    return topology


def call(number: int, *, lossy: bool = False, luck: int = 0) -> TopologyCall:
    """The call of a number, not yet started: TURN over UDP and TCP, with any signalling delay."""
    topology = build(number, lossy=lossy, luck=luck)
    delay = Random(-number).choice((0.0, 0.02, 0.1, 0.5))
    transports = (Protocol.UDP, Protocol.TCP)
    return TopologyCall(topology, transports=transports, config=CONFIG, delay=delay)


def judge(number: int, *, lossy: bool = False, luck: int = 0) -> Verdict:
    """Make the call of a number from the offer to the end; check all there is to check.

    Raises AssertionError when an invariant does not hold; the path is for the caller to judge.
    """
    made = call(number, lossy=lossy, luck=luck)
    expected = made.topology.best_path()
    outcome = made.judge()
    if not lossy:
        made.check_allocations_gone()
    return Verdict(number, tuple(made.topology.description), outcome, expected)


Datagram: TypeAlias = tuple[float, TransportAddress, TransportAddress, bytes]


def record(number: int) -> list[Datagram]:
    """All that both sides send in the call of a number, each in order."""
    made = call(number, lossy=True)
    made.judge()
    return [
        (sent.time, sent.local, sent.remote, sent.data)
        for host in made.hosts
        for sent in host.log.sent
    ]


def main(arguments: list[str] | None = None) -> int:
    """Make many calls; the exit status is 1 when one went wrong."""
    parser = argparse.ArgumentParser(
        prog="random_topologies", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="the first number")
    parser.add_argument("--lossy", action="store_true", help="with loss, jitter and reordering")
    options = parser.parse_args(arguments)
    found: Counter[str] = Counter()
    start = time.perf_counter()
    for number in range(options.seed, options.seed + options.count):
        verdict = judge(number, lossy=options.lossy)
        if not verdict.is_right:
            found_one = f"found {verdict.outcome.path} of {verdict.expected}"
            lines = [f"number {number}: {found_one}. {verdict.outcome.problem}".rstrip(". ")]
            sys.stdout.write("\n".join([*lines, *verdict.description]) + "\n")
            return 1
        found[verdict.outcome.path or "no path"] += 1
    duration = time.perf_counter() - start
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(found.items()))
    sys.stdout.write(f"{options.count} calls in {duration:.1f} s, all right: {counts}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
