"""Ready-made topologies: two hosts to connect, and the servers to do it with."""

from random import Random

from peer.testing.internet import (
    BLOCK_UDP,
    IDEAL,
    PORT_RESTRICTED_CONE,
    STATEFUL,
    WEB_ONLY,
    Conditions,
    FirewallPolicy,
    InterfaceType,
    NatBehavior,
    Network,
    Simulation,
    StunServer,
    TurnServer,
    all_nat_behaviors,
    with_hairpinning,
)
from tools.natlab.oracle import Oracle, PathKind

LAN_SUBNET = "192.168.1.0/24"
CGN_SUBNET = "100.64.0.0/10"
CELLULAR_SUBNET = "10.0.0.0/8"
ACCESS_LINE = Conditions(delay=0.005)


class Topology:
    """Two hosts `a` and `b` in a simulated internet, a STUN server, and perhaps TURN servers."""

    def __init__(self, seed: int = 1, *, turn: bool = True) -> None:
        """Make both hosts, without interfaces, and the servers; they have both families."""
        self.sim = Simulation(seed)
        self.a, self.b = self.sim.host("a"), self.sim.host("b")
        self.stun = StunServer(self.sim.host("stun", self.sim.internet))
        self.turns = [TurnServer(self.sim.host("turn", self.sim.internet))] if turn else []
        self.description: list[str] = []

    def oracle(self) -> Oracle:
        """The oracle for the present state of the topology."""
        return Oracle(self.sim, stun_servers=[self.stun], turn_servers=self.turns)

    def best_path(self) -> PathKind | None:
        """The best path which two agents on `a` and `b` must find now."""
        return self.oracle().best_path(self.a, self.b)

    def ipv6_subnet(self) -> str:
        """A public IPv6 prefix that no network of the topology has."""
        return f"2a00:0:{len(self.sim.networks):x}::/64"

    def home(
        self,
        nat: NatBehavior | None,
        *,
        outside: Network | None = None,
        firewall: FirewallPolicy | None = None,
        ipv4: str | None = LAN_SUBNET,
        ipv6: bool = False,
        conditions: Conditions = ACCESS_LINE,
    ) -> Network:
        """Make a network behind a router of its own; every one may have the same addresses."""
        subnets = [ipv4] if ipv4 else []
        if ipv6:
            subnets.append(self.ipv6_subnet())
        number = len(self.sim.networks)
        network = self.sim.network(f"network-{number}", *subnets)
        self.sim.router(
            f"router-{number}",
            inside=network,
            outside=outside,
            nat=nat,
            firewall=firewall,
            conditions=conditions,
        )
        return network


def two_hosts_same_lan(
    nat: NatBehavior = PORT_RESTRICTED_CONE, *, seed: int = 1, turn: bool = True
) -> Topology:
    """Both hosts on one LAN behind one NAT."""
    topology = Topology(seed, turn=turn)
    lan = topology.home(nat)
    topology.a.add_interface(lan)
    topology.b.add_interface(lan, kind=InterfaceType.WIFI)
    return topology


def behind_nats(
    nat_a: NatBehavior | None,
    nat_b: NatBehavior | None,
    *,
    seed: int = 1,
    turn: bool = True,
    firewall_a: FirewallPolicy | None = None,
    firewall_b: FirewallPolicy | None = None,
    conditions: Conditions = ACCESS_LINE,
) -> Topology:
    """Each host behind a NAT of its own, both LANs with the same addresses.

    None instead of a NAT puts the host on public addresses, behind its firewall if any.
    """
    topology = Topology(seed, turn=turn)
    sides = ((topology.a, nat_a, firewall_a), (topology.b, nat_b, firewall_b))
    for number, (host, nat, firewall) in enumerate(sides):
        if nat is None and firewall is None:
            addresses = [topology.sim.internet.allocate_ipv4()]
            host.add_interface(topology.sim.internet, addresses, conditions=conditions)
            continue
        ipv4 = LAN_SUBNET if nat is not None else f"70.0.{number}.0/24"
        network = topology.home(nat, firewall=firewall, ipv4=ipv4, conditions=conditions)
        host.add_interface(network)
    return topology


def double_nat(
    inner: NatBehavior,
    outer: NatBehavior,
    nat_b: NatBehavior | None,
    *,
    seed: int = 1,
    turn: bool = True,
) -> Topology:
    """`a` behind a home NAT behind a carrier's NAT, `b` behind one NAT or public."""
    topology = behind_nats(outer, nat_b, seed=seed, turn=turn)
    topology.a.remove_interface(topology.a.interfaces[0].name)
    carrier = topology.sim.networks[1]
    topology.a.add_interface(topology.home(inner, outside=carrier, ipv4="192.168.178.0/24"))
    return topology


def shared_cgn(
    nat_a: NatBehavior, nat_b: NatBehavior, cgn: NatBehavior, *, seed: int = 1, turn: bool = True
) -> Topology:
    """Both hosts behind home NATs which are behind the same carrier-grade NAT."""
    topology = Topology(seed, turn=turn)
    carrier = topology.home(cgn, ipv4=CGN_SUBNET)
    topology.a.add_interface(topology.home(nat_a, outside=carrier))
    topology.b.add_interface(topology.home(nat_b, outside=carrier))
    return topology


def multihomed(
    wifi: NatBehavior,
    cellular: NatBehavior,
    nat_b: NatBehavior | None,
    *,
    seed: int = 1,
    turn: bool = True,
) -> Topology:
    """`a` has Wi-Fi and cellular interfaces, each behind its own NAT; `b` has one."""
    topology = behind_nats(wifi, nat_b, seed=seed, turn=turn)
    topology.a.remove_interface(topology.a.interfaces[0].name)
    home = topology.sim.networks[1]
    topology.a.add_interface(home, kind=InterfaceType.WIFI, name="wlan0")
    slow = Conditions(delay=0.03)
    operator = topology.home(cellular, ipv4=CELLULAR_SUBNET, conditions=slow)
    topology.a.add_interface(operator, kind=InterfaceType.CELLULAR, name="rmnet0")
    return topology


def dual_stack(
    nat_a: NatBehavior,
    nat_b: NatBehavior,
    *,
    firewall: FirewallPolicy | None = STATEFUL,
    seed: int = 1,
    turn: bool = True,
) -> Topology:
    """Both hosts behind NATs for IPv4 and, by default, stateful firewalls for IPv6."""
    topology = Topology(seed, turn=turn)
    for host, nat in ((topology.a, nat_a), (topology.b, nat_b)):
        host.add_interface(topology.home(nat, firewall=firewall, ipv6=True))
    return topology


def ipv6_only(*, firewall: FirewallPolicy | None = STATEFUL, seed: int = 1) -> Topology:
    """Both hosts on IPv6 networks without IPv4."""
    topology = Topology(seed)
    for host in (topology.a, topology.b):
        host.add_interface(topology.home(None, firewall=firewall, ipv4=None, ipv6=True))
    return topology


def random_topology(rng: Random, *, lossy: bool = False) -> Topology:
    """A topology of one or two interfaces a side, anywhere: public, behind up to two NATs,
    firewalls, shared networks, both families. `description` tells what came out.

    With `lossy`, access lines lose up to 10 % and add jitter, duplicates and reordering.
    """
    topology = Topology(rng.randrange(2**32), turn=rng.random() < 0.7)
    shared: list[Network] = []
    if rng.random() < 0.4:
        shared.append(_random_home(topology, rng, None, lossy))
    for host in (topology.a, topology.b):
        for _ in range(rng.choice((1, 1, 1, 2))):
            network = _random_network(topology, rng, shared, lossy)
            if not any(interface.network is network for interface in host.interfaces):
                host.add_interface(network, kind=rng.choice(list(InterfaceType)[:5]))
        for interface in host.interfaces:
            line = f"{host.name}: {interface.addresses} on {interface.network.name}"
            topology.description.append(line)
    return topology


def _random_network(topology: Topology, rng: Random, shared: list[Network], lossy: bool) -> Network:
    if rng.random() < 0.15:
        return topology.sim.internet
    choice = rng.random()
    if shared and choice < 0.25:
        return shared[0]
    if shared and choice < 0.75:
        return _random_home(topology, rng, shared[0], lossy)
    return _random_home(topology, rng, None, lossy)


def _random_home(topology: Topology, rng: Random, outside: Network | None, lossy: bool) -> Network:
    nat = rng.choice(all_nat_behaviors())
    if rng.random() < 0.4:
        nat = with_hairpinning(nat)
    firewall = rng.choice((None, None, None, None, STATEFUL, STATEFUL, BLOCK_UDP, WEB_ONLY))
    has_ipv6 = rng.random() < 0.3
    ipv4 = CGN_SUBNET if outside is None and rng.random() < 0.5 else LAN_SUBNET
    network = topology.home(
        nat,
        outside=outside,
        firewall=firewall,
        ipv4=ipv4,
        ipv6=has_ipv6,
        conditions=_random_conditions(rng, lossy),
    )
    behind = "" if outside is None else f" behind {outside.name}"
    topology.description.append(
        f"{network.name}{behind}: {nat}, firewall {firewall}, ipv6 {has_ipv6}"
    )
    return network


def _random_conditions(rng: Random, lossy: bool) -> Conditions:
    delay = rng.choice((0.0, 0.005, 0.02, 0.1))
    if not lossy:
        return Conditions(delay=delay) if delay else IDEAL
    return Conditions(
        delay=delay,
        jitter=rng.choice((0.0, 0.01, 0.05)),
        loss=rng.choice((0.0, 0.02, 0.1)),
        duplication=rng.choice((0.0, 0.05)),
        reordering=rng.choice((0.0, 0.1)),
    )
