"""A host of the lab: a namespace with uplinks, and what can happen to them."""

import signal
from ipaddress import ip_address, ip_network

from .namespace import LabError, Namespace
from .segment import BRIDGE, Segment, nodad

FIRST_TABLE, FIRST_METRIC = 10, 100


class HostUplink:
    """An interface of a host; the earlier of two is preferred by its routes."""

    def __init__(self, namespace: Namespace, name: str, segment: Segment, number: int) -> None:
        """Plug it in, with an address of each family that there is."""
        self.name = name
        self.segment = segment
        self.addresses = segment.allocate()
        self._namespace = namespace
        self._number = number
        self._port = segment.plug(namespace, name, self.addresses)
        self._route()

    def _route(self) -> None:
        """Route by default, and what is sent from its addresses in any case (as phones do)."""
        table = FIRST_TABLE + self._number
        metric = FIRST_METRIC + self._number
        for address in self.addresses:
            family = ip_address(address).version
            network = ip_network(f"{address}/{self.segment.length(address)}", strict=False)
            way = f"default via {self.segment.gateway(family)} dev {self.name}"
            for line in (
                f"route replace {way} metric {metric}",
                f"route replace {network} dev {self.name} table {table}",
                f"route replace {way} table {table}",
                f"rule add from {address} lookup {table}",
            ):
                self._namespace.ip_command(f"-{family}", *line.split())

    def down(self) -> None:
        """Switch the interface off; the system tells all who ask."""
        self._namespace.ip(f"link set {self.name} down")

    def up(self) -> None:
        """Switch it on again."""
        self._namespace.ip(
            f"link set {self.name} up",
            *(
                f"address replace {address}/{self.segment.length(address)} dev {self.name} nodad"
                for address in self.addresses
                if ":" in address
            ),
        )
        self._route()

    def silence(self) -> None:
        """Let nothing pass any more; nobody is told, and the interface stays up."""
        self.segment.namespace.ip(f"link set {self._port} nomaster")

    def resume(self) -> None:
        """Let packets pass again."""
        self.segment.namespace.ip(f"link set {self._port} master {BRIDGE}")

    def readdress(self) -> None:
        """Have other addresses in the same network."""
        old, self.addresses = self.addresses, self.segment.allocate()
        length = self.segment.length
        self._namespace.ip(
            *(f"address del {each}/{length(each)} dev {self.name}" for each in old),
            *(
                f"address add {each}/{length(each)} dev {self.name} {nodad(each)}"
                for each in self.addresses
            ),
        )
        self._route()

    def drop_family(self, family: int) -> None:
        """Lose the addresses of a family."""
        gone = [each for each in self.addresses if ip_address(each).version == family]
        self.addresses = [each for each in self.addresses if each not in gone]
        self._namespace.ip(
            *(f"address del {each}/{self.segment.length(each)} dev {self.name}" for each in gone)
        )

    def unplug(self) -> None:
        """Take the interface away."""
        self._namespace.ip(f"link delete {self.name}")


class Host:
    """A host; programs run in its `namespace`."""

    def __init__(self, name: str) -> None:
        """Make it, without uplinks."""
        self.name = name
        self.namespace = Namespace(name)
        self.uplinks: dict[str, HostUplink] = {}
        self._plugged = 0

    def plug(self, name: str, segment: Segment) -> HostUplink:
        """Give it an uplink."""
        if name in self.uplinks:
            raise LabError(f"{self.name} has an uplink {name} already")
        uplink = HostUplink(self.namespace, name, segment, self._plugged)
        self._plugged += 1
        self.uplinks[name] = uplink
        return uplink

    def unplug(self, name: str) -> None:
        """Take an uplink away."""
        self.uplinks.pop(name).unplug()

    def first(self) -> HostUplink:
        """The uplink that came first of those that are there."""
        return next(iter(self.uplinks.values()))

    def sleep(self) -> None:
        """Stop all that runs on it."""
        self.namespace.signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        self.namespace.signal(signal.SIGCONT)

    def close(self) -> None:
        """End what runs on it, and remove it."""
        self.namespace.close()
