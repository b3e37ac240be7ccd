"""The oracle against the rules as text books state them, and against hole punching itself."""

from itertools import product
from random import Random

import pytest

from peer.ice.address import is_ipv6
from peer.ice.stun import MessageClass, Method, build
from peer.testing.internet import (
    BLOCK_UDP,
    FULL_CONE,
    NAT_PRESETS,
    ONE_TO_ONE,
    PORT_RESTRICTED_CONE,
    RESTRICTED_CONE,
    STATEFUL,
    SYMMETRIC,
    WEB_ONLY,
    Dependence,
    FirewallPolicy,
    Host,
    NatBehavior,
    Protocol,
    TurnServer,
    all_nat_behaviors,
    allowing_udp_ports,
    with_hairpinning,
)
from tests.sim import (
    PathKind,
    Topology,
    behind_nats,
    double_nat,
    dual_stack,
    ipv6_only,
    multihomed,
    random_topology,
    shared_cgn,
    two_hosts_same_lan,
)
from tests.sim_tests.puncher import punch

INDEPENDENT = Dependence.ENDPOINT_INDEPENDENT
PORT = Dependence.ADDRESS_AND_PORT_DEPENDENT


def meet(a: NatBehavior, b: NatBehavior) -> bool:
    """The rule for two different NATs on the internet (RFC 4787 §4.1 and §5).

    Endpoint-independent mapping on both sides: always. On one side: if the filter of that side
    takes the unexpected port of the other. On neither: one side has to let a packet in that
    comes to the mapping made for the STUN server, and the other one an unexpected port; and two
    mappings that look at ports never settle.
    """
    if a.mapping is b.mapping is INDEPENDENT:
        return True
    if a.mapping is INDEPENDENT:
        return a.filtering is not PORT
    if b.mapping is INDEPENDENT:
        return b.filtering is not PORT
    if a.mapping is b.mapping is PORT:
        return False
    return (a.filtering is INDEPENDENT and b.filtering is not PORT) or (
        b.filtering is INDEPENDENT and a.filtering is not PORT
    )


PAIRS = list(product(all_nat_behaviors(), repeat=2))


@pytest.mark.parametrize(("a", "b"), PAIRS, ids=str)
def test_every_pair_of_nats_by_the_rule_and_by_punching(a: NatBehavior, b: NatBehavior) -> None:
    topology = behind_nats(a, b, turn=False)
    expected = {PathKind.REFLEXIVE} if meet(a, b) else set()
    assert topology.oracle().paths(topology.a, topology.b) == expected
    assert punch(topology) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("full cone", "symmetric", PathKind.REFLEXIVE),
        ("restricted cone", "symmetric", PathKind.REFLEXIVE),
        ("port-restricted cone", "symmetric", PathKind.RELAY),
        ("symmetric", "symmetric", PathKind.RELAY),
        ("port-restricted cone", "port-restricted cone", PathKind.REFLEXIVE),
        ("1:1", "symmetric", PathKind.REFLEXIVE),
    ],
)
def test_the_well_known_table(a: str, b: str, expected: PathKind) -> None:
    for first, second in ((a, b), (b, a)):
        assert behind_nats(NAT_PRESETS[first], NAT_PRESETS[second]).best_path() is expected


@pytest.mark.parametrize("nat", [*all_nat_behaviors(), ONE_TO_ONE], ids=str)
def test_a_public_host_is_reached_through_any_nat(nat: NatBehavior) -> None:
    for sides in ((None, nat), (nat, None)):
        topology = behind_nats(*sides, turn=False)
        assert topology.best_path() is PathKind.REFLEXIVE
        assert punch(topology) == {PathKind.REFLEXIVE}
    assert behind_nats(None, None).best_path() is PathKind.HOST


def test_same_lan_is_direct_and_hairpinning_adds_a_reflexive_path() -> None:
    topology = two_hosts_same_lan(SYMMETRIC, turn=False)
    assert topology.oracle().paths(topology.a, topology.b) == {PathKind.HOST}
    topology = two_hosts_same_lan(with_hairpinning(PORT_RESTRICTED_CONE), turn=False)
    both = {PathKind.HOST, PathKind.REFLEXIVE}
    assert topology.oracle().paths(topology.a, topology.b) == both
    assert punch(topology) == both


@pytest.mark.parametrize("inner", list(NAT_PRESETS.values())[:4], ids=str)
@pytest.mark.parametrize("outer", list(NAT_PRESETS.values())[:4], ids=str)
def test_double_nat_is_as_strict_as_its_strictest(inner: NatBehavior, outer: NatBehavior) -> None:
    for b in (RESTRICTED_CONE, PORT_RESTRICTED_CONE):
        topology = double_nat(inner, outer, b, turn=False)
        is_symmetric = SYMMETRIC in (inner, outer)
        expected = set() if is_symmetric and b is PORT_RESTRICTED_CONE else {PathKind.REFLEXIVE}
        assert topology.oracle().paths(topology.a, topology.b) == expected
        assert punch(topology) == expected


@pytest.mark.parametrize("hairpinning", [False, True])
def test_customers_of_one_cgn_meet_only_by_hairpinning(hairpinning: bool) -> None:
    cgn = with_hairpinning(FULL_CONE) if hairpinning else FULL_CONE
    topology = shared_cgn(PORT_RESTRICTED_CONE, FULL_CONE, cgn)
    assert topology.best_path() is (PathKind.REFLEXIVE if hairpinning else PathKind.RELAY)
    topology = shared_cgn(PORT_RESTRICTED_CONE, FULL_CONE, cgn, turn=False)
    assert punch(topology) == ({PathKind.REFLEXIVE} if hairpinning else set())


def test_multihomed_host_has_the_better_of_its_paths() -> None:
    assert multihomed(SYMMETRIC, FULL_CONE, SYMMETRIC).best_path() is PathKind.REFLEXIVE
    assert multihomed(SYMMETRIC, SYMMETRIC, SYMMETRIC).best_path() is PathKind.RELAY
    topology = multihomed(SYMMETRIC, FULL_CONE, SYMMETRIC)
    topology.a.interface("rmnet0").go_down()
    assert topology.best_path() is PathKind.RELAY


def test_ipv6_without_nat() -> None:
    assert dual_stack(SYMMETRIC, SYMMETRIC).best_path() is PathKind.HOST
    assert ipv6_only().best_path() is PathKind.HOST
    assert ipv6_only(firewall=FirewallPolicy(stateful=False)).best_path() is PathKind.HOST
    assert punch(dual_stack(SYMMETRIC, SYMMETRIC)) == {PathKind.HOST}
    assert dual_stack(SYMMETRIC, SYMMETRIC, firewall=BLOCK_UDP).best_path() is PathKind.RELAY


def test_blocked_udp_needs_turn_over_tcp() -> None:
    blocked = behind_nats(FULL_CONE, FULL_CONE, firewall_a=BLOCK_UDP)
    assert blocked.best_path() is PathKind.RELAY
    both = behind_nats(FULL_CONE, FULL_CONE, firewall_a=BLOCK_UDP, firewall_b=BLOCK_UDP)
    assert both.best_path() is PathKind.RELAY
    for topology in (blocked, both):
        host = topology.sim.host("udp-turn", topology.sim.internet)
        topology.turns = [TurnServer(host, protocols=[Protocol.UDP])]
        assert topology.best_path() is None, "not even the other side's relay is in reach"


def test_web_only_firewall_reaches_turn_on_port_443() -> None:
    topology = behind_nats(None, None, firewall_a=WEB_ONLY)
    topology.turns = [TurnServer(topology.sim.host("near", topology.sim.internet))]
    assert topology.best_path() is None
    topology.turns = [TurnServer(topology.sim.host("far", topology.sim.internet), port=443)]
    assert topology.best_path() is PathKind.RELAY


def test_firewall_that_allows_the_turn_port_only() -> None:
    policy = allowing_udp_ports(3478)
    topology = behind_nats(FULL_CONE, FULL_CONE, firewall_a=policy, firewall_b=policy)
    assert topology.best_path() is PathKind.RELAY
    assert behind_nats(FULL_CONE, None, firewall_a=policy, turn=False).best_path() is None


def test_stateful_firewalls_are_punched() -> None:
    topology = behind_nats(None, None, firewall_a=STATEFUL, firewall_b=STATEFUL, turn=False)
    assert topology.best_path() is PathKind.HOST
    assert punch(topology) == {PathKind.HOST}


def test_relay_only_and_servers_that_are_away() -> None:
    topology = two_hosts_same_lan()
    oracle = topology.oracle()
    assert oracle.best_path(topology.a, topology.b, relay_only=True) is PathKind.RELAY
    topology.turns[0].faults.is_silent = True
    oracle = topology.oracle()
    assert oracle.best_path(topology.a, topology.b, relay_only=True) is None
    assert topology.best_path() is PathKind.HOST


def test_forbidden_peers() -> None:
    topology = behind_nats(SYMMETRIC, SYMMETRIC)
    relay = topology.turns[0].relay
    relay.forbidden_peers.update(r.external_addresses[0] for r in topology.sim.routers)
    assert topology.best_path() is PathKind.RELAY, "relay to relay"
    relay.forbidden_peers.update(topology.turns[0].host.addresses)
    assert topology.best_path() is None


def _agree(topology: Topology) -> None:
    expected = topology.oracle().paths(topology.a, topology.b) - {PathKind.RELAY}
    assert punch(topology) == expected, topology.description


def test_random_topologies_punch_as_the_oracle_says() -> None:
    found = []
    for seed in range(150):
        topology = random_topology(Random(seed))
        _agree(topology)
        found.append(topology.best_path())
    kinds: list[PathKind | None] = [*PathKind, None]
    assert all(found.count(kind) >= 5 for kind in kinds), "the mix is varied"


def _reaches_a_relay(topology: Topology, host: Host) -> bool:
    """Whether any address of a host gets an answer of the TURN server, by packets."""
    answers: list[object] = []
    for server, address in product(topology.turns, host.addresses):
        target = server.address(6 if is_ipv6(address) else 4)
        request = build(Method.BINDING, MessageClass.REQUEST, bytes(12), [])
        socket = host.bind(address, 0, lambda data, source: answers.append(source))
        socket.send(request, target)
        stream = host.connect(address, target)
        stream.on_connected = lambda stream=stream: answers.append(stream)  # type: ignore[misc]
    topology.sim.run_for(3.0)
    return bool(answers)


def test_a_relay_is_the_way_iff_both_sides_reach_the_server() -> None:
    checked = []
    for seed in range(400):
        topology = random_topology(Random(seed))
        best = topology.best_path()
        if best in (None, PathKind.RELAY):
            reach = [_reaches_a_relay(topology, host) for host in (topology.a, topology.b)]
            assert (best is PathKind.RELAY) is all(reach), topology.description
            checked.append(best)
    assert checked.count(None) > 20
    assert checked.count(PathKind.RELAY) > 20


@pytest.mark.slow
def test_many_random_topologies_punch_as_the_oracle_says() -> None:
    for seed in range(1000, 4000):
        _agree(random_topology(Random(seed)))


def test_random_topology_is_a_function_of_its_seed() -> None:
    first, second = (random_topology(Random(3)).description for _ in range(2))
    assert first == second
    assert first != random_topology(Random(4)).description
