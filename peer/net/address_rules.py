"""Which addresses are used, by lists, and by which addresses they are known outside."""

from dataclasses import field
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network

from peer.ice import NetworkType
from peer.records import dataclass

from .interfaces import InterfaceAddress


@dataclass(frozen=True, slots=True)
class AddressRules:
    """A `NetConfig.keep` made of lists: what is in all lists of the first kind and in no other.

    Interfaces are named by patterns (``eth*``), networks by prefixes (``10.0.0.0/8``). An empty
    list of what to use stands for everything. Raises ValueError for malformed prefixes.
    """

    interfaces: tuple[str, ...] = ()
    not_interfaces: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    not_networks: tuple[str, ...] = ()
    kinds: frozenset[NetworkType] = frozenset()
    not_kinds: frozenset[NetworkType] = frozenset()
    ipv4: bool = True
    ipv6: bool = True

    def __post_init__(self) -> None:
        for prefix in (*self.networks, *self.not_networks):
            ip_network(prefix)

    def __call__(self, address: InterfaceAddress) -> bool:
        """Tell whether to use an address."""
        return (
            (self.ipv6 if ":" in address.host else self.ipv4)
            and (not self.interfaces or _is_named(address, self.interfaces))
            and not _is_named(address, self.not_interfaces)
            and (not self.networks or _is_in(address, self.networks))
            and not _is_in(address, self.not_networks)
            and (not self.kinds or address.network in self.kinds)
            and address.network not in self.not_kinds
        )


def _is_named(address: InterfaceAddress, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(address.interface, pattern) for pattern in patterns)


def _is_in(address: InterfaceAddress, prefixes: tuple[str, ...]) -> bool:
    literal = ip_address(address.host)
    return any(literal in ip_network(prefix) for prefix in prefixes)


@dataclass(frozen=True, slots=True)
class ExternalAddress:
    """An address of a NAT that leads to addresses of this machine for good, port by port.

    `of` says to which: those are of its family, and none is a loopback address. With `replaces`
    the peer is told of it in place of them, as a host candidate; else beside them, as a
    server-reflexive one that no server was asked for. Of several that replace, the first does and
    the others are told beside it. Raises ValueError when `host` is no IP address.
    """

    host: str
    of: AddressRules = field(default_factory=AddressRules)
    replaces: bool = True

    def __post_init__(self) -> None:
        ip_address(self.host)

    def leads_to(self, address: InterfaceAddress) -> bool:
        """Tell whether what comes to it arrives at an address of this machine."""
        literal = ip_address(address.host)
        same_family = ip_address(self.host).version == literal.version
        return same_family and not literal.is_loopback and self.of(address)


def outside(
    known: tuple[ExternalAddress, ...], address: InterfaceAddress
) -> tuple[str | None, list[str]]:
    """Give the external address that replaces an address, and those told beside it."""
    found = [each for each in known if each.leads_to(address)]
    first = next((each for each in found if each.replaces), None)
    beside = [each.host for each in found if each is not first]
    return (None if first is None else first.host), beside
