"""The simulated internet: the place where everything else is made."""

from collections.abc import Iterable

from .dns import Dns
from .firewall import FirewallPolicy
from .host import Host
from .kernel import Kernel
from .link import IDEAL, Conditions
from .nat import NatBehavior
from .network import Network
from .router import Router

INTERNET_SUBNETS = ("60.0.0.0/8", "2a00::/32")
"""Where public addresses come from when none are given."""


class Simulation(Kernel):
    """A simulated internet with a clock of its own.

    The same `seed` and the same calls give the same packets at the same times. Virtual time is
    in seconds and stands still until `run`, `run_for`, `run_until` or `step` is called.
    `internet_delay` is the time across the internet, without the access links of either side.

    >>> sim = Simulation(seed=1)
    >>> lan = sim.network("home", "192.168.1.0/24")
    >>> router = sim.router("fritz", inside=lan, nat=PORT_RESTRICTED_CONE)
    >>> alice = sim.host("alice", lan)
    >>> server = sim.host("server", sim.internet)
    >>> echo = server.bind(server.addresses[0], 7)
    >>> echo.on_datagram = echo.send
    >>> phone = alice.bind(alice.addresses[0], 0, lambda data, source: print(sim.now, data))
    >>> phone.send(b"hello", echo.address)
    >>> sim.run()
    0.04 b'hello'
    """

    def __init__(self, seed: int, *, start: float = 0.0, internet_delay: float = 0.02) -> None:
        super().__init__(seed, start)
        self.internet = Network(self, "internet", subnets=INTERNET_SUBNETS, delay=internet_delay)
        self.internet.is_public = True
        self.networks: list[Network] = [self.internet]
        self.dns = Dns()
        self.hosts: list[Host] = []
        self.routers: list[Router] = []

    def network(self, name: str, *subnets: str, delay: float = 0.0) -> Network:
        """Make a network with address prefixes such as ``192.168.1.0/24``.

        It is an island until a router joins it to another network. `delay` is the time across.
        """
        network = Network(self, name, subnets=subnets, delay=delay)
        self.networks.append(network)
        return network

    def host(
        self,
        name: str,
        network: Network | None = None,
        addresses: Iterable[str] | None = None,
        *,
        conditions: Conditions = IDEAL,
    ) -> Host:
        """Make a host, with an interface on `network` if given; see `Host.add_interface`."""
        host = Host(self, name)
        self.hosts.append(host)
        if network is not None:
            host.add_interface(network, addresses, conditions=conditions)
        return host

    def router(
        self,
        name: str,
        *,
        inside: Network,
        outside: Network | None = None,
        nat: NatBehavior | None = None,
        firewall: FirewallPolicy | None = None,
        nat64: str | None = None,
        external: Iterable[str] = (),
        conditions: Conditions = IDEAL,
    ) -> Router:
        """Make the gateway of `inside` to `outside`, by default the internet.

        With `nat` it translates IPv4 to the `external` addresses, by default one fresh address
        of `outside`; with `nat64` it takes IPv6 hosts there, see
        `Router`. `conditions` are those of the link to `outside`, the access line.
        """
        router = Router(
            self,
            name,
            inside=inside,
            outside=outside or self.internet,
            nat=nat,
            firewall=firewall,
            nat64=nat64,
            external=external,
            conditions=conditions,
        )
        self.routers.append(router)
        return router
