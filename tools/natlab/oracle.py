"""Which path must two ICE agents find? Answered from the topology, without sending a packet.

The reasoning is that of RFC 4787 and RFC 8445, on *symbols* instead of packets and ports:

1. An endpoint is either a `Base` (an address of a host) or an `External`: what one NAT shows
   for an inner endpoint. Which external endpoint it shows depends on the destination as the
   NAT's mapping behaviour says (RFC 4787 §4.1): not at all, on its address, or on address and
   port. So `External(router, inner, key)`, with the key that the mapping distinguishes, *is*
   the mapping, and NAT behind NAT is an `External` within an `External`.
2. Sending has lasting effects only on filters: the mapping (or the firewall's state for the
   inside endpoint) is now open for the destination, its address, or everyone (§5). Filters
   only ever open, because ICE repeats its checks faster than anything times out.
3. An agent knows the candidates signalled to it: the other's bases, what the STUN and TURN
   servers see of them, and relayed addresses. It also learns, on the base where it arrives,
   the source of every check that comes through (a peer-reflexive candidate, RFC 8445 §7.3.1.3),
   and checks it from that base.
4. Let both agents send to everyone they know until nothing new opens. A pair works when a check
   arrives and its answer returns between the same two endpoints (RFC 8445 §7.2.5.2.1).

From 1 to 4 follow the well-known rules, which the tests state separately: endpoint-independent
mapping on both sides always works; with it on one side only, that side's filter must not look
at ports; two NATs with address-and-port-dependent mapping never work, for each new destination
has a new source, and so on without end. `_ROUNDS` cuts that regress off; whatever works, works
within a few rounds.

Routing is by the networks' tables: a packet climbs through gateways until a network knows the
address, then descends; reaching a NAT's own external address from its inside needs hairpinning.
A relayed address is a base on the TURN server's host which hears only addresses with a
permission, that is those of the candidates its owner knows (RFC 8656 §9).

Left out, on purpose: loss, time, NAT64, several NATs sharing one pool, port numbers of clients
(so a firewall that allows certain UDP ports allows no peer), arbitrary pooling (each mapping
counts as a different address, which may underrate it), faults of servers except that a silent
one is not there.
"""

from collections.abc import Hashable, Iterable
from enum import StrEnum
from itertools import product
from typing import NamedTuple, TypeAlias, Union

from peer.ice.address import TransportAddress, is_ipv6, is_link_local, parse_ip
from peer.testing.internet import (
    AddressPooling,
    Attachment,
    Dependence,
    Host,
    Network,
    Protocol,
    Router,
    Simulation,
    StunServer,
    TurnServer,
)

_ROUNDS = 6


class PathKind(StrEnum):
    """How two agents reach each other, best first."""

    HOST = "host"
    """Directly, and no NAT translates."""
    REFLEXIVE = "reflexive"
    """Directly, through at least one NAT."""
    RELAY = "relay"
    """Only by a TURN server."""


_ORDER = list(PathKind)


class Base(NamedTuple):
    """An address of a host; `port` is a number for servers and a label for agents."""

    host: Host
    address: str
    port: Hashable


class External(NamedTuple):
    """The endpoint by which `router` shows `inner` to the destinations that `key` stands for."""

    router: Router
    inner: "Base | External"
    key: Hashable


# typing.Union because External is a forward reference in the alias of its own field.
Symbol: TypeAlias = Union[Base, External]  # noqa: UP007


def routing_address(symbol: Symbol) -> str:
    """The IP address, or any of those it may be, for finding the way."""
    return symbol.address if isinstance(symbol, Base) else symbol.router.external_addresses[0]


def _address_key(symbol: Symbol) -> Hashable:
    """What tells this endpoint's IP address from others."""
    if isinstance(symbol, Base):
        return symbol.address
    nat = symbol.router.nat
    if nat is None or len(nat.addresses) == 1:
        return routing_address(symbol)
    if nat.behavior.pooling is AddressPooling.ARBITRARY and not nat.behavior.one_to_one:
        return symbol
    return symbol.router, routing_address(symbol.inner)


def _key(dependence: Dependence, remote: Symbol) -> Hashable:
    if dependence is Dependence.ADDRESS_AND_PORT_DEPENDENT:
        return remote
    return _address_key(remote) if dependence is Dependence.ADDRESS_DEPENDENT else None


def _port(symbol: Symbol) -> Hashable:
    return symbol.port if isinstance(symbol, Base) else None


class _Routes:
    """Where symbols travel, and which filters they have opened."""

    def __init__(self) -> None:
        self._open: set[tuple[Router, Symbol, Hashable]] = set()
        self._passed: set[tuple[Router, Symbol, Hashable]] = set()

    @property
    def opened(self) -> int:
        """How much is open; it only grows."""
        return len(self._open) + len(self._passed)

    def travel(self, source: Base, destination: Symbol) -> tuple[Base, Symbol] | None:
        """Send from `source`: the base that is reached and the source it sees, if any."""
        interface = source.host.interface_of(source.address)
        address = routing_address(destination)
        if interface is None or is_ipv6(address) != is_ipv6(source.address):
            return None
        if address in source.host.addresses:
            is_self = isinstance(destination, Base) and destination.host is source.host
            return (destination, source) if is_self and isinstance(destination, Base) else None
        shown: Symbol = source
        network = interface.network
        while (found := network.route(address)) is None:
            router = _gateway(network, address)
            if router is None:
                return None
            if address in router.external_addresses:
                return self._hairpin(router, shown, destination)
            if not self._leaves(router, shown, destination):
                return None
            if router.translates(routing_address(shown)):
                shown = self._translate(router, shown, destination)
            network = router.outside.network
        return self._descend(found, shown, destination)

    def _leaves(self, router: Router, source: Symbol, destination: Symbol) -> bool:
        if router.firewall is None:
            return True
        policy = router.firewall.policy
        if policy.block_udp and _port(destination) not in policy.allowed_udp_ports:
            return False
        self._passed.add((router, source, _key(policy.filtering, destination)))
        return True

    def _translate(self, router: Router, source: Symbol, destination: Symbol) -> External:
        if router.nat is None:
            raise ValueError(f"{router} does not translate")
        behavior = router.nat.behavior
        if behavior.one_to_one:
            return External(router, source, None)
        external = External(router, source, _key(behavior.mapping, destination))
        self._open.add((router, external, _key(behavior.filtering, destination)))
        return external

    def _hairpin(
        self, router: Router, source: Symbol, destination: Symbol
    ) -> tuple[Base, Symbol] | None:
        if router.nat is None or not router.nat.behavior.hairpinning:
            return None
        shown = self._translate(router, source, destination)
        if not isinstance(destination, External) or not self._admits(router, shown, destination):
            return None
        found = router.inside.network.route(routing_address(destination.inner))
        return None if found is None else self._descend(found, shown, destination.inner)

    def _admits(self, router: Router, source: Symbol, destination: External) -> bool:
        if router.nat is None or destination.router is not router:
            return False
        behavior = router.nat.behavior
        if behavior.one_to_one or behavior.filtering is Dependence.ENDPOINT_INDEPENDENT:
            return True
        return (router, destination, _key(behavior.filtering, source)) in self._open

    def _enters(self, router: Router, source: Symbol, destination: Symbol) -> bool:
        if router.firewall is None:
            return True
        policy = router.firewall.policy
        if policy.block_udp and _port(source) not in policy.allowed_udp_ports:
            return False
        state = (router, destination, _key(policy.filtering, source))
        return not policy.stateful or state in self._passed

    def _descend(
        self, found: Attachment, source: Symbol, destination: Symbol
    ) -> tuple[Base, Symbol] | None:
        node = found.node
        while isinstance(node, Router):
            if routing_address(destination) in node.external_addresses:
                if not isinstance(destination, External):
                    return None
                if not self._admits(node, source, destination):
                    return None
                destination = destination.inner
            if not self._enters(node, source, destination):
                return None
            further = node.inside.network.route(routing_address(destination))
            if further is None:
                return None
            node = further.node
        if isinstance(destination, Base) and destination.host is node:
            return destination, source
        return None


def _gateway(network: Network, address: str) -> Router | None:
    """The router that packets for an address unknown on `network` go to."""
    is_on_link = any(
        s.version == (6 if is_ipv6(address) else 4) and parse_ip(address) in s
        for s in network.subnets
    )
    if network.gateway is None or is_on_link or is_link_local(address):
        return None
    node = network.gateway.node
    return node if isinstance(node, Router) else None


def reaches_by_tcp(host: Host, local: str, server: TransportAddress) -> bool:
    """Whether a TCP connection from a local address of `host` to a public server opens."""
    interface = host.interface_of(local)
    if interface is None or is_ipv6(local) != is_ipv6(server.host):
        return False
    network = interface.network
    while network.route(server.host) is None:
        router = _gateway(network, server.host)
        if router is None:
            return False
        if router.firewall is not None:
            policy = router.firewall.policy
            if policy.block_tcp and server.port not in policy.allowed_tcp_ports:
                return False
        network = router.outside.network
    return True


class _Agent:
    """What one agent has and knows."""

    def __init__(self, label: str, host: Host) -> None:
        self.bases = [Base(host, a, label) for a in host.addresses if not is_link_local(a)]
        self.relays: dict[Base, TurnServer] = {}
        self.candidates: set[Symbol] = set(self.bases)
        self.learned: dict[Base, set[Symbol]] = {}

    def sources(self, is_relay_only: bool) -> list[Base]:
        """Where checks are sent from."""
        return [*self.relays] if is_relay_only else [*self.bases, *self.relays]

    def hears(self, local: Base, remote: Symbol, signalled: Iterable[Symbol]) -> bool:
        """Whether a packet from `remote` that arrived at `local` gets to the agent."""
        server = self.relays.get(local)
        if server is None:
            return True
        permitted = {_address_key(candidate) for candidate in signalled}
        permitted -= server.relay.forbidden_peers
        return _address_key(remote) in permitted


class Oracle:
    """Knows a topology and its servers, as of the moment when it is asked."""

    def __init__(
        self,
        simulation: Simulation,
        *,
        stun_servers: Iterable[StunServer] = (),
        turn_servers: Iterable[TurnServer] = (),
    ) -> None:
        self._simulation = simulation
        self._stun_servers = [s for s in stun_servers if not s.faults.is_silent]
        self._turn_servers = [s for s in turn_servers if not s.faults.is_silent]

    def best_path(self, a: Host, b: Host, *, relay_only: bool = False) -> PathKind | None:
        """The best kind of path which the agents on the two hosts must find; None for none.

        Both agents know all servers, gather on all addresses except link-local ones, and ask
        for relayed addresses of every family on offer. With `relay_only`, both use only those.
        """
        kinds = self.paths(a, b, relay_only=relay_only)
        return min(kinds, key=_ORDER.index) if kinds else None

    def paths(self, a: Host, b: Host, *, relay_only: bool = False) -> set[PathKind]:
        """All kinds of paths between the two hosts."""
        routes = _Routes()
        agents = (_Agent("a", a), _Agent("b", b))
        for agent in agents:
            self._gather(agent, routes)
            if relay_only:
                agent.candidates = set(agent.relays)
        reached: set[tuple[Base, Symbol, Base, Symbol]] = set()
        for _ in range(_ROUNDS):
            before = len(reached), routes.opened
            for here, there in (agents, agents[::-1]):
                _check(here, there, routes, reached, relay_only)
            if (len(reached), routes.opened) == before:
                break
        return {
            _kind(agents, local, remote, arrival, seen)
            for local, remote, arrival, seen in reached
            if routes.travel(arrival, seen) == (local, remote)
        }

    def _gather(self, agent: _Agent, routes: _Routes) -> None:
        for base, server in product(agent.bases, self._stun_servers):
            for address in server.addresses:
                _add_reflexive(agent, routes, base, Base(server.host, *address))
        for base, turn in product(agent.bases, self._turn_servers):
            for address in turn.addresses:
                is_reached = Protocol.UDP in turn.protocols and _add_reflexive(
                    agent, routes, base, Base(turn.host, *address)
                )
                if not is_reached and Protocol.TCP in turn.protocols:
                    is_reached = reaches_by_tcp(base.host, base.address, address)
                if is_reached:
                    _add_relays(agent, turn)


def _add_reflexive(agent: _Agent, routes: _Routes, base: Base, server: Base) -> bool:
    arrival = routes.travel(base, server)
    if arrival is None or routes.travel(server, arrival[1]) != (base, server):
        return False
    agent.candidates.add(arrival[1])
    return True


def _add_relays(agent: _Agent, server: TurnServer) -> None:
    for family in server.relay.families:
        address = server.address(6 if family == 2 else 4).host
        relay = Base(server.host, address, ("relay", agent.bases[0].port))
        agent.relays[relay] = server
        agent.candidates.add(relay)


def _check(
    here: _Agent,
    there: _Agent,
    routes: _Routes,
    reached: set[tuple[Base, Symbol, Base, Symbol]],
    relay_only: bool,
) -> None:
    """Let `here` send to everyone it knows."""
    for local in here.sources(relay_only):
        targets = there.candidates | here.learned.get(local, set())
        for remote in targets:
            if local in here.relays and not here.hears(local, remote, there.candidates):
                continue
            arrival = routes.travel(local, remote)
            if arrival is None or arrival[0] not in there.sources(relay_only):
                continue
            if there.hears(arrival[0], arrival[1], here.candidates):
                there.learned.setdefault(arrival[0], set()).add(arrival[1])
                reached.add((local, remote, *arrival))


def _kind(
    agents: Iterable[_Agent], local: Base, remote: Symbol, arrival: Base, seen: Symbol
) -> PathKind:
    if any(base in agent.relays for agent in agents for base in (local, arrival)):
        return PathKind.RELAY
    is_direct = (seen, remote) == (local, arrival)
    return PathKind.HOST if is_direct else PathKind.REFLEXIVE
