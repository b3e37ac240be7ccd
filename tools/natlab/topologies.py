"""The topologies of the matrix, by name."""

from peer.testing.internet import (
    BLOCK_UDP,
    FULL_CONE,
    ONE_TO_ONE,
    PORT_RESTRICTED_CONE,
    RESTRICTED_CONE,
    STATEFUL,
    SYMMETRIC,
    WEB_ONLY,
    Conditions,
    Dependence,
    GilbertElliott,
    NatBehavior,
    allowing_udp_ports,
    with_hairpinning,
)

from .plan import CARRIER, PUBLIC, Site, Topology, Uplink, home, kernel_home, phone
from .servers import PORT

NATS: dict[str, NatBehavior] = {
    "full cone": FULL_CONE,
    "restricted": RESTRICTED_CONE,
    "port-restricted": PORT_RESTRICTED_CONE,
    "symmetric": SYMMETRIC,
    "address-dependent": NatBehavior(
        mapping=Dependence.ADDRESS_DEPENDENT, filtering=Dependence.ADDRESS_DEPENDENT
    ),
}
"""The last one maps as it filters: by the address of whom it sends to."""
SLOW = Conditions(delay=0.08, jitter=0.02)
LOSSY = Conditions(delay=0.02, loss=0.1)
BURSTS = Conditions(delay=0.02, burst=GilbertElliott(0.02, 0.25))
NARROW = Conditions(delay=0.03, rate=256_000, queue=0.3)


def _pairs() -> list[Topology]:
    names = list(NATS)
    return [
        Topology(f"{first} - {second}", home(NATS[first]), home(NATS[second]))
        for number, first in enumerate(names)
        for second in names[number:]
    ]


def _in_kernel() -> list[Topology]:
    cone, symmetric = kernel_home(), kernel_home(SYMMETRIC)
    return [
        Topology("kernel cone - kernel cone", cone, kernel_home()),
        Topology("kernel cone - kernel symmetric", cone, symmetric),
        Topology("kernel symmetric - kernel symmetric", symmetric, kernel_home(SYMMETRIC)),
        Topology("kernel symmetric - public", symmetric, PUBLIC),
        Topology("full cone - kernel symmetric", home(FULL_CONE), symmetric),
    ]


def _plain() -> list[Topology]:
    lan = Site()
    one, other = home(ONE_TO_ONE), home(ONE_TO_ONE)
    return [
        Topology("public - public", PUBLIC, PUBLIC),
        Topology("public - port-restricted", PUBLIC, home()),
        Topology("symmetric - public", home(SYMMETRIC), PUBLIC),
        Topology("one LAN", (Uplink(lan),), (Uplink(lan, "wlan0"),)),
        Topology("1:1 - 1:1", one, other),
        Topology("1:1 - symmetric", one, home(SYMMETRIC)),
        Topology("public firewalls", _firewalled(), _firewalled()),
        Topology("cones without a relay", home(), home(), turn=()),
        Topology("symmetric without a relay", home(SYMMETRIC), home(SYMMETRIC), turn=()),
    ]


def _firewalled() -> tuple[Uplink, ...]:
    return (Uplink(Site(None, STATEFUL, ipv4="public")),)


def _carriers() -> list[Topology]:
    def shared(name: str, nat: NatBehavior) -> Topology:
        carrier = Site(nat, ipv4=CARRIER)
        return Topology(name, home(outside=carrier), home(outside=carrier))

    inner = Site(ipv4="192.168.0.0/24")
    hairpin = with_hairpinning(PORT_RESTRICTED_CONE)
    return [
        shared("one carrier with hairpinning", hairpin),
        shared("one carrier without hairpinning", PORT_RESTRICTED_CONE),
        shared("one symmetric carrier", SYMMETRIC),
        Topology("NAT behind NAT - port-restricted", home(outside=inner), home()),
        Topology(
            "symmetric carrier - restricted",
            home(outside=Site(SYMMETRIC, ipv4=CARRIER)),
            home(RESTRICTED_CONE),
        ),
    ]


def _blocked() -> list[Topology]:
    blocked, web = home(firewall=BLOCK_UDP), home(firewall=WEB_ONLY)
    return [
        Topology("UDP blocked - port-restricted", blocked, home()),
        Topology("UDP blocked - UDP blocked", blocked, home(firewall=BLOCK_UDP)),
        Topology("web only - port-restricted", web, home()),
        Topology("web only - web only", web, home(firewall=WEB_ONLY)),
        Topology("UDP to the server alone", home(firewall=allowing_udp_ports(PORT)), home()),
        Topology("relay over TCP alone", home(SYMMETRIC), home(SYMMETRIC), turn=("tcp",)),
        Topology("relay over TLS alone", home(SYMMETRIC), home(SYMMETRIC), turn=("tls",)),
    ]


def _families() -> list[Topology]:
    def six(*, ipv4: bool) -> tuple[Uplink, ...]:
        if ipv4:
            return home(SYMMETRIC, firewall=STATEFUL, ipv6=True)
        return (Uplink(Site(None, STATEFUL, ipv4=None, ipv6=True)),)

    return [
        Topology("IPv6 only - IPv6 only", six(ipv4=False), six(ipv4=False)),
        Topology("both families - both families", six(ipv4=True), six(ipv4=True)),
        Topology("both families - IPv6 only", six(ipv4=True), six(ipv4=False)),
        Topology("IPv6 only - symmetric", six(ipv4=False), home(SYMMETRIC)),
        Topology("IPv6 only - public", six(ipv4=False), PUBLIC),
    ]


def _uplinks() -> list[Topology]:
    vpn = Uplink(Site(SYMMETRIC, ipv4="10.8.0.0/24"), "tun1")
    lan = Site()
    return [
        Topology("phone - port-restricted", phone(), home()),
        Topology("phone - phone", phone(), phone()),
        Topology("blocked Wi-Fi and cellular", _half_blocked(), home(SYMMETRIC)),
        Topology("LAN and VPN", (Uplink(lan), vpn), (Uplink(lan),)),
    ]


def _half_blocked() -> tuple[Uplink, ...]:
    cellular = Site(PORT_RESTRICTED_CONE, ipv4="10.64.0.0/16")
    return (Uplink(Site(firewall=WEB_ONLY), "wlan0"), Uplink(cellular, "rmnet0"))


def _lines() -> list[Topology]:
    lines = {"slow": SLOW, "lossy": LOSSY, "bursts": BURSTS, "narrow": NARROW}
    return [
        *(
            Topology(f"{name}: port-restricted", home(line=line), home(line=line))
            for name, line in lines.items()
        ),
        Topology("slow: symmetric", home(SYMMETRIC, line=SLOW), home(SYMMETRIC, line=SLOW)),
        Topology("lossy: symmetric", home(SYMMETRIC, line=LOSSY), home(SYMMETRIC, line=LOSSY)),
    ]


TOPOLOGIES = {
    topology.name: topology
    for topology in (
        *_plain(),
        *_pairs(),
        *_in_kernel(),
        *_carriers(),
        *_blocked(),
        *_families(),
        *_uplinks(),
        *_lines(),
    )
}

REPRESENTATIVE = (
    "public - public",
    "one LAN",
    "public firewalls",
    "symmetric without a relay",
    "full cone - symmetric",
    "restricted - symmetric",
    "port-restricted - port-restricted",
    "port-restricted - symmetric",
    "address-dependent - address-dependent",
    "kernel cone - kernel cone",
    "kernel symmetric - kernel symmetric",
    "one carrier with hairpinning",
    "one carrier without hairpinning",
    "NAT behind NAT - port-restricted",
    "UDP blocked - UDP blocked",
    "web only - port-restricted",
    "IPv6 only - IPv6 only",
    "both families - both families",
    "phone - port-restricted",
    "lossy: port-restricted",
)
"""A third of them that has one of each kind, for tests in a hurry."""
