"""Finding out what a NAT does, for every behaviour there is."""

import pytest

from peer.ice import TransportAddress
from peer.testing import Conditions, Host, NatBehavior, Network, StunServer, run
from peer.testing.internet import all_nat_behaviors
from tools.command.doctor.behaviour import ANY, Dependence
from tools.command.doctor.nat import Lifetime, Nat, explore, lifetime

from .support import with_discovery

EI, AD, APD = Dependence


def asked(host: Host, *servers: StunServer) -> tuple[str, tuple[TransportAddress, ...]]:
    return host.addresses[0], tuple(server.address() for server in servers)


@pytest.mark.parametrize("hairpinning", [False, True])
@pytest.mark.parametrize("nat", all_nat_behaviors(), ids=str)
def test_a_server_with_rfc_5780_tells_all(nat: NatBehavior, hairpinning: bool) -> None:
    behavior = NatBehavior(nat.mapping, nat.filtering, hairpinning=hairpinning)

    async def story() -> None:
        network = Network()
        server = with_discovery(network)
        host = network.host("alice", nat=behavior)
        found = await explore(host.system, *asked(host, server))
        assert found is not None
        assert found.mapped.host == host.site.router.external_addresses[0]
        assert [each.value for each in found.mapping] == [nat.mapping.value]
        assert [each.value for each in found.filtering] == [nat.filtering.value]
        # A socket is heard by itself under another port, if that is another mapping.
        hears = EI.value in (nat.mapping.value, nat.filtering.value)
        assert found.hairpin is (hairpinning and hears)
        assert found.by == (server.address(),)

    run(story())


@pytest.mark.parametrize("nat", all_nat_behaviors(), ids=str)
def test_two_ordinary_servers_tell_whether_the_mapping_depends(nat: NatBehavior) -> None:
    async def story() -> None:
        network = Network()
        servers = [network.stun_server(f"stun{number}.example") for number in range(2)]
        host = network.host("alice", nat=nat)
        found = await explore(host.system, *asked(host, *servers))
        assert found is not None
        independent = nat.mapping.value == EI.value
        assert found.mapping == ({EI} if independent else {AD, APD})
        assert found.filtering == ANY
        assert len(found.by) == 2

    run(story())


def test_one_ordinary_server_tells_little() -> None:
    async def story() -> None:
        network = Network()
        server = network.stun_server()
        host = network.host("alice", nat="symmetric")
        found = await explore(host.system, *asked(host, server))
        assert found is not None
        assert found.mapping == ANY
        assert found.filtering == ANY

    run(story())


def test_without_a_nat_there_is_none() -> None:
    async def story() -> Nat | None:
        network = Network()
        server = with_discovery(network)
        host = network.host("alice")
        return await explore(host.system, *asked(host, server))

    found = run(story())
    assert found is not None
    assert found.local == found.mapped
    assert found.hairpin is None
    assert found.mapping == {EI}
    assert found.filtering == {EI}


def test_a_packet_that_is_lost_is_no_filter() -> None:
    async def story(seed: int) -> bool:
        network = Network(seed)
        server = with_discovery(network)
        host = network.host("alice", nat="full-cone", link=Conditions(loss=0.1))
        found = await explore(host.system, *asked(host, server))
        return found is not None and found.filtering == {EI} and found.mapping == {EI}

    assert [run(story(seed)) for seed in range(10)].count(True) >= 9


def test_who_hears_nothing_finds_nothing() -> None:
    async def story() -> None:
        network = Network()
        server = network.stun_server()
        server.faults.is_silent = True
        host = network.host("alice", nat="symmetric")
        assert await explore(host.system, *asked(host, server)) is None
        assert await lifetime(host.system, host.addresses[0], server.address()) is None

    run(story())


@pytest.mark.parametrize(
    ("seconds", "found"),
    [(20, (15, 30)), (50, (45, 60)), (120.5, (120, 180)), (10, (None, 15)), (600, (180, None))],
)
def test_how_long_a_binding_lives(seconds: float, found: tuple[int | None, int | None]) -> None:
    async def story() -> Lifetime | None:
        network = Network()
        server = with_discovery(network)
        host = network.host("alice", nat=NatBehavior(timeout=seconds))
        return await lifetime(host.system, host.addresses[0], server.address())

    assert run(story()) == Lifetime(*found, exact=True)
