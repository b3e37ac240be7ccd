"""IPv6-only networks: NAT64 and DNS64."""

import pytest

from peer.ice.stun import (
    XOR_MAPPED_ADDRESS,
    MessageClass,
    Method,
    build,
    parse,
)
from peer.testing.internet import (
    PORT_RESTRICTED_CONE,
    STATEFUL,
    WELL_KNOWN_PREFIX,
    DropReason,
    Inbox,
    Simulation,
    StunServer,
    embed_ipv4,
    extract_ipv4,
    with_hairpinning,
)


class Scene:
    """Two hosts with IPv6 alone behind NAT64, and a STUN server with IPv4 alone."""

    def __init__(self) -> None:
        self.sim = Simulation(seed=1)
        network = self.sim.network("mobile", "2a00:0:1::/64")
        self.router = self.sim.router(
            "nat64",
            inside=network,
            nat=with_hairpinning(PORT_RESTRICTED_CONE),
            nat64=WELL_KNOWN_PREFIX,
            firewall=STATEFUL,
        )
        self.alice = Inbox(self.sim.host("alice", network))
        self.bob = Inbox(self.sim.host("bob", network))
        self.stun = StunServer(self.sim.host("stun", self.sim.internet, ["61.0.0.1"]))
        self.sim.dns.add("stun.example", "61.0.0.1")
        self.sim.dns.add("dual.example", "61.0.0.2", "2a00::61")


def test_addresses_of_a_prefix() -> None:
    """RFC 6052 §2.4."""
    assert embed_ipv4(WELL_KNOWN_PREFIX, "192.0.2.33") == "64:ff9b::c000:221"
    assert extract_ipv4(WELL_KNOWN_PREFIX, "64:ff9b::c000:221") == "192.0.2.33"
    assert extract_ipv4(WELL_KNOWN_PREFIX, "2a00::1") is None


def test_dns64_makes_addresses_for_names_without_ipv6() -> None:
    dns = Scene().sim.dns
    assert dns.resolve("STUN.example") == ["61.0.0.1"]
    assert dns.resolve("stun.example", dns64=WELL_KNOWN_PREFIX) == ["64:ff9b::3d00:1", "61.0.0.1"]
    assert dns.resolve("dual.example", dns64=WELL_KNOWN_PREFIX) == ["2a00::61", "61.0.0.2"]
    assert dns.resolve("nobody.example", dns64=WELL_KNOWN_PREFIX) == []
    assert dns.resolve("ipv4only.arpa", dns64=WELL_KNOWN_PREFIX)[0] == "64:ff9b::c000:aa"


def test_ipv4_stun_server_through_nat64() -> None:
    scene = Scene()
    server = scene.sim.dns.resolve("stun.example", dns64=scene.router.nat64)[0]
    request = build(Method.BINDING, MessageClass.REQUEST, bytes(12), [])
    scene.alice.send(request, (server, 3478))
    scene.sim.run()
    assert scene.alice.sources == [(server, 3478)]
    mapped = parse(scene.alice.texts[0]).get(XOR_MAPPED_ADDRESS)
    assert mapped is not None
    assert mapped.host == scene.router.external_addresses[0]


def test_unsolicited_ipv4_does_not_enter_and_ipv6_goes_its_own_way() -> None:
    scene = Scene()
    stranger_host = scene.sim.host("stranger", scene.sim.internet)
    stranger = Inbox(stranger_host)
    stranger.send(b"x", (scene.router.external_addresses[0], 1024))
    native = Inbox(stranger_host, stranger_host.addresses[1])
    scene.alice.send(b"native", native.address)
    scene.sim.run()
    assert native.sources == [scene.alice.address]
    assert scene.alice.letters == []
    assert scene.sim.drops == {DropReason.NAT_UNMAPPED: 1}


def test_hairpinning_between_ipv6_hosts_by_their_ipv4_addresses() -> None:
    scene = Scene()
    server = Inbox(scene.sim.host("server", scene.sim.internet, ["61.0.0.9"]))
    for inbox in (scene.alice, scene.bob):
        inbox.send(b"who am I", (embed_ipv4(WELL_KNOWN_PREFIX, "61.0.0.9"), server.address.port))
    scene.sim.run()
    alice, bob = (
        (embed_ipv4(WELL_KNOWN_PREFIX, source.host), source.port) for source in server.sources
    )
    scene.alice.send(b"open", bob)
    scene.bob.send(b"hello", alice)
    scene.sim.run()
    assert scene.alice.letters[-1][1:] == (b"hello", bob)


@pytest.mark.parametrize("address", ["61.0.0.1", "10.0.0.1"])
def test_without_nat64_the_prefix_leads_nowhere(address: str) -> None:
    sim = Simulation(seed=1)
    network = sim.network("plain", "2a00:0:1::/64")
    sim.router("plain", inside=network)
    Inbox(sim.host("alice", network)).send(b"x", (embed_ipv4(WELL_KNOWN_PREFIX, address), 1))
    sim.run()
    assert sim.drops == {DropReason.NO_ROUTE: 1}
