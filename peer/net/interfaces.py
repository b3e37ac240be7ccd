"""The addresses of this machine that may become host candidates (RFC 8445 §5.1.1.1)."""

import enum
import os
import re
import socket
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path

import ifaddr

from peer.ice import NetworkType
from peer.records import dataclass

from .exhaustion import is_exhausted

if sys.platform == "linux":
    from fcntl import ioctl
    from struct import pack, unpack_from

IF_INET6 = Path("/proc/net/if_inet6")
"""Where Linux tells the flags of IPv6 addresses."""

_IF_INET6_LINE = re.compile(r"([0-9a-f]{32}) [0-9a-f]+ [0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) ")
_TEMPORARY = 0x01
_TENTATIVE_OR_FAILED = 0x40 | 0x08
_DEPRECATED = 0x20

_SIOCGIFFLAGS = 0x8913
_IFF_UP = 0x1
_NAME = 16
"""Bytes of an interface's name in what ioctl takes."""

_KINDS = (
    (re.compile(r"lo\d*|loopback.*", re.I), NetworkType.LOOPBACK),
    (
        re.compile(r"docker.*|br-.*|veth.*|virbr.*|lxc.*|lxd.*|cni.*|cali.*|flannel.*|podman.*"),
        NetworkType.CONTAINER,
    ),
    (re.compile(r"(u?tun|tap|wg|ppp|ipsec|tailscale|zt).*", re.I), NetworkType.VPN),
    (re.compile(r"(wwan|rmnet|ccmni|pdp_ip).*|ww.*", re.I), NetworkType.CELLULAR),
    (re.compile(r"(wlan|wl|ath|wi-?fi).*", re.I), NetworkType.WIFI),
    (re.compile(r"(eth|en|em|eno|ens|enp)\w*", re.I), NetworkType.WIRED),
)


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """An address of an interface of this machine.

    `host` is an IP address literal, `scope` the index a link-local one needs to be bound.
    `temporary` marks the IPv6 addresses of RFC 8981, `deprecated` those of RFC 4862 §5.5.4, from
    which nothing new is to begin.
    """

    interface: str
    host: str
    prefix_length: int
    network: NetworkType = NetworkType.UNKNOWN
    scope: int = 0
    temporary: bool = False
    deprecated: bool = False

    @property
    def bindable(self) -> str:
        """The literal with its zone id, if it needs one."""
        return f"{self.host}%{self.scope}" if self.scope else self.host


Filter = Callable[[InterfaceAddress], bool]


class AddressPolicy(enum.Enum):
    """Which addresses the peer may learn, the modes of RFC 8828 §5.2."""

    ALL = "all"
    """Mode 1: every address of every interface."""
    DEFAULT_ROUTE = "default-route"
    """Mode 2: what the system would send from, with its private address."""
    DEFAULT_ROUTE_PUBLIC = "default-route-public"
    """Mode 3: like mode 2, but the private address itself is not told."""


@lru_cache(maxsize=256)
def network_type(interface: str) -> NetworkType:
    """Guess from an interface's name what it leads to."""
    for pattern, kind in _KINDS:
        if pattern.fullmatch(interface):
            return kind
    return NetworkType.UNKNOWN


def enumerate_addresses() -> list[InterfaceAddress]:
    """List the addresses of this machine, loopback included, in the system's order.

    Those of interfaces that are switched off count as gone.
    """
    flags = read_ipv6_flags()
    found = []
    for adapter in ifaddr.get_adapters():
        name = adapter.nice_name.partition(":")[0]
        if not is_up(name):
            continue
        for address in adapter.ips:
            if isinstance(address.ip, tuple):
                host, _, scope = address.ip
                if not usable(flags.get(host, 0)):
                    continue
            else:
                host, scope = address.ip, 0
            found.append(_describe(name, host, address.network_prefix, scope, flags))
    return found


def _describe(
    name: str, host: str, prefix: int, scope: int, flags: dict[str, int]
) -> InterfaceAddress:
    kind = NetworkType.LOOPBACK if ip_address(host).is_loopback else network_type(name)
    known = flags.get(host, 0)
    return InterfaceAddress(
        name, host, prefix, kind, scope, bool(known & _TEMPORARY), bool(known & _DEPRECATED)
    )


def is_up(interface: str) -> bool:
    """Tell whether an interface is switched on; where the system does not tell, it is."""
    if sys.platform != "linux":
        return True
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            name = os.fsencode(interface)[:_NAME]
            answer = ioctl(any_socket, _SIOCGIFFLAGS, pack(f"{_NAME}sH14x", name, 0))
    except OSError as error:
        if is_exhausted(error):
            raise
        return True
    return bool(unpack_from("H", answer, _NAME)[0] & _IFF_UP)


def read_ipv6_flags(path: Path = IF_INET6) -> dict[str, int]:
    """Read the flags of this machine's IPv6 addresses; empty where the system does not tell."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found = [match for line in lines if (match := _IF_INET6_LINE.match(line))]
    return {str(IPv6Address(int(match[1], 16))): int(match[2], 16) for match in found}


def usable(flags: int) -> bool:
    """Tell whether an IPv6 address with these flags is neither tentative nor failed."""
    return not flags & _TENTATIVE_OR_FAILED


def select(
    addresses: Iterable[InterfaceAddress],
    *,
    loopback: bool = False,
    keep: Filter | None = None,
) -> list[InterfaceAddress]:
    """Choose those that may be gathered (RFC 8445 §5.1.1.1).

    Where an interface has a temporary address in a prefix, the others of that prefix would give
    the machine away and are left out, as are IPv6 link-local ones where an interface has others:
    they reach nobody whom those do not reach.
    """
    chosen = [
        address
        for address in addresses
        if not address.deprecated
        and (loopback or address.network is not NetworkType.LOOPBACK)
        and (keep is None or keep(address))
    ]
    others = {address.interface for address in chosen if not _is_link_local(address)}
    chosen = [
        address
        for address in chosen
        if address.interface not in others or not _is_link_local(address)
    ]
    if not any(address.temporary for address in chosen):
        return chosen
    prefixes = {_prefix(address) for address in chosen if address.temporary}
    return [address for address in chosen if address.temporary or _prefix(address) not in prefixes]


def _is_link_local(address: InterfaceAddress) -> bool:
    """Tell whether it is an IPv6 address of this link alone (RFC 4291 §2.5.6: fe80::/10)."""
    return address.host[:3].lower() in ("fe8", "fe9", "fea", "feb") and ":" in address.host


def _prefix(address: InterfaceAddress) -> tuple[str, IPv6Network] | None:
    literal = ip_address(address.host)
    if not isinstance(literal, IPv6Address):
        return None
    network = IPv6Network((int(literal), address.prefix_length), strict=False)
    return address.interface, network


_PROBES = {
    socket.AF_INET: ("192.0.2.1", 9),
    socket.AF_INET6: ("2001:db8::1", 9),
}
"""Addresses nobody has (RFC 5737, RFC 3849): only the routing table is asked."""


def default_route_address(
    family: socket.AddressFamily, towards: tuple[str, int] | None = None
) -> str | None:
    """Tell which address the system would send from (RFC 8828 §5.3), None without a route.

    Connecting a UDP socket asks the routing table and sends nothing. Raises OSError when there is
    no socket to be had.
    """
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(towards or _PROBES[family])
            name = probe.getsockname()
    except OSError as error:
        if is_exhausted(error):
            raise
        return None
    host: str = name[0].partition("%")[0]
    return None if ip_address(host).is_unspecified else host


def default_route_addresses(addresses: Iterable[InterfaceAddress]) -> list[InterfaceAddress]:
    """Keep the addresses of default routes, one of each family at most (RFC 8828 §5.2)."""
    routes = {default_route_address(family) for family in _PROBES}
    return [address for address in addresses if address.host in routes]
