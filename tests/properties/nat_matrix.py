"""Every kind of NAT against every other: the path found and the time it took.

    python -m tests.properties.nat_matrix [--loss 0.1] [--no-turn] [--seed N]

prints a table with a row and a column for each behaviour. `cases` adds what is no matrix: public
hosts, one LAN, one NAT with and without hairpinning, NAT behind NAT, carrier-grade NAT.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from zlib import crc32

from peer.testing.internet import (
    NAT_PRESETS,
    Dependence,
    NatBehavior,
    all_nat_behaviors,
    with_hairpinning,
)
from tests.sim import PathKind, Topology, behind_nats, double_nat, shared_cgn, two_hosts_same_lan
from tests.sim.topologies import CGN_SUBNET

from .calls import Outcome, TopologyCall, set_loss

LOSSES = (0.0, 0.1, 0.3)

_SHORT = {
    Dependence.ENDPOINT_INDEPENDENT: "EI",
    Dependence.ADDRESS_DEPENDENT: "AD",
    Dependence.ADDRESS_AND_PORT_DEPENDENT: "APD",
}


def _behaviors() -> dict[str, NatBehavior | None]:
    """The presets, the nine combinations by mapping/filtering, and no NAT.

    Combinations that are presets under another name are there once.
    """
    named: dict[str, NatBehavior | None] = {"public": None, **NAT_PRESETS}
    for behavior in all_nat_behaviors():
        if behavior not in NAT_PRESETS.values():
            named[f"{_SHORT[behavior.mapping]}/{_SHORT[behavior.filtering]}"] = behavior
    return named


BEHAVIORS = _behaviors()


@dataclass(frozen=True, slots=True)
class Case:
    """One place for a call; `build` is given the seed and whether there is a TURN server."""

    name: str
    turn: bool
    build: Callable[[int, bool], Topology]

    def call(self, loss: float = 0.0, seed: int = 0) -> TopologyCall:
        """A call in this place, not yet started; the same arguments give the same call."""
        topology = self.build(crc32(f"{self.name} {loss} {seed}".encode()), self.turn)
        set_loss(topology, loss)
        return TopologyCall(topology)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, and what there was to find."""

    outcome: Outcome
    expected: PathKind | None

    @property
    def is_right(self) -> bool:
        """Whether the path found is the best one there is."""
        return self.outcome.path == self.expected and not self.outcome.problem


def judge(case: Case, loss: float = 0.0, seed: int = 0) -> Verdict:
    """Ask the oracle, and make the call from the offer to the end."""
    call = case.call(loss, seed)
    expected = call.topology.best_path()
    outcome = call.judge()
    if not loss:
        call.check_allocations_gone()
    return Verdict(outcome, expected)


def cell(name_a: str, name_b: str, turn: bool) -> Case:
    """The case of one cell of the matrix."""
    nat_a, nat_b = BEHAVIORS[name_a], BEHAVIORS[name_b]
    label = f"{name_a} - {name_b}, {_label(turn)}"
    return Case(label, turn, lambda seed, turn: behind_nats(nat_a, nat_b, seed=seed, turn=turn))


def matrix(turn: bool, names: Sequence[str] | None = None) -> Iterator[Case]:
    """A case for each pair of behaviours."""
    for name_a, name_b in product(BEHAVIORS if names is None else names, repeat=2):
        yield cell(name_a, name_b, turn)


def cases(turn: bool) -> Iterator[Case]:
    """The cases beside the matrix: one LAN, one NAT, two NATs in a row, a carrier's NAT."""
    for nat in all_nat_behaviors() + all_nat_behaviors(hairpinning=True):
        yield _one_lan(nat, turn)
        yield _one_nat(nat, turn)
    home = NAT_PRESETS["port-restricted cone"]
    for carrier in all_nat_behaviors():
        yield _double(home, carrier, turn)
        yield _double(carrier, home, turn)
    for carrier in all_nat_behaviors() + all_nat_behaviors(hairpinning=True):
        yield _carrier(home, home, carrier, turn)
    yield _carrier(NAT_PRESETS["symmetric"], home, with_hairpinning(home), turn)


def _label(turn: bool) -> str:
    return "TURN" if turn else "no TURN"


def _one_lan(nat: NatBehavior, turn: bool) -> Case:
    return Case(
        f"one LAN behind {nat}, {_label(turn)}",
        turn,
        lambda seed, turn: two_hosts_same_lan(nat, seed=seed, turn=turn),
    )


def _one_nat(nat: NatBehavior, turn: bool) -> Case:
    def build(seed: int, turn: bool) -> Topology:
        topology = Topology(seed, turn=turn)
        shared = topology.home(nat, ipv4=CGN_SUBNET)
        topology.a.add_interface(topology.home(NAT_PRESETS["full cone"], outside=shared))
        topology.b.add_interface(shared)
        return topology

    return Case(f"a home and a host behind {nat}, {_label(turn)}", turn, build)


def _double(inner: NatBehavior, outer: NatBehavior, turn: bool) -> Case:
    peer = NAT_PRESETS["restricted cone"]
    return Case(
        f"{inner} behind {outer}, {_label(turn)}",
        turn,
        lambda seed, turn: double_nat(inner, outer, peer, seed=seed, turn=turn),
    )


def _carrier(nat_a: NatBehavior, nat_b: NatBehavior, carrier: NatBehavior, turn: bool) -> Case:
    return Case(
        f"{nat_a} and {nat_b} behind a carrier's {carrier}, {_label(turn)}",
        turn,
        lambda seed, turn: shared_cgn(nat_a, nat_b, carrier, seed=seed, turn=turn),
    )


# -- the table --------------------------------------------------------------------------------


def table(turn: bool, loss: float, seed: int) -> tuple[list[str], int]:
    """The matrix as lines of text, and how many cells are wrong; a "!" marks those."""
    width = max(map(len, BEHAVIORS)) + 2
    lines = [" " * width + "".join(f"{name:>22}" for name in BEHAVIORS)]
    wrong = 0
    for name_a in BEHAVIORS:
        line = name_a.ljust(width)
        for name_b in BEHAVIORS:
            verdict = judge(cell(name_a, name_b, turn), loss, seed)
            wrong += not verdict.is_right
            line += f"{_text(verdict):>22}"
        lines.append(line)
    return lines, wrong


def _text(verdict: Verdict) -> str:
    mark = "" if verdict.is_right else "!"
    outcome = verdict.outcome
    if outcome.path is None or outcome.connect_time is None:
        return f"{mark}no path"
    return f"{mark}{outcome.path} {outcome.connect_time * 1000:.0f} ms"


def main(arguments: list[str] | None = None) -> int:
    """Print the matrix; the exit status is 1 when the oracle disagrees."""
    parser = argparse.ArgumentParser(prog="nat_matrix", description=__doc__.partition("\n")[0])
    parser.add_argument("--loss", type=float, default=0.0, help="end-to-end loss, 0..1")
    parser.add_argument("--no-turn", action="store_true", help="without a TURN server")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    lines, wrong = table(not options.no_turn, options.loss, options.seed)
    count = len(BEHAVIORS) ** 2
    lines.append(
        f"Path, and time from the offer until both sides can send; one way takes 30 to 40 ms.\n"
        f"{count - wrong} of {count} as the oracle says."
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
