"""Which addresses of this machine become candidates."""

import socket
from pathlib import Path
from unittest.mock import Mock, patch

import pytest

from peer.ice import NetworkType
from peer.net import InterfaceAddress, enumerate_addresses, network_type
from peer.net.interfaces import (
    default_route_address,
    default_route_addresses,
    read_ipv6_flags,
    select,
    usable,
)

EUI64 = InterfaceAddress("eth0", "2001:db8:1::211:22ff:fe33:4455", 64, NetworkType.WIRED)
TEMPORARY = InterfaceAddress(
    "eth0", "2001:db8:1::8a2e:370:7334:1", 64, NetworkType.WIRED, temporary=True
)
OTHER_PREFIX = InterfaceAddress("eth0", "2001:db8:2::1", 64, NetworkType.WIRED)
OTHER_INTERFACE = InterfaceAddress("wlan0", "2001:db8:1::1", 64, NetworkType.WIFI)
LINK_LOCAL = InterfaceAddress("eth0", "fe80::1", 64, NetworkType.WIRED, scope=2)
IPV4 = InterfaceAddress("eth0", "192.0.2.1", 24, NetworkType.WIRED)
LOOPBACK = InterfaceAddress("lo", "127.0.0.1", 8, NetworkType.LOOPBACK)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("lo", NetworkType.LOOPBACK),
        ("eth0", NetworkType.WIRED),
        ("enp3s0", NetworkType.WIRED),
        ("eno1", NetworkType.WIRED),
        ("en0", NetworkType.WIRED),
        ("wlan0", NetworkType.WIFI),
        ("wlp2s0", NetworkType.WIFI),
        ("Wi-Fi", NetworkType.WIFI),
        ("wwan0", NetworkType.CELLULAR),
        ("wwp0s20f0u3", NetworkType.CELLULAR),
        ("rmnet_data0", NetworkType.CELLULAR),
        ("tun0", NetworkType.VPN),
        ("tap0", NetworkType.VPN),
        ("wg0", NetworkType.VPN),
        ("utun3", NetworkType.VPN),
        ("ppp0", NetworkType.VPN),
        ("docker0", NetworkType.CONTAINER),
        ("br-4f2e51bb0c8a", NetworkType.CONTAINER),
        ("veth12ab", NetworkType.CONTAINER),
        ("virbr0", NetworkType.CONTAINER),
        ("lxcbr0", NetworkType.CONTAINER),
        ("br0", NetworkType.UNKNOWN),
        ("mystery", NetworkType.UNKNOWN),
    ],
)
def test_kind_by_name(name: str, kind: NetworkType) -> None:
    assert network_type(name) is kind


def test_this_machine() -> None:
    loopback = [address for address in enumerate_addresses() if address.host == "127.0.0.1"]
    assert [address.network for address in loopback] == [NetworkType.LOOPBACK]


def test_a_temporary_address_hides_the_permanent_one() -> None:
    """RFC 8445 §5.1.1.1: not those of the same interface and prefix, nor link-local ones."""
    everything = [EUI64, TEMPORARY, OTHER_PREFIX, OTHER_INTERFACE, LINK_LOCAL, IPV4]
    assert select(everything) == [TEMPORARY, OTHER_PREFIX, OTHER_INTERFACE, IPV4]


def test_without_a_temporary_address_all_are_used() -> None:
    """RFC 8445 §5.1.1.1."""
    everything = [EUI64, OTHER_PREFIX, IPV4]
    assert select(everything) == everything


@pytest.mark.parametrize("other", [EUI64, TEMPORARY, IPV4])
def test_link_local_addresses_only_where_an_interface_has_no_other(
    other: InterfaceAddress,
) -> None:
    """RFC 8445 §5.1.1.1: they stand for an interface that has nothing else."""
    assert select([LINK_LOCAL, other]) == [other]
    assert select([LINK_LOCAL, OTHER_INTERFACE]) == [LINK_LOCAL, OTHER_INTERFACE]
    assert select([LINK_LOCAL]) == [LINK_LOCAL]


def test_link_local_addresses_where_the_others_are_not_wanted() -> None:
    """What a filter leaves out, an interface does not have."""
    assert select([LINK_LOCAL, IPV4], keep=lambda address: ":" in address.host) == [LINK_LOCAL]


def test_every_link_local_prefix_is_known() -> None:
    """RFC 4291 §2.4: fe80::/10."""
    last = InterfaceAddress("eth0", "febf::1", 64, NetworkType.WIRED, scope=2)
    outside = InterfaceAddress("eth0", "fec0::1", 64, NetworkType.WIRED)
    assert select([last, outside, IPV4]) == [outside, IPV4]


def test_loopback_only_when_asked_for() -> None:
    """RFC 8445 §5.1.1.1."""
    assert select([LOOPBACK, IPV4]) == [IPV4]
    assert select([LOOPBACK, IPV4], loopback=True) == [LOOPBACK, IPV4]


def test_a_filter_decides_before_the_rules() -> None:
    """A temporary address that is not wanted hides nothing."""
    chosen = select([EUI64, TEMPORARY], keep=lambda address: not address.temporary)
    assert chosen == [EUI64]


def test_link_local_addresses_are_bound_with_their_scope() -> None:
    """RFC 4007 §11.2."""
    assert LINK_LOCAL.bindable == "fe80::1%2"
    assert IPV4.bindable == "192.0.2.1"


def test_flags_of_linux(tmp_path: Path) -> None:
    table = tmp_path / "if_inet6"
    table.write_text(
        "00000000000000000000000000000001 01 80 10 80       lo\n"
        "20010db8000100008a2e037073340001 02 40 00 01     eth0\n"
        "20010db8000100000000000000000007 02 40 00 60     eth0\n"
        "a line of some other kind\n"
    )
    assert read_ipv6_flags(table) == {
        "::1": 0x80,
        "2001:db8:1:0:8a2e:370:7334:1": 0x01,
        "2001:db8:1::7": 0x60,
    }
    assert read_ipv6_flags(tmp_path / "missing") == {}


@pytest.mark.parametrize(
    ("flags", "expected"),
    [(0x00, True), (0x01, True), (0x80, True), (0x40, False), (0x08, False), (0x20, True)],
)
def test_tentative_and_failed_addresses_are_not_used(flags: int, expected: bool) -> None:
    """RFC 4862 §5.4, §5.5.4."""
    assert usable(flags) is expected


def test_unusable_addresses_are_not_listed() -> None:
    with patch("peer.net.interfaces.read_ipv6_flags", lambda: {"::1": 0x40}):
        assert "::1" not in [address.host for address in enumerate_addresses()]


def test_route_to_this_machine() -> None:
    assert default_route_address(socket.AF_INET, ("127.0.0.1", 9)) == "127.0.0.1"


def test_no_route() -> None:
    probe = Mock()
    probe.return_value.__enter__ = Mock(side_effect=OSError("unreachable"))
    probe.return_value.__exit__ = Mock(return_value=False)
    with patch("peer.net.interfaces.socket.socket", probe):
        assert default_route_address(socket.AF_INET) is None


def test_addresses_of_default_routes() -> None:
    """RFC 8828 §5.2, modes 2 and 3."""
    routes = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: None}
    with patch("peer.net.interfaces.default_route_address", lambda family: routes[family]):
        assert default_route_addresses([LOOPBACK, IPV4, OTHER_PREFIX]) == [IPV4]
