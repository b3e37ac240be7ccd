"""Machines that have no address but loopback."""

import asyncio
from typing import Any

import pytest

from peer.ice import CandidateGathered, GatheringCompleted, IceConfig, IceRole, NetworkType
from peer.net import AddressPolicy, InterfaceAddress, InterfacesChanged, NetConfig

from .support import Side, assert_nothing_left, connect, pair, run

IPV4 = InterfaceAddress("lo", "127.0.0.1", 8, NetworkType.LOOPBACK)
IPV6 = InterfaceAddress("lo", "::1", 128, NetworkType.LOOPBACK)
# Bound like any other address, and as far as the settings know no loopback.
NETWORK = InterfaceAddress("eth0", "127.0.0.2", 24, NetworkType.WIRED)


def _net(*addresses: InterfaceAddress, **settings: Any) -> NetConfig:
    return NetConfig(addresses=lambda: list(addresses), **settings)


async def _gathered(config: NetConfig, ice: IceConfig | None = None) -> list[str]:
    side = Side(IceRole.CONTROLLING, ice=ice or IceConfig(), config=config)
    side.driver.gather()
    await side.event(GatheringCompleted)
    await side.close()
    return [event.candidate.address.host for event in side.of(CandidateGathered)]


def test_without_a_network_programs_of_one_machine_connect() -> None:
    """RFC 8445 §5.1.1.1 leaves loopback out, which is for machines that have something else."""

    async def story() -> None:
        config = _net(IPV4, IPV6)
        one, other = pair(config, config, ice=IceConfig())
        await connect(one, other)
        hosts = {event.candidate.address.host for event in one.of(CandidateGathered)}
        assert hosts == {"127.0.0.1", "::1"}
        assert one.driver.send("0", 1, b"\x80offline")
        assert await other.received() == [b"\x80offline"]
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ["127.0.0.1"]),
        ({"loopback_fallback": False}, []),
        pytest.param({"keep": lambda address: address is not IPV4}, [], id="a filter"),
        ({"policy": AddressPolicy.DEFAULT_ROUTE}, ["127.0.0.1"]),
        ({"policy": AddressPolicy.DEFAULT_ROUTE_PUBLIC}, ["127.0.0.1"]),
        ({"hide_addresses": True}, ["127.0.0.1"]),
    ],
    ids=repr,
)
def test_settings_of_a_machine_without_a_network(
    settings: dict[str, Any], expected: list[str]
) -> None:
    """Loopback tells the peer nothing, so that no policy forbids it; the filter decides."""

    async def story() -> None:
        assert await _gathered(_net(IPV4, **settings)) == expected
        await assert_nothing_left()

    run(story())


@pytest.mark.parametrize(
    ("settings", "loopback", "expected"),
    [
        ({}, False, ["127.0.0.2"]),
        ({}, True, ["127.0.0.1", "127.0.0.2"]),
        pytest.param({"keep": lambda address: address is not NETWORK}, False, [], id="a filter"),
    ],
    ids=repr,
)
def test_with_a_network_loopback_is_left_out(
    settings: dict[str, Any], loopback: bool, expected: list[str]
) -> None:
    """RFC 8445 §5.1.1.1; an address that the filter does not want is a network all the same."""

    async def story() -> None:
        ice = IceConfig(allow_loopback=loopback)
        assert sorted(await _gathered(_net(IPV4, NETWORK, **settings), ice)) == expected

    run(story())


def test_connections_survive_that_a_network_comes_and_goes() -> None:
    """The fall-back stays with what runs over it; what is new uses the network."""

    async def story() -> None:
        addresses = [IPV4]
        config = NetConfig(addresses=lambda: list(addresses), poll_interval=0.01)
        one, other = pair(config, _net(IPV4), ice=IceConfig())
        await connect(one, other)
        addresses.append(NETWORK)
        changed = await one.event(InterfacesChanged)
        assert changed == InterfacesChanged(("127.0.0.2",), ())
        addresses.remove(NETWORK)
        changed = await one.event(InterfacesChanged, 2)
        assert changed == InterfacesChanged((), ("127.0.0.2",))
        await asyncio.sleep(0.03)
        assert len(one.of(InterfacesChanged)) == 2
        assert one.driver.send("0", 1, b"\x80still here")
        assert await other.received() == [b"\x80still here"]
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())
