"""Addresses by lists, and external ones."""

from asyncio import sleep
from typing import Any

import pytest

from peer import RTCConfiguration, RTCPeerConnection
from peer.ice import NetworkType
from peer.net import AddressRules, ExternalAddress, InterfaceAddress, NetConfig, SharedPorts
from peer.net.address_rules import outside
from peer.stats import RTCIceCandidateStats
from peer.testing import Host, Network, connect, run
from peer.testing.internet import NatBehavior
from tests.testing.support import closing

WIRED = InterfaceAddress("eth0", "192.168.1.2", 24, NetworkType.WIRED)
WIRED6 = InterfaceAddress("eth0", "2a02:1::2", 64, NetworkType.WIRED)
BRIDGE = InterfaceAddress("docker0", "172.17.0.1", 16, NetworkType.CONTAINER)
VPN = InterfaceAddress("tun0", "10.8.0.2", 24, NetworkType.VPN)
ALL = [WIRED, WIRED6, BRIDGE, VPN]


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ({}, ALL),
        ({"interfaces": ("eth*", "tun0")}, [WIRED, WIRED6, VPN]),
        ({"not_interfaces": ("docker*", "tun?")}, [WIRED, WIRED6]),
        ({"interfaces": ("eth*",), "not_interfaces": ("*0",)}, []),
        ({"networks": ("192.168.0.0/16", "2a02::/16")}, [WIRED, WIRED6]),
        ({"not_networks": ("172.16.0.0/12",)}, [WIRED, WIRED6, VPN]),
        ({"kinds": frozenset({NetworkType.VPN})}, [VPN]),
        ({"not_kinds": frozenset({NetworkType.CONTAINER})}, [WIRED, WIRED6, VPN]),
        ({"ipv6": False}, [WIRED, BRIDGE, VPN]),
        ({"ipv4": False}, [WIRED6]),
    ],
)
def test_lists(rules: dict[str, Any], kept: list[InterfaceAddress]) -> None:
    assert list(filter(AddressRules(**rules), ALL)) == kept


@pytest.mark.parametrize("rules", [{"networks": ("10.0.0.1/8",)}, {"not_networks": ("nowhere",)}])
def test_a_malformed_prefix_is_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"/8|nowhere"):
        AddressRules(**rules)
    with pytest.raises(ValueError, match="nowhere"):
        ExternalAddress("nowhere")


def test_what_is_told_outside() -> None:
    wired = AddressRules(interfaces=("eth0",))
    known = (
        ExternalAddress("198.51.100.1", wired),
        ExternalAddress("198.51.100.2", wired),
        ExternalAddress("198.51.100.3", replaces=False),
        ExternalAddress("2001:db8::1", replaces=False),
    )
    assert outside(known, WIRED) == ("198.51.100.1", ["198.51.100.2", "198.51.100.3"])
    assert outside(known, WIRED6) == (None, ["2001:db8::1"])
    assert outside(known, VPN) == (None, ["198.51.100.3"])
    assert outside((), VPN) == (None, [])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_no_nat_leads_to_loopback(host: str) -> None:
    """What is used for want of a network is told as it is: others could not reach it anyway."""
    known = tuple(
        ExternalAddress(each, replaces=replaces)
        for each in ("198.51.100.1", "2001:db8::1")
        for replaces in (True, False)
    )
    local = InterfaceAddress("lo", host, 8, NetworkType.LOOPBACK)
    assert outside(known, local) == (None, [])


def told(connection: RTCPeerConnection) -> list[tuple[str, int, str]]:
    lines = connection.localDescription.sdp.splitlines()
    fields = [line.split() for line in lines if line.startswith("a=candidate:")]
    return [(each[4], int(each[5]), each[7]) for each in fields]


async def seen_from_outside(net: Network, host: Host) -> str:
    """The address that others see a host at."""
    other = net.simulation.host("other", net.simulation.internet)
    seen: list[str] = []
    other.bind(other.addresses[0], 1000, lambda data, source: seen.append(source.host))
    probe = host.below.bind(host.addresses[0], 0, lambda data, source: None)
    probe.send(b"x", (other.addresses[0], 1000))
    await sleep(1)
    probe.close()
    return seen[0]


@pytest.mark.parametrize("replaces", [True, False])
def test_a_server_behind_a_one_to_one_nat(replaces: bool) -> None:
    """The visitor reaches it by the external address alone: there is no STUN server."""

    async def story() -> None:
        net = Network()
        central = net.host("central", nat=NatBehavior(one_to_one=True))
        (inside,) = central.addresses
        outer = await seen_from_outside(net, central)
        external = ExternalAddress(outer, replaces=replaces)
        network = NetConfig(shared=SharedPorts(udp=40000), external=(external,))
        ours = central.connection(RTCConfiguration(network=network))
        theirs = net.host("visitor", nat="symmetric").connection()
        async with closing(ours, theirs):
            theirs.createDataChannel("chat")
            await connect(theirs, ours)
            if replaces:
                assert told(ours) == [(outer, 40000, "host")]
            else:
                assert told(ours) == [(inside, 40000, "host"), (outer, 40000, "srflx")]
            report = await ours.getStats()
            local = [
                each.address
                for each in report.values()
                if isinstance(each, RTCIceCandidateStats) and each.type == "local-candidate"
            ]
            assert outer in local
            assert (inside in local) is not replaces

    run(story())
