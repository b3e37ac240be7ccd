"""Networks: the places where nodes (hosts and routers) meet. Routing is by topology alone."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from peer.ice.address import is_ipv6, is_link_local, parse_ip

from .kernel import Kernel
from .link import IDEAL, Conditions, Link, Pipe
from .packet import DropReason, Packet

_PRIVATE = (
    *(ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    *(ip_network(text) for text in ("100.64.0.0/10", "169.254.0.0/16")),
    *(ip_network(text) for text in ("fc00::/7", "fe80::/10")),
)

Subnet = IPv4Network | IPv6Network


@lru_cache(maxsize=4096)
def is_private(host: str) -> bool:
    """Whether the public internet has no route to `host` (RFC 1918, 6598, 3927, 4193, 4291)."""
    address = parse_ip(host)
    return any(address in network for network in _PRIVATE)


@lru_cache(maxsize=1024)
def parse_subnet(text: str) -> Subnet:
    """Parse a prefix such as ``192.168.1.0/24``."""
    return ip_network(text)


@lru_cache(maxsize=4096)
def _nth_address(subnet: Subnet, number: int) -> str:
    return str(subnet.network_address + number)


class Node:
    """Something attached to networks: a host or a router."""

    def __init__(self, kernel: Kernel, name: str) -> None:
        self.kernel = kernel
        self.name = name

    def receive(self, packet: Packet, attachment: "Attachment") -> None:
        """Take a packet that arrived from the network of `attachment`."""
        raise NotImplementedError

    def announce(self, address: str) -> None:
        """Learn that `address` is now on the network which this node is the gateway of."""

    def withdraw(self, address: str) -> None:
        """Learn that `address` is gone from the network which this node is the gateway of."""


class Attachment:
    """The plug by which a node is connected to a network, with the link in between."""

    __slots__ = ("link", "network", "node")

    def __init__(self, network: "Network", node: Node, link: Link) -> None:
        self.network = network
        self.node = node
        self.link = link


class Network:
    """A network in which everyone reaches everyone, with at most one gateway to elsewhere.

    Packets to an address on the network go there; those to other addresses go to the gateway,
    except addresses of the network's own prefixes that nobody has, which are lost as on a LAN
    where nobody answers ARP. Without a gateway a network is an island, or the internet itself.
    """

    def __init__(
        self,
        kernel: Kernel,
        name: str,
        *,
        subnets: Iterable[str] = (),
        delay: float = 0.0,
    ) -> None:
        self.kernel = kernel
        self.name = name
        self.delay = delay
        self.subnets = tuple(parse_subnet(text) for text in subnets)
        self.gateway: Attachment | None = None
        self.is_public = False
        self._routes: dict[str, Attachment] = {}
        self._groups: dict[str, list[Attachment]] = {}
        self._next_host = dict.fromkeys(self.subnets, 9)

    def __repr__(self) -> str:
        return f"<Network {self.name}>"

    # -- addresses ----------------------------------------------------------------------------

    def allocate(self) -> list[str]:
        """A fresh address of each of the network's prefixes, counting from .10 upwards."""
        return [self._next_address(subnet) for subnet in self.subnets]

    def allocate_ipv4(self) -> str:
        """A fresh IPv4 address. Raises StopIteration when the network has no IPv4 prefix."""
        return self._next_address(next(s for s in self.subnets if s.version == 4))

    def _next_address(self, subnet: Subnet) -> str:
        while True:
            self._next_host[subnet] += 1
            address = _nth_address(subnet, self._next_host[subnet])
            if address not in self._routes:
                return address

    def attach(
        self, node: Node, up: Conditions = IDEAL, down: Conditions | None = None
    ) -> Attachment:
        """Connect `node` by a link; `down` is like `up` unless given."""
        link = Link(up, up if down is None else down, self.kernel.rng)
        return Attachment(self, node, link)

    def add_route(self, address: str, attachment: Attachment) -> None:
        """Send packets for `address` to `attachment`. Raises ValueError when it is taken.

        The public internet takes no private addresses; such a route is silently not made.
        """
        if self.is_public and is_private(address):
            return
        if address in self._routes:
            raise ValueError(f"{address} is on {self.name} already")
        self._routes[address] = attachment
        if self.gateway is not None:
            self.gateway.node.announce(address)

    def remove_route(self, address: str) -> None:
        """Forget `address`; unknown ones are ignored."""
        if self._routes.pop(address, None) is not None and self.gateway is not None:
            self.gateway.node.withdraw(address)

    def route(self, address: str) -> Attachment | None:
        """Who has, or leads to, `address` on this network, the gateway not considered."""
        return self._routes.get(address)

    def addresses(self) -> list[str]:
        """All addresses that are on the network or behind its routers without translation."""
        return list(self._routes)

    def set_gateway(self, attachment: Attachment) -> None:
        """Make `attachment` the way to everywhere else. Raises ValueError when there is one."""
        if self.gateway is not None:
            raise ValueError(f"{self.name} has a gateway already")
        self.gateway = attachment
        for address in self._routes:
            attachment.node.announce(address)

    def join(self, group: str, attachment: Attachment) -> None:
        """Send what goes to the multicast address `group` to `attachment` as well."""
        members = self._groups.setdefault(group, [])
        if attachment not in members:
            members.append(attachment)

    def leave(self, group: str, attachment: Attachment) -> None:
        """Send it to `attachment` no more."""
        self._groups[group].remove(attachment)

    # -- packets ------------------------------------------------------------------------------

    def next_hop(self, address: str, origin: Attachment | None) -> Attachment | DropReason:
        """Where a packet for `address` that entered from `origin` goes next."""
        target = self._routes.get(address)
        if target is None:
            if self.gateway is None or self.gateway is origin:
                return DropReason.PRIVATE if is_private(address) else DropReason.NO_ROUTE
            if is_link_local(address) or self._is_on_link(address):
                return DropReason.UNREACHABLE
            target = self.gateway
        return DropReason.NO_ROUTE if target is origin else target

    def _is_on_link(self, address: str) -> bool:
        version = 6 if is_ipv6(address) else 4
        return any(s.version == version and parse_ip(address) in s for s in self.subnets)

    def send(self, packet: Packet, origin: Attachment) -> None:
        """Carry `packet`, which enters from `origin`, to its next hop."""
        target = self._routes.get(packet.destination[0])
        if packet.destination[0] in self._groups:
            return self._multicast(packet, origin)
        if target is None or target is origin:
            hop = self.next_hop(packet.destination[0], origin)
            if isinstance(hop, DropReason):
                return self.kernel.drop(packet, hop, self.name)
            target = hop
        for arrival in self._cross(packet, origin.link.up):
            self._transit(packet, target, arrival + self.delay)
        return None

    def _multicast(self, packet: Packet, origin: Attachment) -> None:
        """Carry `packet` to the members of its group; no gateway takes it further."""
        for arrival in self._cross(packet, origin.link.up):
            for member in self._groups[packet.destination[0]]:
                if member is not origin:
                    self._transit(packet, member, arrival + self.delay)

    def _cross(self, packet: Packet, pipe: Pipe) -> tuple[float, ...]:
        """The times when `packet`, which enters `pipe` now, and its duplicate come out."""
        now = self.kernel.now
        pipe.packets += 1
        pipe.octets += packet.size
        if pipe.is_ideal and not pipe.is_cut and packet.size <= pipe.mtu:
            return (now + pipe.delay,)
        arrivals = []
        for _ in range(2 if pipe.is_duplicated() else 1):
            reason = pipe.refusal(packet)
            arrival = pipe.arrival(now, packet) if reason is None else None
            if arrival is not None:
                arrivals.append(arrival)
            else:
                pipe.lost += 1
                self.kernel.drop(packet, reason or DropReason.QUEUE, self.name)
        return tuple(arrivals)

    def _transit(self, packet: Packet, target: Attachment, when: float) -> None:
        pipe = target.link.down
        if pipe.is_ideal and packet.size <= pipe.mtu:
            # The common case costs one event for the whole way.
            pipe.packets += 1
            pipe.octets += packet.size
            self.kernel.schedule(when + pipe.delay, self._arrive, (packet, target))
        else:
            self.kernel.schedule(when, self._descend, (packet, target))

    def _descend(self, item: tuple[Packet, Attachment]) -> None:
        for arrival in self._cross(item[0], item[1].link.down):
            self.kernel.schedule(arrival, self._arrive, item)

    def _arrive(self, item: tuple[Packet, Attachment]) -> None:
        packet, target = item
        if target.link.down.is_cut:
            self.kernel.drop(packet, DropReason.CUT, self.name)
        else:
            target.node.receive(packet, target)
