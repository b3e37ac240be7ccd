"""The links multicast DNS is spoken on: a socket for each, and who is a neighbour there."""

import asyncio
import errno
import socket
import struct
import sys
from collections.abc import Callable, Iterable
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from peer.records import dataclass

from .datagrams import DatagramSocket
from .interfaces import InterfaceAddress, enumerate_addresses
from .udp import Receiver, UdpSocket

GROUP = "224.0.0.251"
GROUP_IPV6 = "ff02::fb"
PORT = 5353
MAX_INTERFACES = 16

_IP_MULTICAST_ALL = 49
"""Linux's number for the option, which the socket module does not name."""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class MdnsSettings:
    """Where multicast DNS is spoken. `interfaces` are local IP addresses, None for all."""

    group: str = GROUP
    group_ipv6: str = GROUP_IPV6
    port: int = PORT
    interfaces: tuple[str, ...] | None = None


class Link:
    """One socket on one interface, a member of the group there.

    `receive` takes what comes from neighbours: from addresses of our links, as their prefixes say
    (RFC 6762 §11). It is any of them, since the system hands what is sent to us alone to one of
    the sockets, whichever.
    """

    def __init__(
        self,
        open_socket: Callable[[Receiver], DatagramSocket],
        group: tuple[str, int],
        neighbourhood: tuple[Network, ...],
        receive: Callable[["Link", bytes, tuple[str, int]], None],
    ) -> None:
        self._group = group
        self._neighbourhood = neighbourhood
        self._take = receive
        self._socket = open_socket(self._receive)

    def _receive(self, data: bytes, source: tuple[str, int], _now: float) -> None:
        address = ip_address(source[0])
        if any(address in network for network in self._neighbourhood):
            self._take(self, data, source)

    def send(self, data: bytes, remote: tuple[str, int] | None = None) -> None:
        """Send to the group, or to one host; where that does not work, nobody hears it."""
        try:
            self._socket.send(data, remote or self._group)
        except OSError:
            return

    def close(self) -> None:
        """Leave the group."""
        self._socket.close()


def open_links(
    loop: asyncio.AbstractEventLoop,
    settings: MdnsSettings,
    receive: Callable[[Link, bytes, tuple[str, int]], None],
) -> list[Link]:
    """Join the group on every interface where that is possible."""
    try:
        known = enumerate_addresses()
    except (OSError, MemoryError):
        return []
    chosen = _interfaces(settings, known)[:MAX_INTERFACES]
    neighbourhood = tuple(_networks(known, [host for host, _ in chosen]))
    links = []
    for host, index in chosen:
        group = settings.group_ipv6 if ":" in host else settings.group
        try:
            bound = _bind(group, settings.port, host, index)
        except (OSError, MemoryError):
            continue
        try:
            opened = partial(UdpSocket, loop, bound, done=_ignore)
            links.append(Link(opened, (group, settings.port), neighbourhood, receive))
        except (OSError, MemoryError):
            bound.close()
    return links


def _ignore() -> None:
    """Do nothing after a batch: each datagram was taken for itself."""


def _interfaces(settings: MdnsSettings, known: Iterable[InterfaceAddress]) -> list[tuple[str, int]]:
    """Give one address of each family for every interface, with its index."""
    if settings.interfaces is not None:
        scopes = {address.host: address.scope for address in known}
        return [(host, scopes.get(host, 0)) for host in settings.interfaces]
    chosen: dict[tuple[str, int], tuple[str, int]] = {}
    for address in known:
        literal = ip_address(address.host)
        # An IPv6 group is joined by the interface's index, which link-local addresses carry.
        if not literal.is_loopback and (literal.version == 4 or address.scope):
            chosen.setdefault((address.interface, literal.version), (address.host, address.scope))
    return list(chosen.values())


def _networks(known: Iterable[InterfaceAddress], hosts: Iterable[str]) -> set[Network]:
    """Give the prefixes of the interfaces that have these addresses."""
    known, hosts = list(known), set(hosts)
    interfaces = {address.interface for address in known if address.host in hosts}
    return {
        ip_network(f"{address.host}/{address.prefix_length}", strict=False)
        for address in known
        if address.interface in interfaces
    }


def _bind(group: str, port: int, host: str, index: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _reuse_port(bound)
        if family == socket.AF_INET:
            bound.bind(("", port))
            _join_ipv4(bound, group, host)
        else:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind(("::", port, 0, index))
            _join_ipv6(bound, group, index)
    except OSError:
        bound.close()
        raise
    return bound


def _reuse_port(bound: socket.socket) -> None:
    option: int | None = getattr(socket, "SO_REUSEPORT", None)
    if option is not None:
        try:
            bound.setsockopt(socket.SOL_SOCKET, option, 1)
        except OSError as error:
            if error.errno != errno.ENOPROTOOPT:
                raise


def _join_ipv4(bound: socket.socket, group: str, host: str) -> None:
    member = socket.inet_aton(group) + socket.inet_aton(host)
    bound.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    bound.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(host))
    # RFC 6762 §11: hosts off the link must not be believed, so the TTL is at its greatest.
    bound.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    bound.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    if sys.platform == "linux":
        # Else every socket of the machine hears what any of them has joined.
        bound.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)


def _join_ipv6(bound: socket.socket, group: str, index: int) -> None:
    member = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", index)
    bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
    bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
