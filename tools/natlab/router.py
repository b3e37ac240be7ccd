"""Routers of the lab: the kernel's NAT and firewall, or a NAT of ours behind its firewall."""

from ipaddress import IPv4Network

from peer.testing.internet import Conditions, Dependence, FirewallPolicy

from .line import TUN, Lines, TunRouter, open_tun
from .namespace import LabError, Namespace
from .plan import Site
from .segment import BRIDGE, Segment

OUTSIDE = "out0"
UNASKED_IPV4 = f'iifname "{OUTSIDE}" meta nfproto ipv4 ct state new drop'
INSIDE_TABLE, OUTSIDE_TABLE = 100, 101


class SiteRouter:
    """The router of a site at work, with the network behind it as `segment`."""

    def __init__(self, site: Site, outer: Segment, lines: Lines, subnets: list[str]) -> None:
        """Make it in a namespace of its own, and attach it to the network outside."""
        self.site = site
        self.namespace = Namespace("router")
        self.line: TunRouter | None = None
        self._outer = outer
        self._external = outer.allocate()
        try:
            self.segment = Segment(self.namespace, subnets)
            self._attach()
            self._filter()
            if not site.kernel:
                self._hand_over(lines)
        except BaseException:
            self.close()
            raise

    @property
    def external(self) -> str:
        """The IPv4 address that is seen of the site."""
        return self._external[0]

    def _attach(self) -> None:
        space, outer = self.namespace, self._outer
        space.set(
            {
                "net/ipv4/ip_forward": 1,
                "net/ipv6/conf/all/forwarding": 1,
                "net/ipv4/conf/default/proxy_arp": 0,
            }
        )
        # What a NAT of ours stands for must not be an address of the kernel's, so the router has
        # another one, and answers for those in its stead.
        transit = outer.allocate()
        outer.plug(space, OUTSIDE, self._external if self.site.kernel else transit)
        space.set(
            {
                f"net/ipv4/conf/{OUTSIDE}/proxy_arp": 1,
                f"net/ipv4/neigh/{OUTSIDE}/proxy_delay": 0,
            }
        )
        for address in self._external:
            family = 6 if ":" in address else 4
            gateway = outer.gateway(family)
            space.ip_command(f"-{family}", "route", "add", "default", "via", str(gateway))
        here = self._external if self.site.kernel else transit
        for subnet in self.segment.subnets:
            if subnet.version == 6:
                via = next(address for address in here if ":" in address)
                outer.namespace.ip_command("-6", "route", "add", str(subnet), "via", via)

    def _filter(self) -> None:
        """Put up the firewall, and the kernel's NAT where that translates."""
        rules = [f"add rule inet lab forward {rule}" for rule in firewall_rules(self.site)]
        if self.site.kernel and self.site.nat is not None:
            is_symmetric = self.site.nat.mapping is not Dependence.ENDPOINT_INDEPENDENT
            to = f"snat ip to {self.external}{' fully-random' if is_symmetric else ''}"
            rules += [
                "add chain inet lab nat { type nat hook postrouting priority 100 ; }",
                f'add rule inet lab nat oifname "{OUTSIDE}" meta nfproto ipv4 {to}',
                # An answer of our own would spoil the mapping that a peer's packet finds later.
                "add chain inet lab input { type filter hook input priority 0 ; }",
                f'add rule inet lab input iifname "{OUTSIDE}" meta l4proto {{ tcp, udp }} drop',
                f"add rule inet lab forward {UNASKED_IPV4}",
            ]
        self.namespace.nft(
            "add table inet lab",
            "add chain inet lab forward { type filter hook forward priority 0 ; }",
            *rules,
        )

    def _hand_over(self, lines: Lines) -> None:
        """Lead all that goes through to a NAT of ours."""
        device = open_tun(self.namespace)
        inside = [str(subnet) for subnet in self.segment.subnets]
        site = self.site
        self.line = TunRouter(lines, device, inside, site.nat, self.external, site.line)
        space = self.namespace
        space.ip(f"link set {TUN} up")
        for family in {subnet.version for subnet in self.segment.subnets}:
            arguments = f"-{family}"
            space.ip_command(
                arguments, "route", "add", "default", "dev", TUN, "table", str(INSIDE_TABLE)
            )
            for interface, table in ((BRIDGE, INSIDE_TABLE), (OUTSIDE, OUTSIDE_TABLE)):
                space.ip_command(arguments, "rule", "add", "iif", interface, "lookup", str(table))
        behind = [
            str(subnet)
            for subnet in self.segment.subnets
            if site.nat is None or not isinstance(subnet, IPv4Network)
        ]
        for subnet in behind:
            self._lead(subnet)
        if site.nat is not None:
            self._lead(f"{self.external}/32")

    def _lead(self, target: str) -> None:
        """Take what comes from outside for this target."""
        family = "-6" if ":" in target else "-4"
        self.namespace.ip_command(
            family, "route", "replace", target, "dev", TUN, "table", str(OUTSIDE_TABLE)
        )

    def _ours(self) -> TunRouter:
        if self.line is None:
            raise LabError("the kernel's NAT does only what it always does")
        return self.line

    def rebind(self) -> None:
        """Forget all mappings: what is sent next has another port."""
        self._ours().rebind()

    def renumber(self) -> None:
        """Have another address on the internet, and forget all mappings."""
        self._external = self._outer.allocate()
        self._lead(f"{self.external}/32")
        self._ours().rebind(self.external)

    def change(self, conditions: Conditions) -> None:
        """Let the line behave otherwise."""
        self._ours().change(conditions)

    def cut(self, *, up: bool = True, down: bool = True) -> None:
        """Lose all that goes through, in one direction or in both; nobody is told."""
        self._ours().cut(up=up, down=down)

    def restore(self) -> None:
        """Carry packets again."""
        self._ours().restore()

    def block_udp(self) -> None:
        """Drop all UDP from now on."""
        self.namespace.nft("insert rule inet lab forward meta l4proto udp drop")

    def unblock(self) -> None:
        """Take all rules of the firewall away."""
        self.namespace.nft("flush chain inet lab forward")

    def close(self) -> None:
        """Remove it."""
        if self.line is not None:
            self.line.close()
            self.line = None
        self.namespace.close()


def firewall_rules(site: Site) -> list[str]:
    """The rules of a site's firewall, for what goes through its router."""
    policy = site.firewall
    rules = [] if policy is None else [*_blocked(policy), *_stateful(site, policy)]
    return [rule for rule in rules if rule]


def _blocked(policy: FirewallPolicy) -> list[str]:
    """Blocked protocols, but for the ports outside that are allowed, both ways."""
    found = []
    for protocol, is_blocked, ports in (
        ("udp", policy.block_udp, policy.allowed_udp_ports),
        ("tcp", policy.block_tcp, policy.allowed_tcp_ports),
    ):
        if not is_blocked:
            continue
        for interface, port in ((BRIDGE, "dport"), (OUTSIDE, "sport")):
            but = f"{protocol} {port} != {{ {', '.join(map(str, sorted(ports)))} }}"
            which = but if ports else f"meta l4proto {protocol}"
            found.append(f'iifname "{interface}" {which} drop')
    return found


def _stateful(site: Site, policy: FirewallPolicy) -> list[str]:
    """Nothing unasked from outside. What a NAT of ours translates, that filters by itself."""
    if not policy.stateful:
        return []
    family = "meta nfproto ipv6 " if site.nat is not None else ""
    return [f'iifname "{OUTSIDE}" {family}ct state new drop']
