"""Which addresses a peer may name."""

import pytest

from peer.ice import TransportAddress
from peer.ice.destination import in_scope, may_be_told

PUBLIC = ("8.8.8.8", "203.0.113.7", "2001:4860:4860::8888", "64:ff9b::8.8.8.8", "2002:808:808::1")
PRIVATE = (
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.1.1",
    "100.64.0.1",
    "fd00::1",
    "fec0::1",
    "64:ff9b::10.0.0.1",
    "2002:a00:1::1",
)
LOCAL = ("127.0.0.1", "127.255.255.254", "169.254.169.254", "::1", "fe80::1")
NOBODY = (
    "0.0.0.1",
    "0.255.255.255",
    "240.0.0.1",
    "255.255.255.254",
    "::ffff:127.0.0.1",
    "::ffff:0.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:224.0.0.251",
    "::127.0.0.1",
    "::2",
    "64:ff9b::127.0.0.1",
    "64:ff9b::240.0.0.1",
    "64:ff9b:1::169.254.169.254",
    "2002:7f00:1::1",
)


@pytest.mark.parametrize("host", PUBLIC + PRIVATE + LOCAL)
@pytest.mark.parametrize("port", [1024, 3478, 5060, 65535])
def test_hosts_may_be_told(host: str, port: int) -> None:
    assert may_be_told(TransportAddress(host, port))


@pytest.mark.parametrize("host", NOBODY)
def test_what_is_nobodys_address_may_not(host: str) -> None:
    assert not may_be_told(TransportAddress(host, 5000))
    assert not may_be_told(TransportAddress(host, 9), listens=False)


@pytest.mark.parametrize("host", PUBLIC)
def test_of_the_privileged_ports_two_are_left(host: str) -> None:
    """libwebrtc's rule: 80 and 443, on public addresses."""
    allowed = {port for port in range(1, 1024) if may_be_told(TransportAddress(host, port))}
    assert allowed == {80, 443}


@pytest.mark.parametrize("host", PRIVATE + LOCAL)
def test_none_of_private_addresses(host: str) -> None:
    assert not any(may_be_told(TransportAddress(host, port)) for port in range(1, 1024))


@pytest.mark.parametrize("host", PUBLIC + PRIVATE + LOCAL)
def test_the_port_of_an_active_candidate_means_nothing(host: str) -> None:
    """RFC 6544 §4.5: it is 9."""
    assert may_be_told(TransportAddress(host, 9), listens=False)


@pytest.mark.parametrize("remote", PUBLIC + PRIVATE)
@pytest.mark.parametrize("base", PUBLIC + PRIVATE + LOCAL)
def test_the_network_is_in_reach_of_everybody(base: str, remote: str) -> None:
    assert in_scope(base, remote)


@pytest.mark.parametrize(
    ("remote", "base"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.53", "127.0.0.1"),
        ("::1", "::1"),
        ("169.254.7.7", "169.254.1.1"),
        ("fe80::2", "fe80::1"),
    ],
)
def test_machine_and_link_are_in_reach_of_themselves(remote: str, base: str) -> None:
    assert in_scope(base, remote)
    assert not in_scope("10.0.0.1", remote)
    assert not in_scope("8.8.8.8", remote)
    assert not in_scope("2001:db8::1", remote)


def test_machine_and_link_are_no_neighbours() -> None:
    assert not in_scope("127.0.0.1", "169.254.1.1")
    assert not in_scope("169.254.1.1", "127.0.0.1")
    assert not in_scope("fe80::1", "::1")
