"""A call between the two hosts of a topology, from the offer to what is left after closing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from peer.ice import (
    Event,
    IceConfig,
    IceRole,
    IceState,
    PacingBudget,
    SelectedPairChanged,
    StateChanged,
    TransportAddress,
)
from peer.ice import turn as ice_turn
from peer.testing.internet import Endpoint, Protocol, TurnServer
from tests.sim import PathKind, Topology
from tests.sim.agent_host import AgentHost
from tests.sim.call import Call
from tests.sim.invariants import check_invariants

TIMEOUT = 120.0
_TRANSPORTS = {
    Protocol.UDP: ice_turn.TurnTransport.UDP,
    Protocol.TCP: ice_turn.TurnTransport.TCP,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What two agents found: `path` and `pair` as the offerer sees them, None for no path.

    `connect_time` is when the later side could first send, `nomination_time` when the later side
    had a nominated pair, in seconds since the offer. `problem` tells what else is not as it
    should be.
    """

    path: PathKind | None
    pair: tuple[TransportAddress, TransportAddress] | None
    connect_time: float | None
    nomination_time: float | None
    problem: str = ""


def directness(path: PathKind | None) -> str:
    """The part of a kind of path that users notice."""
    if path is None:
        return "no path"
    return "relayed" if path is PathKind.RELAY else "direct"


def set_loss(topology: Topology, loss: float) -> None:
    """Lose `loss` of the packets between the hosts, half of it on either one's access."""
    each = 1 - (1 - loss) ** 0.5
    for host in (topology.a, topology.b):
        for interface in host.interfaces:
            interface.link.set_conditions(replace(interface.link.up.conditions, loss=each))


def turn_servers(
    servers: Iterable[TurnServer], transports: Iterable[Protocol]
) -> list[ice_turn.TurnServer]:
    """What agents are told about simulated TURN servers: all addresses, both relay families."""
    return [
        ice_turn.TurnServer(
            address,
            f"turn:{_bracketed(address.host)}?transport={transport.value}",
            "user",
            "password",
            transport=_TRANSPORTS[transport],
            address_family=ice_turn.RelayFamily.DUAL,
        )
        for server in servers
        for transport in transports
        for address in server.addresses
    ]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class TopologyCall:
    """A call from `a` to `b` of a topology, both agents with all servers and one budget."""

    def __init__(
        self,
        topology: Topology,
        *,
        transports: Iterable[Protocol] = (Protocol.UDP,),
        config: IceConfig | None = None,
        delay: float = 0.02,
    ) -> None:
        self.topology = topology
        self.sim = topology.sim
        budget = PacingBudget()
        self.a = AgentHost(topology.a, role=IceRole.CONTROLLING, config=config, budget=budget)
        self.b = AgentHost(topology.b, role=IceRole.CONTROLLED, config=config, budget=budget)
        stun: list[Endpoint] = list(topology.stun.addresses)
        self.call = Call(
            self.a,
            self.b,
            delay=delay,
            stun=stun,
            turn=turn_servers(topology.turns, transports),
        )

        self._decided: set[AgentHost] = set()
        for host in self.hosts:
            host.listeners.append(self._listener(host))

    def _listener(self, host: AgentHost) -> Callable[[Event], None]:
        def notice(event: Event) -> None:
            is_nominated = isinstance(event, SelectedPairChanged) and event.nominated
            if is_nominated or (isinstance(event, StateChanged) and event.state is IceState.FAILED):
                self._decided.add(host)

        return notice

    @property
    def hosts(self) -> tuple[AgentHost, AgentHost]:
        """Both sides, the offerer first."""
        return self.a, self.b

    def connect(self, timeout: float = TIMEOUT) -> Outcome:
        """Call, and wait until both sides have a nominated pair or have failed."""
        self.call.start()
        self.sim.run_until(self._is_decided, timeout)
        if not all(host.nominated() for host in self.hosts):
            is_half = any(host.nominated() for host in self.hosts)
            problem = "only one side has a nominated pair" if is_half else ""
            return Outcome(None, None, None, None, problem)
        chosen = self.a.selected()
        return Outcome(
            self._path(self.a, chosen),
            (chosen.local.address, chosen.remote.address),
            max(host.selections()[0][0] for host in self.hosts),
            max(host.nominated()[0][0] for host in self.hosts),
        )

    def _is_decided(self) -> bool:
        return len(self._decided) == 2

    def _path(self, host: AgentHost, chosen: SelectedPairChanged) -> PathKind:
        """Judge a pair by its addresses; what the sides call its candidates is another matter."""
        relays = {each.host for turn in self.topology.turns for each in turn.addresses}
        local, remote = chosen.local.address, chosen.remote.address
        if local.host in relays or remote.host in relays:
            return PathKind.RELAY
        is_direct = local == chosen.base and remote in self.call.other(host).sockets
        return PathKind.HOST if is_direct else PathKind.REFLEXIVE

    def judge(self) -> Outcome:
        """Do all of it: connect, agree on the pair, hear each other, close."""
        outcome = self.connect()
        if outcome.path is not None:
            if not self.agree():
                outcome = replace(outcome, problem="the sides do not agree on the pair")
            elif not self.hear_each_other():
                outcome = replace(outcome, problem="data does not arrive")
        self.close()
        return outcome

    def agree(self) -> bool:
        """Whether both sides use the same pair, and call it by mirrored addresses."""
        ours, theirs = self.a.selected(), self.b.selected()
        seen = (ours.local.address, ours.remote.address)
        is_same = seen == (theirs.remote.address, theirs.local.address)
        return is_same and ours.nominated and theirs.nominated

    def hear_each_other(self, count: int = 20) -> bool:
        """Whether data flows both ways, also after what is unused was freed."""
        self.sim.run_for(self.a.config.timings.free_after + 1.0)
        for host in self.hosts:
            host.send_every(0.02, self.sim.now + 0.02 * count)
        # Over TCP to the relay a lost segment holds up all after it.
        return self.sim.run_until(lambda: all(host.data() for host in self.hosts), 30.0)

    def close(self) -> None:
        """Close both sides; nothing may be left of the call."""
        for host in self.hosts:
            host.close()
        self.sim.run_for(2.0)
        check_invariants(*self.hosts)

    def check_allocations_gone(self) -> None:
        """The farewell has deleted every allocation; only on networks without loss."""
        for turn in self.topology.turns:
            assert turn.relay.alive() == []
