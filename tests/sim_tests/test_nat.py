"""NAT behaviours of RFC 4787, seen from outside by plain datagrams."""

from dataclasses import replace

import pytest

from peer.testing.internet import (
    FULL_CONE,
    NAT_PRESETS,
    ONE_TO_ONE,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    AddressPooling,
    Dependence,
    DropReason,
    Inbox,
    NatBehavior,
    PortAllocation,
    Router,
    Simulation,
    all_nat_behaviors,
    external_endpoints,
    seen_from,
    with_hairpinning,
)

INDEPENDENT = Dependence.ENDPOINT_INDEPENDENT
ADDRESS = Dependence.ADDRESS_DEPENDENT
PORT = Dependence.ADDRESS_AND_PORT_DEPENDENT


class Scene:
    """Alice behind a NAT; a server with two addresses and two ports on each."""

    def __init__(self, behavior: NatBehavior, *external: str, seed: int = 1) -> None:
        self.sim = Simulation(seed)
        self.lan = self.sim.network("lan", "192.168.1.0/24")
        self.router: Router = self.sim.router(
            "router", inside=self.lan, nat=behavior, external=external
        )
        self.alice_host = self.sim.host("alice", self.lan)
        self.alice = Inbox(self.alice_host, port=5004)
        server = self.sim.host("server", self.sim.internet, ["61.0.0.1", "61.0.0.2"])
        self.near = Inbox(server, "61.0.0.1", 3478)
        self.same_address = Inbox(server, "61.0.0.1", 3479)
        self.elsewhere = Inbox(server, "61.0.0.2", 3478)

    def is_let_in(self, sender: Inbox, external: tuple[str, int]) -> bool:
        """Whether a datagram from `sender` to `external` arrives at Alice now."""
        before = len(self.alice.letters)
        sender.send(b"in", external)
        self.sim.run_for(1.0)
        return len(self.alice.letters) > before


@pytest.mark.parametrize("behavior", all_nat_behaviors(), ids=str)
def test_mapping_and_filtering_as_the_rfc_observes_them(behavior: NatBehavior) -> None:
    """RFC 4787 §4.1 and §5, every combination."""
    scene = Scene(behavior)
    first = seen_from(scene.alice, scene.near)
    assert first.host == scene.router.external_addresses[0]

    assert scene.is_let_in(scene.near, first), "who was spoken to may answer"
    assert scene.is_let_in(scene.same_address, first) is (behavior.filtering is not PORT)
    assert scene.is_let_in(scene.elsewhere, first) is (behavior.filtering is INDEPENDENT)

    assert seen_from(scene.alice, scene.near) == first
    other_port = seen_from(scene.alice, scene.same_address)
    assert (other_port == first) is (behavior.mapping is not PORT)
    other_address = seen_from(scene.alice, scene.elsewhere)
    assert (other_address == first) is (behavior.mapping is INDEPENDENT)


def test_unsolicited_packets_are_dropped_and_counted() -> None:
    scene = Scene(PORT_RESTRICTED_CONE)
    address = scene.router.external_addresses[0]
    assert not scene.is_let_in(scene.near, (address, 1024))
    external = seen_from(scene.alice, scene.near)
    assert not scene.is_let_in(scene.elsewhere, external)
    assert scene.sim.drops_at == {
        ("router", DropReason.NAT_UNMAPPED): 1,
        ("router", DropReason.NAT_FILTERED): 1,
    }


def test_replies_show_the_real_source() -> None:
    scene = Scene(FULL_CONE)
    external = seen_from(scene.alice, scene.near)
    assert scene.is_let_in(scene.elsewhere, external)
    assert scene.alice.sources == [scene.elsewhere.address]


def test_inside_hosts_get_different_ports() -> None:
    scene = Scene(FULL_CONE)
    bob = Inbox(scene.sim.host("bob", scene.lan), port=5004)
    assert seen_from(scene.alice, scene.near) != seen_from(bob, scene.near)
    assert external_endpoints(scene.router, bob.address, scene.sim.now) == [scene.near.sources[-1]]


def test_sequential_and_random_ports() -> None:
    def ports(behavior: NatBehavior, seed: int = 1) -> list[int]:
        scene = Scene(behavior, seed=seed)
        inboxes = [Inbox(scene.alice_host) for _ in range(5)]
        return [seen_from(inbox, scene.near).port for inbox in inboxes]

    sequential = NatBehavior(first_port=40000)
    assert ports(sequential) == [40000, 40001, 40002, 40003, 40004]
    random = NatBehavior(first_port=40000, port_allocation=PortAllocation.RANDOM)
    drawn = ports(random)
    assert len(set(drawn)) == 5
    assert min(drawn) >= 40000
    assert drawn == ports(random)
    assert drawn != ports(random, seed=2)


def test_port_preservation_until_the_port_is_taken() -> None:
    scene = Scene(NatBehavior(port_preservation=True))
    bob = Inbox(scene.sim.host("bob", scene.lan), port=5004)
    assert seen_from(scene.alice, scene.near).port == 5004
    assert seen_from(bob, scene.near).port == 1024


def test_running_out_of_ports() -> None:
    scene = Scene(NatBehavior(first_port=65535))
    seen_from(scene.alice, scene.near)
    with pytest.raises(LookupError):
        seen_from(Inbox(scene.alice_host), scene.near)
    assert scene.sim.drops == {DropReason.NAT_EXHAUSTED: 1}
    scene.sim.run_for(121.0)
    assert seen_from(Inbox(scene.alice_host), scene.near).port == 65535, "expired ports are free"


@pytest.mark.parametrize("behavior", all_nat_behaviors(), ids=str)
def test_mapping_times_out_after_silence(behavior: NatBehavior) -> None:
    """RFC 4787 §4.3: the mapping is gone, and the next packet gets another."""
    scene = Scene(replace(behavior, timeout=30.0))
    external = seen_from(scene.alice, scene.near)
    opened = 0.0
    scene.sim.run(until=opened + 29.9)
    assert scene.is_let_in(scene.near, external)
    scene.sim.run(until=opened + 60.0)
    assert not scene.is_let_in(scene.near, external)
    assert scene.sim.drops == {DropReason.NAT_UNMAPPED: 1}
    assert seen_from(scene.alice, scene.near) != external


def test_outbound_packets_refresh() -> None:
    """RFC 4787 §4.3, REQ-6."""
    scene = Scene(NatBehavior(timeout=30.0))
    external = seen_from(scene.alice, scene.near)
    for _ in range(5):
        scene.sim.run_for(28.0)
        assert seen_from(scene.alice, scene.near) == external


@pytest.mark.parametrize("behavior", all_nat_behaviors(), ids=str)
@pytest.mark.parametrize("inbound_refresh", [False, True])
def test_inbound_packets_refresh_only_if_told(behavior: NatBehavior, inbound_refresh: bool) -> None:
    behavior = replace(behavior, timeout=30.0, inbound_refresh=inbound_refresh)
    scene = Scene(behavior)
    external = seen_from(scene.alice, scene.near)
    scene.sim.run_for(20.0)
    assert scene.is_let_in(scene.near, external)
    scene.sim.run_for(20.0)
    assert scene.is_let_in(scene.near, external) is inbound_refresh


def test_holes_of_the_filter_time_out_one_by_one() -> None:
    scene = Scene(replace(PORT_RESTRICTED_CONE, timeout=30.0))
    external = seen_from(scene.alice, scene.near)
    scene.sim.run_for(20.0)
    assert seen_from(scene.alice, scene.elsewhere) == external
    scene.sim.run_for(20.0)
    assert not scene.is_let_in(scene.near, external)
    assert scene.is_let_in(scene.elsewhere, external)


def test_rebinding_changes_every_port() -> None:
    for preservation in (False, True):
        scene = Scene(NatBehavior(port_preservation=preservation))
        second = Inbox(scene.alice_host)
        before = {seen_from(scene.alice, scene.near), seen_from(second, scene.near)}
        scene.router.rebind()
        for external in before:
            assert not scene.is_let_in(scene.near, external)
        after = {seen_from(scene.alice, scene.near), seen_from(second, scene.near)}
        assert not before & after
        assert {e.host for e in before} == {e.host for e in after}


def test_rebinding_to_another_address() -> None:
    scene = Scene(FULL_CONE)
    before = seen_from(scene.alice, scene.near)
    scene.router.rebind(["62.0.0.1"])
    assert not scene.is_let_in(scene.near, before)
    assert scene.sim.drops == {DropReason.NO_ROUTE: 1}, "the old address is gone"
    after = seen_from(scene.alice, scene.near)
    assert after.host == "62.0.0.1"
    assert scene.is_let_in(scene.elsewhere, after)


def test_a_nat_becomes_another_kind() -> None:
    scene = Scene(FULL_CONE)
    external = seen_from(scene.alice, scene.near)
    scene.router.set_behavior(SYMMETRIC)
    assert not scene.is_let_in(scene.near, external)
    assert seen_from(scene.alice, scene.near) != seen_from(scene.alice, scene.elsewhere)


def test_paired_pooling_gives_a_host_one_address() -> None:
    """RFC 4787 §4.1, REQ-2."""
    pool = ("62.0.0.1", "62.0.0.2", "62.0.0.3")
    scene = Scene(replace(SYMMETRIC, pooling=AddressPooling.PAIRED), *pool)
    bob = Inbox(scene.sim.host("bob", scene.lan))
    alice_hosts = {seen_from(scene.alice, s).host for s in (scene.near, scene.elsewhere)}
    bob_hosts = {seen_from(bob, s).host for s in (scene.near, scene.elsewhere)}
    assert alice_hosts == {"62.0.0.1"}
    assert bob_hosts == {"62.0.0.2"}


def test_arbitrary_pooling_mixes_addresses() -> None:
    pool = ("62.0.0.1", "62.0.0.2")
    scene = Scene(replace(FULL_CONE, pooling=AddressPooling.ARBITRARY), *pool)
    inboxes = [Inbox(scene.alice_host) for _ in range(4)]
    hosts = [seen_from(inbox, scene.near).host for inbox in inboxes]
    assert hosts == [*pool, *pool]


def test_pair_by_hand() -> None:
    scene = Scene(FULL_CONE, "62.0.0.1")
    scene.router.pair("192.168.1.10", "62.0.0.9")
    assert seen_from(scene.alice, scene.near).host == "62.0.0.9"


def test_one_to_one_translates_addresses_only() -> None:
    scene = Scene(ONE_TO_ONE, "62.0.0.1", "62.0.0.2")
    assert seen_from(scene.alice, scene.near) == ("62.0.0.1", 5004)
    bob_host = scene.sim.host("bob", scene.lan)
    bob = Inbox(bob_host, port=5004)
    assert seen_from(bob, scene.near) == ("62.0.0.2", 5004)
    assert scene.is_let_in(scene.elsewhere, ("62.0.0.1", 5004))
    with pytest.raises(LookupError):
        seen_from(Inbox(scene.sim.host("carol", scene.lan)), scene.near)
    assert scene.sim.drops == {DropReason.NAT_EXHAUSTED: 1}


def test_one_to_one_lets_in_from_the_start_when_paired() -> None:
    scene = Scene(ONE_TO_ONE, "62.0.0.1")
    assert not scene.is_let_in(scene.near, ("62.0.0.1", 5004))
    scene.router.pair("192.168.1.10", "62.0.0.1")
    assert scene.is_let_in(scene.near, ("62.0.0.1", 5004))
    assert scene.sim.drops == {DropReason.NAT_UNMAPPED: 1}


def test_pairing_needs_a_nat() -> None:
    sim = Simulation(seed=1)
    router = sim.router("plain", inside=sim.network("lan", "2a00:0:1::/64"))
    with pytest.raises(ValueError, match="does not translate"):
        router.pair("192.168.1.10", "62.0.0.1")
    router.rebind()
    assert router.external_addresses == []


@pytest.mark.parametrize("behavior", all_nat_behaviors(), ids=str)
def test_hairpinning_shows_the_external_source(behavior: NatBehavior) -> None:
    """RFC 4787 §6, REQ-9; the filter applies to hairpinned packets as well."""
    scene = Scene(with_hairpinning(behavior))
    bob = Inbox(scene.sim.host("bob", scene.lan))
    alice_external = seen_from(scene.alice, scene.near)
    bob_external = seen_from(bob, scene.near)
    bob.send(b"open", alice_external)
    scene.alice.send(b"open", bob_external)
    before = len(scene.alice.letters)
    bob.send(b"again", alice_external)
    scene.sim.run_for(1.0)
    arrived = len(scene.alice.letters) > before
    # Both have one external address, so only the ports can be in the way: a filter on ports
    # lets the packet in if Bob's external port towards Alice is the one Alice has sent to, and
    # a filter on anything judges the mapping that the packet is addressed to.
    same_mapping = behavior.mapping is INDEPENDENT
    assert arrived is (behavior.filtering is INDEPENDENT or same_mapping)
    if arrived:
        assert scene.alice.sources[-1].host == alice_external.host


def test_without_hairpinning_the_external_address_is_out_of_reach_inside() -> None:
    scene = Scene(FULL_CONE)
    bob = Inbox(scene.sim.host("bob", scene.lan))
    alice_external = seen_from(scene.alice, scene.near)
    bob.send(b"x", alice_external)
    scene.sim.run_for(1.0)
    assert scene.alice.letters == []
    assert scene.sim.drops_at == {("router", DropReason.NAT_HAIRPIN): 1}


def test_one_to_one_hairpins() -> None:
    scene = Scene(ONE_TO_ONE, "62.0.0.1", "62.0.0.2")
    bob = Inbox(scene.sim.host("bob", scene.lan), port=7000)
    assert seen_from(scene.alice, scene.near).host == "62.0.0.1"
    bob.send(b"x", ("62.0.0.1", 5004))
    scene.sim.run_for(1.0)
    assert scene.alice.sources == [("62.0.0.2", 7000)]


def test_presets_are_what_their_names_say() -> None:
    assert {name: (b.mapping, b.filtering) for name, b in NAT_PRESETS.items()} == {
        "full cone": (INDEPENDENT, INDEPENDENT),
        "restricted cone": (INDEPENDENT, ADDRESS),
        "port-restricted cone": (INDEPENDENT, PORT),
        "symmetric": (PORT, PORT),
        "1:1": (INDEPENDENT, INDEPENDENT),
    }
