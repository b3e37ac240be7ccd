"""Networks and hosts: addresses, routing by topology, interfaces that come and go."""

from collections.abc import Callable

import pytest

from peer.testing.internet import (
    FULL_CONE,
    DropReason,
    Host,
    Inbox,
    InterfaceType,
    Network,
    Simulation,
    is_private,
)


def test_multicast_reaches_the_members_of_a_group_on_the_network() -> None:
    sim = Simulation(seed=1)
    lan = sim.network("lan", "192.168.1.0/24")
    sim.router("router", inside=lan)
    group, heard = ("224.0.0.251", 5353), list[tuple[str, bytes]]()

    def take(name: str) -> Callable[[bytes, object], None]:
        return lambda data, _source: heard.append((name, data))

    members = {}
    for name in ("a", "b", "c"):
        host = sim.host(name, lan)
        members[name] = host.join(group, host.interfaces[0], take(name))
    sim.host("d", lan)
    members["a"].send(b"who", group)
    sim.run()
    assert heard == [("b", b"who"), ("c", b"who")]
    members["c"].close()
    members["b"].send(b"me", group)
    members["b"].send(b"you", members["a"].address)
    sim.run()
    assert heard[2:] == [("a", b"me"), ("a", b"you")]


def home(sim: Simulation, name: str) -> tuple[Network, Host]:
    """A host on 192.168.1.10 behind a NAT."""
    lan = sim.network(f"{name}-lan", "192.168.1.0/24")
    sim.router(f"{name}-router", inside=lan, nat=FULL_CONE)
    return lan, sim.host(name, lan)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.1.2.3", True),
        ("172.31.0.1", True),
        ("172.32.0.1", False),
        ("192.168.0.1", True),
        ("100.64.0.1", True),
        ("100.128.0.1", False),
        ("169.254.1.1", True),
        ("fd00::1", True),
        ("fe80::1", True),
        ("60.0.0.10", False),
        ("2a00::a", False),
    ],
)
def test_private_addresses(address: str, expected: bool) -> None:
    assert is_private(address) is expected


def test_fresh_addresses_are_distinct_and_of_every_prefix() -> None:
    sim = Simulation(seed=1)
    lan = sim.network("lan", "192.168.1.0/24", "fd00:1::/64")
    first, second = sim.host("first", lan), sim.host("second", lan)
    assert first.addresses == ["192.168.1.10", "fd00:1::a"]
    assert second.addresses == ["192.168.1.11", "fd00:1::b"]
    assert sim.host("third", lan, ["192.168.1.12"]).addresses == ["192.168.1.12"]
    assert sim.host("fourth", lan).addresses[0] == "192.168.1.13"
    with pytest.raises(ValueError, match="on lan already"):
        sim.host("fifth", lan, ["192.168.1.12"])


def test_hosts_on_a_lan_reach_each_other_directly() -> None:
    sim = Simulation(seed=1)
    lan, alice = home(sim, "alice")
    sender, receiver = Inbox(alice), Inbox(sim.host("bob", lan))
    sender.send(b"hi", receiver.address)
    sim.run()
    assert receiver.sources == [sender.address]
    assert sim.now == 0.0


def test_overlapping_private_networks_stay_apart() -> None:
    sim = Simulation(seed=1)
    _, alice = home(sim, "alice")
    bob_lan, bob = home(sim, "bob")
    assert alice.addresses == bob.addresses == ["192.168.1.10"]
    sender = Inbox(alice)
    neighbour = Inbox(sim.host("neighbour", bob_lan, ["192.168.1.77"]), port=5000)
    bob_inbox = Inbox(bob, port=5000)
    sender.send(b"self", ("192.168.1.10", 5000))
    sender.send(b"nobody", ("192.168.1.77", 5000))
    sim.run()
    assert neighbour.letters == bob_inbox.letters == []
    assert sim.drops == {DropReason.PORT: 1, DropReason.UNREACHABLE: 1}


def test_private_address_of_another_network_is_dropped_with_reason() -> None:
    sim = Simulation(seed=1)
    _, alice = home(sim, "alice")
    other = sim.network("other", "10.9.0.0/16")
    sim.router("other-router", inside=other, nat=FULL_CONE)
    bob = Inbox(sim.host("bob", other))
    Inbox(alice).send(b"x", bob.address)
    sim.run()
    assert bob.letters == []
    assert sim.drops_at == {("internet", DropReason.PRIVATE): 1}


def test_public_address_of_nobody_has_no_route() -> None:
    sim = Simulation(seed=1)
    Inbox(sim.host("one", sim.internet)).send(b"x", ("60.99.99.99", 1))
    sim.run()
    assert sim.drops == {DropReason.NO_ROUTE: 1}


def test_island_without_gateway() -> None:
    sim = Simulation(seed=1)
    one = Inbox(sim.host("one", sim.network("island", "192.168.1.0/24")))
    one.send(b"x", ("60.0.0.10", 1))
    sim.run()
    assert sim.drops_at == {("island", DropReason.NO_ROUTE): 1}


def test_link_local_addresses_never_leave_the_network() -> None:
    sim = Simulation(seed=1)
    lan = sim.network("lan", "2a00:0:1::/64")
    sim.router("router", inside=lan)
    one = Inbox(sim.host("one", lan, ["fe80::1"]))
    two = Inbox(sim.host("two", lan, ["fe80::2"]))
    one.send(b"x", two.address)
    one.send(b"x", ("fe80::3", 1))
    sim.run()
    assert two.texts == [b"x"]
    assert sim.drops == {DropReason.UNREACHABLE: 1}


def test_ephemeral_ports_and_taken_ports() -> None:
    sim = Simulation(seed=1)
    host = sim.host("host", sim.internet)
    address = host.addresses[0]
    first, second = host.bind(address), host.bind(address)
    assert (first.address.port, second.address.port) == (49152, 49153)
    with pytest.raises(OSError, match="in use"):
        host.bind(address, 49152)
    with pytest.raises(OSError, match="no address"):
        host.bind("60.0.0.200")
    first.close()
    first.close()
    with pytest.raises(ValueError, match="closed"):
        first.send(b"x", second.address)
    assert host.bind(address, 49152).address == (address, 49152)


def test_unbound_port_and_closed_socket_count_as_port_drops() -> None:
    sim = Simulation(seed=1)
    one, two = (Inbox(sim.host(name, sim.internet)) for name in ("one", "two"))
    one.send(b"x", two.address)
    two.socket.close()
    sim.run()
    assert two.letters == []
    assert sim.drops_at == {("two", DropReason.PORT): 1}


def test_wrong_family_is_misuse() -> None:
    sim = Simulation(seed=1)
    host = sim.host("host", sim.internet)
    with pytest.raises(ValueError, match="cannot send to"):
        host.bind("60.0.0.10").send(b"x", ("2a00::1", 1))


def test_host_sends_to_itself_between_its_interfaces() -> None:
    sim = Simulation(seed=1)
    host = sim.host("host", sim.internet)
    host.add_interface(sim.network("lan", "10.0.0.0/8"))
    one, two = Inbox(host, "60.0.0.10"), Inbox(host, "10.0.0.10")
    one.send(b"x", two.address)
    sim.run()
    assert two.sources == [one.address]


def test_source_address_decides_on_the_interface() -> None:
    sim = Simulation(seed=1)
    host = sim.host("phone")
    wifi = home(sim, "wifi")[0]
    cellular = sim.network("cellular", "10.0.0.0/8")
    sim.router("operator", inside=cellular, nat=FULL_CONE, external=["61.0.0.1"])
    host.add_interface(wifi, kind=InterfaceType.WIFI)
    host.add_interface(cellular, kind=InterfaceType.CELLULAR, name="rmnet0")
    assert [interface.name for interface in host.interfaces] == ["wifi0", "rmnet0"]
    assert host.interface("rmnet0").kind is InterfaceType.CELLULAR
    server = Inbox(sim.host("server", sim.internet))
    Inbox(host, host.addresses[1]).send(b"x", server.address)
    sim.run()
    assert server.sources[0].host == "61.0.0.1"


def test_interfaces_and_addresses_come_and_go() -> None:
    sim = Simulation(seed=1)
    lan, alice = home(sim, "alice")
    changes: list[list[str]] = []
    alice.on_interfaces_changed.append(lambda: changes.append(alice.addresses))
    sender, server = Inbox(alice), Inbox(sim.host("server", sim.internet))
    interface = alice.interfaces[0]

    interface.go_down()
    sender.send(b"down", server.address)
    interface.go_up()
    interface.add_address("192.168.1.99")
    interface.remove_address("192.168.1.10")
    sender.send(b"gone", server.address)
    alice.add_interface(sim.internet, ["60.0.0.200"], name="usb0")
    alice.remove_interface("usb0")

    lan_neighbour = Inbox(sim.host("neighbour", lan, ["192.168.1.10"]))
    lan_neighbour.send(b"to new", ("192.168.1.99", 1))
    sim.run()
    assert server.letters == []
    assert changes == [
        [],
        ["192.168.1.10"],
        ["192.168.1.10", "192.168.1.99"],
        ["192.168.1.99"],
        ["192.168.1.99", "60.0.0.200"],
        ["192.168.1.99"],
    ]
    assert sim.drops == {DropReason.INTERFACE: 2, DropReason.PORT: 1}


def test_packet_in_flight_to_a_vanished_address_is_lost() -> None:
    sim = Simulation(seed=1)
    one, two = sim.host("one", sim.internet), sim.host("two", sim.internet)
    target = Inbox(two)
    Inbox(one).send(b"x", target.address)
    two.interfaces[0].go_down()
    sim.run()
    assert target.letters == []
    assert sim.drops == {DropReason.INTERFACE: 1}


def test_names_of_interfaces_are_unique() -> None:
    sim = Simulation(seed=1)
    host = sim.host("host", sim.internet)
    with pytest.raises(ValueError, match="has an interface"):
        host.add_interface(sim.internet, name="ethernet0")


def test_one_gateway_for_a_network() -> None:
    sim = Simulation(seed=1)
    lan, _ = home(sim, "alice")
    with pytest.raises(ValueError, match="gateway already"):
        sim.router("second", inside=lan)
