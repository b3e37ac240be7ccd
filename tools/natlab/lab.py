"""The lab: an internet of namespaces, with a server, and the places built on it."""

from contextlib import ExitStack, closing
from itertools import count
from types import TracebackType
from typing import Any, Self

from .host import Host, HostUplink
from .line import Lines
from .namespace import Namespace, require, sweep
from .plan import Site, Topology, Uplink
from .router import SiteRouter
from .segment import Segment
from .servers import Server

INTERNET = ["70.0.0.0/8", "2a00:ffff::/64"]


class Lab:
    """The internet; use it as a context, one at a time or several.

    Raises LabError, in a line for the user, where there can be none.
    """

    def __init__(self, *, seed: int = 1) -> None:
        """Sweep what killed labs have left, and make the internet with its server."""
        require()
        sweep()
        self._sites = count(1)
        with ExitStack() as made:
            self.lines = made.enter_context(closing(Lines(seed)))
            self.core = made.enter_context(closing(Namespace("internet")))
            self.core.set({"net/ipv6/conf/all/forwarding": 1})
            self.internet = Segment(self.core, INTERNET)
            # No answer says that nobody is there, as on the internet.
            self.core.ip_command("-6", "route", "add", "blackhole", "default")
            self.server = made.enter_context(closing(Server(self.internet)))
            self._made = made.pop_all()

    def __enter__(self) -> Self:
        """Nothing is to be done."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def build(self, topology: Topology) -> "Place":
        """Build a place for a call; close it before the lab."""
        return Place(self, topology)

    def subnets(self, site: Site) -> list[str]:
        """The subnets of a new site."""
        number = next(self._sites)
        found = []
        if site.ipv4 is not None:
            found.append(f"70.100.{number % 256}.0/24" if site.ipv4 == "public" else site.ipv4)
        if site.ipv6:
            found.append(f"2a00:0:{number:x}::/64")
        return found

    def close(self) -> None:
        """Remove everything; twice does no harm."""
        self._made.close()


class Place:
    """A topology at work: hosts `a` and `b`, and the routers of its sites."""

    def __init__(self, lab: Lab, topology: Topology) -> None:
        """Build it."""
        self.lab = lab
        self.topology = topology
        self._routers: dict[Site, SiteRouter] = {}
        self.hosts: list[Host] = []
        try:
            for name, uplinks in zip("ab", topology.sides, strict=True):
                self.hosts.append(Host(name))
                for uplink in uplinks:
                    self.plug(self.hosts[-1], uplink)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        """Nothing is to be done."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    @property
    def a(self) -> Host:
        """The first host, which offers."""
        return self.hosts[0]

    @property
    def b(self) -> Host:
        """The second host."""
        return self.hosts[1]

    @property
    def configuration(self) -> dict[str, Any]:
        """What programs are configured with: the servers."""
        return {"iceServers": self.lab.server.ice_servers(self.topology.turn)}

    def plug(self, host: Host, uplink: Uplink) -> HostUplink:
        """Give a host an uplink; the site is built when it is new."""
        return host.plug(uplink.name, self._segment(uplink.site))

    def router(self, site: Site) -> SiteRouter:
        """The router of a site; it is built when it is new."""
        if site not in self._routers:
            outer = self._segment(site.outside)
            self._routers[site] = SiteRouter(site, outer, self.lab.lines, self.lab.subnets(site))
        return self._routers[site]

    def _segment(self, site: Site | None) -> Segment:
        return self.lab.internet if site is None else self.router(site).segment

    def close(self) -> None:
        """Remove hosts and routers; twice does no harm."""
        for host in self.hosts:
            host.close()
        for router in reversed(self._routers.values()):
            router.close()
