"""A network that several namespaces are attached to: a bridge."""

from ipaddress import IPv4Network, ip_address, ip_network
from itertools import count

from .namespace import Namespace

BRIDGE = "lan0"


class Segment:
    """A bridge in a namespace; addresses are given out in order."""

    _ports = count(1)

    def __init__(self, namespace: Namespace, subnets: list[str], first: int = 2) -> None:
        """Make the bridge; its own addresses are the first ones of the subnets."""
        self.namespace = namespace
        self.subnets = [ip_network(subnet) for subnet in subnets]
        self.gateways = [str(subnet[1]) for subnet in self.subnets]
        self._numbers = count(first)
        flags = {
            f"net/bridge/bridge-nf-call-{tool}": 0
            for tool in ("arptables", "iptables", "ip6tables")
        }
        # Else what is bridged passes the rules for what is routed.
        namespace.set(flags, where_there=True)
        namespace.ip(
            f"link add {BRIDGE} type bridge forward_delay 0 mcast_snooping 0",
            *(
                f"address add {gateway}/{subnet.prefixlen} dev {BRIDGE} {nodad(gateway)}"
                for gateway, subnet in zip(self.gateways, self.subnets, strict=True)
            ),
            f"link set {BRIDGE} up",
        )

    def allocate(self) -> list[str]:
        """Give the next address of each subnet, without its length."""
        number = next(self._numbers)
        return [str(subnet[number]) for subnet in self.subnets]

    def length(self, address: str) -> int:
        """How many bits of an address are those of the network."""
        return next(s.prefixlen for s in self.subnets if ip_address(address) in s)

    def plug(self, namespace: Namespace, interface: str, addresses: list[str]) -> str:
        """Give a namespace an interface in here, which is up; returns the name of our end."""
        port = f"port{next(Segment._ports)}"
        self.namespace.ip(
            f"link add {port} type veth peer name {interface} netns {namespace.name}",
            f"link set {port} master {BRIDGE} up",
        )
        namespace.ip(
            *(
                f"address add {address}/{self.length(address)} dev {interface} {nodad(address)}"
                for address in addresses
            ),
            f"link set {interface} up",
        )
        return port

    def gateway(self, family: int) -> str | None:
        """Our address of a family, if we have one."""
        return next((g for g in self.gateways if ip_address(g).version == family), None)

    @property
    def ipv4(self) -> IPv4Network | None:
        """The subnet of IPv4 addresses, if we have one."""
        return next((s for s in self.subnets if isinstance(s, IPv4Network)), None)


def nodad(address: str) -> str:
    """The word that lets an IPv6 address be used at once."""
    return "nodad" if ":" in address else ""
