"""Calls across random internets in which things happen: data flows again wherever there is a path.

    python -m tests.properties.random_events [--count N] [--seed S]

Each number is one topology, one call and some events, the same every time. Numbers that went wrong
are printed; each alone reproduces what it found: `--seed NUMBER --count 1`.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from peer.ice import IceState
from peer.testing.internet import BLOCK_UDP, Protocol, Router
from peer.testing.internet.firewall import Firewall
from tests.sim import PathKind, random_topology
from tests.sim.agent_host import AgentHost

from .calls import TopologyCall

PACE = 0.05
"""Seconds between packets of data, each way."""
CALM = 10.0
"""Seconds between events, and from the last one to the end."""
BOUND = 6.0
"""Seconds in which data flows again once there is a path, where some round trips take one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What an event did to a call: `outage` is the longest silence of a side after it was over."""

    number: int
    event: str
    path: PathKind | None
    outage: float

    @property
    def is_right(self) -> bool:
        """Whether data flowed again in time, or could not."""
        return self.path is None or self.outage <= BOUND


class Events:
    """The call of a number, and what may happen to it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.random = Random(number)
        self.topology = random_topology(self.random)
        self.sim = self.topology.sim
        self.made = TopologyCall(self.topology, transports=(Protocol.UDP, Protocol.TCP))

    def run(self, count: int = 3) -> Iterator[Finding]:
        """Let events happen one after the other, as long as there is a path.

        Without a relay a NAT that forgets may leave only such ways as have to be gathered anew.
        """
        if (
            not self.topology.turns
            or self.topology.best_path() is None
            or self.made.connect().path is None
        ):
            return
        for host in self.made.hosts:
            host.send_every(PACE, self.sim.now + 1000.0)
        self.sim.run_for(self.random.choice((0.5, 5.0, 40.0)))
        for _ in range(count):
            event = self.random.choice(self._possible())
            event()
            since = self.sim.now
            path = self.topology.best_path()
            self.sim.run_for(CALM)
            outage = max(self._silence(host, since) for host in self.made.hosts)
            yield Finding(self.number, event.__name__, path, outage)
            if path is None or outage > BOUND:
                return
        self.made.close()

    def _silence(self, host: AgentHost, since: float) -> float:
        times = [time for time, _ in host.data() if time >= since]
        if host.state() is IceState.FAILED:
            return CALM
        return max(later - earlier for earlier, later in pairwise([since, *times, self.sim.now]))

    def _possible(self) -> list[Callable[[], None]]:
        found = [self.rebinds, self.server_forgets, self.server_is_away, self.outage]
        if self._several():
            found.append(self.goes_down)
        if self._routers():
            found += [self.renumbers, self.udp_is_blocked]
        return found

    def _routers(self) -> list[Router]:
        return [router for router in self.sim.routers if router.nat is not None]

    # -- what may happen ------------------------------------------------------------------------

    def rebinds(self) -> None:
        """A NAT or a firewall forgets."""
        if self.sim.routers:
            self.random.choice(self.sim.routers).rebind()

    def renumbers(self) -> None:
        """A router restarts, and has other addresses outside."""
        router = self.random.choice(self._routers())
        network = router.outside.network
        router.rebind([network.allocate_ipv4() for _ in router.external_addresses])

    def udp_is_blocked(self) -> None:
        """A firewall lets no UDP through any more."""
        self.random.choice(self._routers()).firewall = Firewall(BLOCK_UDP)

    def server_forgets(self) -> None:
        """The TURN server restarts in no time."""
        for server in self.topology.turns:
            server.auth.expire_nonces()
            server.forget_allocations()
            server.reset_connections()

    def server_is_away(self) -> None:
        """The TURN server restarts, which takes some time."""
        for server in self.topology.turns:
            server.faults.is_silent = True
        self.server_forgets()
        self.sim.run_for(self.random.choice((0.3, 3.0, 8.0)))
        for server in self.topology.turns:
            server.faults.is_silent = False
        self.server_forgets()

    def outage(self) -> None:
        """The uplinks of a host are silent for a while."""
        host = self.random.choice(self.made.hosts).host
        for interface in host.interfaces:
            interface.link.cut()
        self.sim.run_for(self.random.choice((0.5, 2.0, 8.0)))
        for interface in host.interfaces:
            interface.link.restore()

    def goes_down(self) -> None:
        """One of several interfaces goes, which the driver is told at once."""
        side = self.random.choice(self._several())
        interface = side.host.interfaces[0]
        gone = [local for local in side.sockets if local.host in interface.addresses]
        interface.go_down()
        for local in gone:
            side.agent.remove_base(local)
        side.pump()

    def _several(self) -> list[AgentHost]:
        """Give the sides that have several interfaces, and no address twice."""
        found = []
        for side in self.made.hosts:
            addresses = [each for one in side.host.interfaces for each in one.addresses]
            if len(side.host.interfaces) > 1 and len(addresses) == len(set(addresses)):
                found.append(side)
        return found


def judge(number: int) -> list[Finding]:
    """Make the call of a number; tell what came of each event."""
    return list(Events(number).run())


def main(arguments: list[str] | None = None) -> int:
    """Make many calls; the exit status is 1 when one went wrong."""
    parser = argparse.ArgumentParser(prog="random_events", description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="the first number")
    options = parser.parse_args(arguments)
    seen = wrong = 0
    for number in range(options.seed, options.seed + options.count):
        for finding in judge(number):
            seen += 1
            if not finding.is_right:
                wrong += 1
                sys.stdout.write(f"{finding}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{seen} events, {wrong} wrong\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
