"""The best path between two hosts: that of the same topology on the simulated internet."""

from peer.testing.internet import Network, Protocol, Simulation, StunServer, TurnServer

from .oracle import Oracle, PathKind
from .plan import Site, Topology
from .servers import PORT, TLS_PORT


def best_path(topology: Topology) -> PathKind | None:
    """Tell the best path that two peers can find; None when there is none."""
    sim = Simulation(1)
    networks: dict[Site, Network] = {}

    def network(site: Site | None) -> Network:
        if site is None:
            return sim.internet
        if site not in networks:
            networks[site] = _network(sim, site, network(site.outside), len(networks))
        return networks[site]

    stun = StunServer(sim.host("stun", sim.internet))
    relays = sim.host("turn", sim.internet)
    turns = [
        TurnServer(relays, port=TLS_PORT if way == "tls" else PORT + number, protocols=[protocol])
        for number, (way, protocol) in enumerate(
            (way, Protocol.UDP if way == "udp" else Protocol.TCP) for way in topology.turn
        )
    ]
    hosts = [sim.host(name) for name in "ab"]
    for host, uplinks in zip(hosts, topology.sides, strict=True):
        for uplink in uplinks:
            host.add_interface(network(uplink.site), name=uplink.name)
    oracle = Oracle(sim, stun_servers=[stun], turn_servers=turns)
    return oracle.best_path(*hosts)


def _network(sim: Simulation, site: Site, outside: Network, number: int) -> Network:
    subnets = [] if site.ipv4 is None else [site.ipv4]
    if site.ipv4 == "public":
        subnets = [f"70.100.{number}.0/24"]
    if site.ipv6:
        subnets.append(f"2a00:0:{number + 1:x}::/64")
    inside = sim.network(f"site-{number}", *subnets)
    sim.router(
        f"router-{number}",
        inside=inside,
        outside=outside,
        nat=site.nat,
        firewall=site.firewall,
    )
    return inside


def kind_of(path: tuple[str, str] | None) -> PathKind | None:
    """The kind of a path, by those of the two candidates that are used."""
    if path is None:
        return None
    if "relay" in path:
        return PathKind.RELAY
    return PathKind.HOST if set(path) == {"host"} else PathKind.REFLEXIVE
