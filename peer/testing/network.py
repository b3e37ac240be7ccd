"""A network for whole calls: hosts behind NATs and links, and the servers they use."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from peer import RTCConfiguration, RTCIceServer, RTCPeerConnection
from peer.net import NetConfig

from . import internet
from .certificate import certificate
from .internet import (
    FULL_CONE,
    IDEAL,
    ONE_TO_ONE,
    PORT_RESTRICTED_CONE,
    RESTRICTED_CONE,
    SYMMETRIC,
    Conditions,
    FirewallPolicy,
    NatBehavior,
    PacketLog,
    Protocol,
    StunServer,
    TurnServer,
)
from .line import Line
from .live import LiveSimulation
from .system import HostSystem

NATS = {
    "full-cone": FULL_CONE,
    "restricted": RESTRICTED_CONE,
    "port-restricted": PORT_RESTRICTED_CONE,
    "symmetric": SYMMETRIC,
    "one-to-one": ONE_TO_ONE,
}
"""The kinds of NAT that have a name; `NatBehavior` describes any other (RFC 4787)."""

MAX_SITES = 255


class Network:
    """A simulated internet in the time of an event loop.

    The same seed, the same program and the same versions give the same packets at the same times.
    `delay` is the time across the internet, in seconds, without the access lines of either side.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        delay: float = 0.02,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Make one on the running event loop, unless another is given."""
        self._simulation = LiveSimulation(loop or asyncio.get_running_loop(), seed, delay)
        self._sites = 0
        self.ice_servers: list[RTCIceServer] = []
        """What connections ask, unless their configuration says otherwise."""
        self.hosts: dict[str, Host] = {}

    def __repr__(self) -> str:
        return f"<Network seed={self._simulation.seed} hosts={list(self.hosts)}>"

    @property
    def simulation(self) -> internet.Simulation:
        """What is below: for topologies this class does not offer."""
        return self._simulation

    def site(
        self,
        name: str,
        *,
        nat: str | NatBehavior | None = None,
        ipv6: bool = False,
        firewall: FirewallPolicy | None = None,
        link: Conditions = IDEAL,
        down: Conditions | None = None,
    ) -> "Site":
        """Make a local network with a router; hosts on it reach each other at once.

        `nat` is one of `NATS`, or None: its hosts have public addresses. With `ipv6` they have one
        of that family as well, which is never translated. `link` is the access line of the router
        in either direction, `down` the one towards the site if it is another.
        Raises ValueError for a NAT that has no name.
        """
        if self._sites == MAX_SITES:
            raise ValueError(f"a network has at most {MAX_SITES} sites")
        self._sites += 1
        public = nat is None
        subnet = f"203.0.{self._sites}.0/24" if public else f"192.168.{self._sites}.0/24"
        subnets = [subnet, f"2a02:{self._sites:x}::/64"] if ipv6 else [subnet]
        inside = self._simulation.network(name, *subnets)
        router = self._simulation.router(
            f"{name} router",
            inside=inside,
            nat=_behavior(nat),
            firewall=firewall,
            conditions=link,
        )
        if down is not None:
            router.outside.link.down.conditions = down
        return Site(self, inside, router)

    def host(
        self,
        name: str,
        *,
        nat: str | NatBehavior | None = None,
        ipv6: bool = False,
        firewall: FirewallPolicy | None = None,
        link: Conditions = IDEAL,
        down: Conditions | None = None,
    ) -> "Host":
        """Make a host alone on a site of its own; see `site`."""
        site = self.site(name, nat=nat, ipv6=ipv6, firewall=firewall, link=link, down=down)
        return site.host(name)

    def stun_server(self, name: str = "stun.example") -> StunServer:
        """Make a STUN server that connections ask from now on."""
        server = StunServer(self._server(name))
        self.ice_servers.append(RTCIceServer(f"stun:{name}"))
        return server

    def turn_server(
        self,
        name: str = "turn.example",
        *,
        username: str = "user",
        credential: str = "password",
        transports: Iterable[str] = ("udp",),
    ) -> TurnServer:
        """Make a TURN server that connections ask from now on, over "udp", "tcp" or both."""
        transports = tuple(transports)
        server = TurnServer(
            self._server(name),
            users={username: credential},
            protocols=[Protocol(each) for each in transports],
        )
        urls = [f"turn:{name}?transport={each}" for each in transports]
        self.ice_servers.append(RTCIceServer(urls, username, credential))
        return server

    def _server(self, name: str) -> internet.Host:
        host = self._simulation.host(name, self._simulation.internet)
        self._simulation.dns.add(name, *host.addresses)
        return host

    def log(self) -> PacketLog:
        """Write down from now on what happens to packets: sent, delivered, or why not."""
        log = PacketLog()
        self._simulation.add_tap(log)
        return log


class Site:
    """A local network, its router, and the line between that and the internet."""

    def __init__(self, network: Network, inside: internet.Network, router: internet.Router) -> None:
        self.network = network
        self.line = Line(router.outside.link)
        self._inside = inside
        self._router = router

    @property
    def router(self) -> internet.Router:
        """The router below, with its NAT and firewall."""
        return self._router

    def host(self, name: str, *, link: Conditions = IDEAL) -> "Host":
        """Put another host on the network; `link` is its own, a radio cell for instance."""
        simulation = self.network.simulation
        below = simulation.host(name, self._inside, conditions=link)
        host = Host(self, below, HostSystem(below, simulation.dns))
        self.network.hosts[name] = host
        return host

    def rebind(self) -> None:
        """Have the NAT forget its mappings, as when it restarts: others take their place."""
        self._router.rebind()

    def renumber(self) -> None:
        """Have the NAT forget its mappings, and come back with another external address."""
        self._router.rebind([self._router.outside.network.allocate_ipv4()])


class Host:
    """A computer in a `Network`, which peer connections are made on."""

    def __init__(self, site: Site, below: internet.Host, system: HostSystem) -> None:
        self.site = site
        self.system = system
        self._below = below

    @property
    def below(self) -> internet.Host:
        """The host of the simulation: its interfaces, sockets and connections."""
        return self._below

    @property
    def line(self) -> Line:
        """The access line of the site."""
        return self.site.line

    @property
    def addresses(self) -> list[str]:
        """Its addresses."""
        return self._below.addresses

    def change_address(self) -> None:
        """Lose all addresses and have another one, as a telephone that changes networks does.

        Connections notice at once, unless their `NetConfig` says not to `watch`.
        """
        (interface,) = self._below.interfaces
        fresh = interface.network.allocate()
        for address in interface.addresses:
            interface.remove_address(address)
        for address in fresh:
            interface.add_address(address)

    def configuration(
        self, configuration: RTCConfiguration | None = None, **changes: Any
    ) -> RTCConfiguration:
        """Return a configuration with this host's network, and some settings changed.

        The servers of the network stand in for those of the W3C's default.
        """
        given = replace(configuration or RTCConfiguration(), **changes)
        servers = given.iceServers
        return replace(
            given,
            iceServers=list(self.site.network.ice_servers) if servers is None else servers,
            network=replace(given.network or NetConfig(), system=self.system),
            certificates=given.certificates or [certificate()],
        )

    def connection(
        self, configuration: RTCConfiguration | None = None, **changes: Any
    ) -> RTCPeerConnection:
        """Make a peer connection on this host; see `configuration`."""
        return RTCPeerConnection(self.configuration(configuration, **changes))


def _behavior(nat: str | NatBehavior | None) -> NatBehavior | None:
    if not isinstance(nat, str):
        return nat
    if nat not in NATS:
        raise ValueError(f"{nat!r} is no kind of NAT: {', '.join(NATS)}")
    return NATS[nat]
