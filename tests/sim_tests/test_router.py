"""Routers: NAT behind NAT, plain routing, firewalls."""

import pytest

from peer.testing.internet import (
    BLOCK_UDP,
    FULL_CONE,
    PORT_RESTRICTED_CONE,
    STATEFUL,
    SYMMETRIC,
    Dependence,
    DropReason,
    FirewallPolicy,
    Inbox,
    NatBehavior,
    Network,
    Simulation,
    allowing_udp_ports,
    seen_from,
    with_hairpinning,
)


def behind_cgn(
    sim: Simulation, name: str, cgn_network: Network, nat: NatBehavior = PORT_RESTRICTED_CONE
) -> Inbox:
    """A host behind a home NAT on the network of a provider."""
    lan = sim.network(f"{name}-lan", "192.168.1.0/24")
    sim.router(f"{name}-router", inside=lan, outside=cgn_network, nat=nat)
    return Inbox(sim.host(name, lan))


def test_double_nat_translates_twice() -> None:
    sim = Simulation(seed=1)
    cgn_network = sim.network("provider", "100.64.0.0/10")
    cgn = sim.router("cgn", inside=cgn_network, nat=SYMMETRIC, external=["62.0.0.1"])
    alice = behind_cgn(sim, "alice", cgn_network)
    inside = Inbox(sim.host("inside", cgn_network))
    outside = Inbox(sim.host("outside", sim.internet))
    assert seen_from(alice, inside).host == "100.64.0.10"
    assert seen_from(alice, outside).host == "62.0.0.1"
    assert cgn.nat is not None
    [mapping] = cgn.nat.mappings(sim.now)
    assert mapping.internal == inside.sources[0]
    outside.send(b"back", outside.sources[0])
    sim.run()
    assert alice.texts == [b"back"]


@pytest.mark.parametrize("hairpinning", [False, True])
def test_two_customers_of_one_cgn(hairpinning: bool) -> None:
    """RFC 6888 REQ-2 and RFC 4787 §6: the way between them is the provider's hairpinning."""
    sim = Simulation(seed=1)
    cgn_network = sim.network("provider", "100.64.0.0/10")
    nat = with_hairpinning(FULL_CONE) if hairpinning else FULL_CONE
    sim.router("cgn", inside=cgn_network, nat=nat)
    alice, bob = (behind_cgn(sim, name, cgn_network, FULL_CONE) for name in ("alice", "bob"))
    server = Inbox(sim.host("server", sim.internet))
    bob_external = seen_from(bob, server)
    alice.send(b"x", bob_external)
    sim.run()
    assert bob.texts == ([b"x"] if hairpinning else [])
    assert sim.drops_at == ({} if hairpinning else {("cgn", DropReason.NAT_HAIRPIN): 1})
    if hairpinning:
        assert bob.sources[0].host == bob_external.host


def test_private_address_of_the_inner_network_does_not_leave_the_outer_nat() -> None:
    sim = Simulation(seed=1)
    cgn_network = sim.network("provider", "100.64.0.0/10")
    sim.router("cgn", inside=cgn_network, nat=FULL_CONE)
    alice = behind_cgn(sim, "alice", cgn_network)
    alice.send(b"x", ("10.0.0.1", 1))
    sim.run()
    assert sim.drops_at == {("internet", DropReason.PRIVATE): 1}


def test_ipv6_is_routed_through_a_nat_router_unchanged() -> None:
    sim = Simulation(seed=1)
    lan = sim.network("lan", "192.168.1.0/24", "2a00:0:1::/64")
    sim.router("router", inside=lan, nat=SYMMETRIC)
    alice = sim.host("alice", lan)
    v6 = Inbox(alice, alice.addresses[1])
    server_host = sim.host("server", sim.internet)
    server = Inbox(server_host, server_host.addresses[1])
    server.send(b"unsolicited", v6.address)
    sim.run()
    assert v6.sources == [server.address]
    assert seen_from(v6, server) == v6.address


def test_routes_follow_addresses_through_several_routers() -> None:
    sim = Simulation(seed=1)
    site = sim.network("site", "2a00:0:1::/64")
    office = sim.network("office", "2a00:0:2::/64")
    sim.router("inner", inside=office, outside=site)
    early = sim.host("early", office)
    sim.router("outer", inside=site)
    late = sim.host("late", office)
    server_host = sim.host("server", sim.internet)
    server = Inbox(server_host, server_host.addresses[1])
    for host in (early, late):
        inbox = Inbox(host)
        server.send(b"x", inbox.address)
        sim.run()
        assert inbox.texts == [b"x"]
    late.interfaces[0].go_down()
    server.send(b"x", ("2a00:0:2::b", 1))
    sim.run()
    assert sim.drops_at == {("internet", DropReason.NO_ROUTE): 1}


def test_private_ipv4_without_nat_gets_out_but_no_answer_comes_back() -> None:
    sim = Simulation(seed=1)
    lan = sim.network("lan", "192.168.1.0/24")
    sim.router("router", inside=lan)
    alice = Inbox(sim.host("alice", lan))
    server = Inbox(sim.host("server", sim.internet))
    assert seen_from(alice, server) == alice.address
    server.send(b"back", alice.address)
    sim.run()
    assert alice.letters == []
    assert sim.drops_at == {("internet", DropReason.PRIVATE): 1}


class Office:
    """A host with public addresses behind a firewall, and a server with two addresses."""

    def __init__(self, policy: FirewallPolicy) -> None:
        self.sim = Simulation(seed=1)
        network = self.sim.network("office", "63.0.0.0/24")
        self.router = self.sim.router("firewall", inside=network, firewall=policy)
        self.alice = Inbox(self.sim.host("alice", network))
        server = self.sim.host("server", self.sim.internet, ["61.0.0.1", "61.0.0.2"])
        self.near = Inbox(server, "61.0.0.1", 3478)
        self.same_address = Inbox(server, "61.0.0.1", 3479)
        self.elsewhere = Inbox(server, "61.0.0.2", 3478)

    def lets_in(self) -> list[bool]:
        """Who of the three may send to Alice at the moment."""
        answers = []
        for sender in (self.near, self.same_address, self.elsewhere):
            before = len(self.alice.letters)
            sender.send(b"x", self.alice.address)
            self.sim.run_for(0.5)
            answers.append(len(self.alice.letters) > before)
        return answers


@pytest.mark.parametrize(
    ("filtering", "expected"),
    [
        (Dependence.ADDRESS_AND_PORT_DEPENDENT, [True, False, False]),
        (Dependence.ADDRESS_DEPENDENT, [True, True, False]),
        (Dependence.ENDPOINT_INDEPENDENT, [True, True, True]),
    ],
)
def test_stateful_firewall(filtering: Dependence, expected: list[bool]) -> None:
    office = Office(FirewallPolicy(filtering=filtering))
    assert office.lets_in() == [False, False, False]
    assert office.sim.drops == {DropReason.FIREWALL_UNSOLICITED: 3}
    assert seen_from(office.alice, office.near) == office.alice.address
    assert office.lets_in() == expected


def test_stateless_router_lets_everything_in() -> None:
    assert Office(FirewallPolicy(stateful=False)).lets_in() == [True, True, True]


def test_firewall_state_times_out_and_either_direction_refreshes() -> None:
    office = Office(FirewallPolicy(timeout=30.0))
    seen_from(office.alice, office.near)
    for _ in range(4):
        office.sim.run_for(20.0)
        assert office.lets_in()[0]
    office.sim.run_for(31.0)
    assert not office.lets_in()[0]


def test_firewall_restart_forgets() -> None:
    office = Office(STATEFUL)
    seen_from(office.alice, office.near)
    office.router.rebind()
    assert office.lets_in() == [False, False, False]


def test_blocked_udp_is_blocked_both_ways() -> None:
    office = Office(BLOCK_UDP)
    with pytest.raises(LookupError):
        seen_from(office.alice, office.near)
    assert office.lets_in() == [False, False, False]
    assert office.sim.drops_at == {("firewall", DropReason.FIREWALL_BLOCKED): 4}


def test_allowed_ports_pass_a_udp_block() -> None:
    office = Office(allowing_udp_ports(3479))
    with pytest.raises(LookupError):
        seen_from(office.alice, office.near)
    assert office.lets_in() == [False, False, False]
    assert seen_from(office.alice, office.same_address) == office.alice.address
    assert office.lets_in() == [False, True, False]


def test_firewall_inside_a_nat_sees_internal_addresses() -> None:
    sim = Simulation(seed=1)
    lan = sim.network("lan", "192.168.1.0/24")
    sim.router("router", inside=lan, nat=FULL_CONE, firewall=STATEFUL)
    alice = Inbox(sim.host("alice", lan))
    near, far = (Inbox(sim.host(name, sim.internet)) for name in ("near", "far"))
    external = seen_from(alice, near)
    far.send(b"unsolicited", external)
    near.send(b"answer", external)
    sim.run()
    assert alice.texts == [b"answer"]
    assert sim.drops_at == {("router", DropReason.FIREWALL_UNSOLICITED): 1}
