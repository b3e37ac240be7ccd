from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.ice.address import (
    TransportAddress,
    canonical,
    is_ipv6,
    is_link_local,
    parse_ip,
    usable_as_host,
)


def test_text_form() -> None:
    assert str(TransportAddress("192.0.2.1", 80)) == "192.0.2.1:80"
    assert str(TransportAddress("2001:db8::1", 80)) == "[2001:db8::1]:80"


def test_equal_to_a_plain_tuple() -> None:
    assert TransportAddress("192.0.2.1", 80) == ("192.0.2.1", 80)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("FE80::1", "fe80::1"),
    ],
)
def test_canonical(host: str, expected: str) -> None:
    """RFC 5952 §4: one text form for each address."""
    assert canonical((host, 1)) == (expected, 1)


@pytest.mark.parametrize(
    "address",
    [
        ("example.org", 1),
        ("192.0.2.256", 1),
        ("", 1),
        ("fe80::1%eth0", 1),
        ("[::1]", 1),
        ("192.0.2.1", -1),
        ("192.0.2.1", 65536),
    ],
)
def test_canonical_refuses(address: tuple[str, int]) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical(address)


def test_zone_ids_are_no_part_of_an_address() -> None:
    with pytest.raises(ValueError, match="zone"):
        parse_ip("fe80::1%1")


def test_family() -> None:
    assert is_ipv6("::1")
    assert not is_ipv6("127.0.0.1")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("fe80::1", True),
        ("febf:ffff::1", True),
        ("FE80::1", True),
        ("fec0::1", False),
        ("fe7f::1", False),
        ("2001:db8::fe80", False),
        ("169.254.1.1", False),
        ("fe8::1", False),
        ("feb:2::1", False),
    ],
)
def test_link_local(host: str, expected: bool) -> None:
    """RFC 4291 §2.5.6: fe80::/10."""
    assert is_link_local(host) is expected


@given(st.integers(0, 2**128 - 1) | st.integers(0xFE8 << 116, (0xFED << 116) - 1))
def test_link_local_is_exactly_the_prefix(number: int) -> None:
    ip = IPv6Address(number)
    assert is_link_local(str(ip)) is (ip in IPv6Network("fe80::/10"))


@pytest.mark.parametrize(
    ("host", "usable"),
    [
        ("192.0.2.1", True),
        ("10.0.0.1", True),
        ("169.254.7.7", True),
        ("2001:db8::1", True),
        ("fd00::1", True),
        ("fe80::1", True),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("::1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("224.0.0.1", False),
        ("ff02::1", False),
        ("fec0::1", False),
        ("feff::1", False),
        ("::192.0.2.1", False),
        ("::ffff:192.0.2.1", False),
    ],
)
def test_usable_as_host(host: str, usable: bool) -> None:
    """RFC 8445 §5.1.1.1: no loopback, site-local, IPv4-compatible or IPv4-mapped addresses."""
    assert usable_as_host(host) is usable


def test_usable_when_asked_for() -> None:
    assert usable_as_host("127.0.0.1", loopback=True)
    assert usable_as_host("::1", loopback=True)
    assert usable_as_host("::ffff:192.0.2.1", mapped=True)
    assert not usable_as_host("::ffff:192.0.2.1", loopback=True)
    assert not usable_as_host("127.0.0.1", mapped=True)
