"""What a place for a call looks like: sites behind routers, hosts with uplinks, servers.

Plain records. `build` makes namespaces of them, `oracle` asks which path two peers must find.
"""

from dataclasses import dataclass

from peer.testing.internet import (
    IDEAL,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    Conditions,
    Dependence,
    FirewallPolicy,
    NatBehavior,
)

LAN = "192.168.1.0/24"
CARRIER = "100.64.0.0/10"


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A network behind a router; two uplinks of the same object are on the same network.

    With `kernel` the kernel's own NAT translates (nftables), which is port-restricted or
    symmetric and has no conditions; otherwise a NAT of ours does, with any behaviour.
    """

    nat: NatBehavior | None = PORT_RESTRICTED_CONE
    firewall: FirewallPolicy | None = None
    ipv4: str | None = LAN
    """The subnet inside; None has no IPv4. "public" takes addresses of the internet."""
    ipv6: bool = False
    line: Conditions = IDEAL
    outside: "Site | None" = None
    """The carrier's network that the router is in; None is the internet."""
    kernel: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for what the kernel cannot do."""
        if not self.kernel:
            return
        if self.line != IDEAL:
            raise ValueError("a router in the kernel has an ideal line")
        if self.nat is not None and (self.nat.hairpinning or not self._is_of_kernel(self.nat)):
            raise ValueError(f"the kernel has no NAT with {self.nat}")

    @staticmethod
    def _is_of_kernel(nat: NatBehavior) -> bool:
        filters_ports = nat.filtering is Dependence.ADDRESS_AND_PORT_DEPENDENT
        return filters_ports and nat.mapping is not Dependence.ADDRESS_DEPENDENT


@dataclass(frozen=True, slots=True)
class Uplink:
    """An interface of a host and the network it is in; without site it is on the internet."""

    site: Site | None = None
    name: str = "eth0"


@dataclass(frozen=True, slots=True)
class Topology:
    """A place for a call between the hosts `a` and `b`."""

    name: str
    a: tuple[Uplink, ...]
    b: tuple[Uplink, ...]
    turn: tuple[str, ...] = ("udp", "tcp", "tls")
    """How the TURN server can be asked; empty for none. There is a STUN server always."""

    @property
    def sides(self) -> tuple[tuple[Uplink, ...], tuple[Uplink, ...]]:
        """The uplinks of both hosts."""
        return self.a, self.b


def home(
    nat: NatBehavior | None = PORT_RESTRICTED_CONE,
    *,
    firewall: FirewallPolicy | None = None,
    ipv6: bool = False,
    line: Conditions = IDEAL,
    outside: Site | None = None,
) -> tuple[Uplink, ...]:
    """One uplink in a network of its own."""
    return (Uplink(Site(nat, firewall, ipv6=ipv6, line=line, outside=outside)),)


def kernel_home(nat: NatBehavior = PORT_RESTRICTED_CONE) -> tuple[Uplink, ...]:
    """One uplink behind the kernel's own NAT."""
    return (Uplink(Site(nat, kernel=True)),)


def phone(
    wifi: NatBehavior = PORT_RESTRICTED_CONE,
    cellular: NatBehavior = SYMMETRIC,
    *,
    line: Conditions = IDEAL,
) -> tuple[Uplink, ...]:
    """Wi-Fi, and a cellular network behind a carrier's NAT."""
    operator = Site(cellular, ipv4="10.64.0.0/16", line=line)
    return (Uplink(Site(wifi, line=line), "wlan0"), Uplink(operator, "rmnet0"))


PUBLIC = (Uplink(),)
"""A host with a public address and nothing before it."""
