"""A call between the two hosts of a topology, from the offer to what is left after closing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from peer.ice import (
    IceConfig,
    IceRole,
    IceState,
    PacingBudget,
    SelectedPairChanged,
    TransportAddress,
)
from peer.ice import turn as ice_turn
from tests.sim import Endpoint, PathKind, Protocol, Topology, TurnServer
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
    had a nominated pair, in seconds since the offer.
    """

    path: PathKind | None
    pair: tuple[TransportAddress, TransportAddress] | None
    connect_time: float | None
    nomination_time: float | None


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

    @property
    def hosts(self) -> tuple[AgentHost, AgentHost]:
        """Both sides, the offerer first."""
        return self.a, self.b

    def connect(self, timeout: float = TIMEOUT) -> Outcome:
        """Call, and wait until both sides have a nominated pair or have failed."""
        self.call.start()
        self.sim.run_until(self._is_decided, timeout)
        if not all(host.nominated() for host in self.hosts):
            assert not any(host.nominated() for host in self.hosts), "only one side nominated"
            return Outcome(None, None, None, None)
        chosen = self.a.selected()
        return Outcome(
            self._path(self.a, chosen),
            (chosen.local.address, chosen.remote.address),
            max(host.selections()[0][0] for host in self.hosts),
            max(host.nominated()[0][0] for host in self.hosts),
        )

    def _is_decided(self) -> bool:
        if not self.call.is_open:
            return False
        return all(bool(host.nominated()) or host.state() is IceState.FAILED for host in self.hosts)

    def _path(self, host: AgentHost, chosen: SelectedPairChanged) -> PathKind:
        """Judge a pair by its addresses; what the sides call its candidates is another matter."""
        relays = {each.host for turn in self.topology.turns for each in turn.addresses}
        local, remote = chosen.local.address, chosen.remote.address
        if local.host in relays or remote.host in relays:
            return PathKind.RELAY
        is_direct = local == chosen.base and remote in self.call.other(host).sockets
        return PathKind.HOST if is_direct else PathKind.REFLEXIVE

    def check_agreement(self) -> None:
        """Both sides use the same pair, and call it by mirrored addresses."""
        ours, theirs = self.a.selected(), self.b.selected()
        assert ours.nominated
        assert theirs.nominated
        seen = (ours.local.address, ours.remote.address)
        assert seen == (theirs.remote.address, theirs.local.address)

    def check_data(self, count: int = 20) -> None:
        """Data flows both ways, also after what is unused was freed: something arrives."""
        self.sim.run_for(self.a.config.timings.free_after + 1.0)
        for host in self.hosts:
            host.send_every(0.02, self.sim.now + 0.02 * count)
        # Over TCP to the relay a lost segment holds up all after it.
        self.sim.run_until(lambda: all(host.data() for host in self.hosts), 30.0)
        for host in self.hosts:
            assert host.data(), f"{host} heard nothing"

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
