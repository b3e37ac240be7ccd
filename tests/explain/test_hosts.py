"""What addresses tell, blurred ones as well."""

import pytest

from peer.explain.hosts import endpoint, family, is_hidden, is_private


@pytest.mark.parametrize(
    ("address", "kind", "private"),
    [
        ("192.0.2.1", "IPv4", True),
        ("8.8.8.8", "IPv4", False),
        ("8.8.8.x", "IPv4", False),
        ("192.168.1.x", "IPv4", True),
        ("fd00::1", "IPv6", True),
        ("2a00:1:2:x:x:x:x:x", "IPv6", False),
        ("0b35c8a1.local", "", False),
        ("example.org", "", False),
    ],
)
def test_addresses(address: str, kind: str, private: bool) -> None:
    assert family(address) == kind
    assert is_private(address) == private
    assert is_hidden(address) == (not kind)


def test_an_endpoint() -> None:
    assert endpoint("192.0.2.1", 9) == "192.0.2.1:9"
    assert endpoint("fd00::1", 9) == "[fd00::1]:9"
