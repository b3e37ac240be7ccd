"""Addresses listed once for drivers that are made together, and again when they are others."""

import sys
from ipaddress import ip_address
from pathlib import Path
from unittest.mock import patch

import pytest

from peer.net import InterfaceAddress, NetConfig, enumerate_addresses
from peer.net.address_cache import FRESH, AddressCache, address_state, shared

ONE = InterfaceAddress("eth0", "192.0.2.1", 24)
OTHER = InterfaceAddress("eth1", "192.0.2.2", 24)


class Machine:
    """Counts how often it is asked, at a time that stands still."""

    def __init__(self) -> None:
        self.now = 100.0
        self.present = [ONE]
        self.asked = 0
        self.state: object | None = None
        self.cache = AddressCache(self._enumerate, lambda: self.now, lambda: self.state)

    def _enumerate(self) -> list[InterfaceAddress]:
        self.asked += 1
        return list(self.present)


def test_the_system_is_asked_once_for_a_moment() -> None:
    machine = Machine()
    assert machine.cache.addresses() == [ONE]
    machine.present.append(OTHER)
    machine.now += 0.9 * FRESH
    assert machine.cache.addresses() == [ONE]
    assert machine.asked == 1
    machine.now += 0.1 * FRESH
    assert machine.cache.addresses() == [ONE, OTHER]
    assert machine.asked == 2


def test_a_list_is_kept_while_the_system_says_the_same() -> None:
    machine = Machine()
    machine.state = b"one"
    assert machine.cache.addresses() == [ONE]
    machine.now += 100 * FRESH
    assert machine.cache.addresses() == [ONE]
    assert machine.asked == 1
    machine.present.append(OTHER)
    machine.state = b"two"
    assert machine.cache.addresses() == [ONE]
    machine.now += FRESH
    assert machine.cache.addresses() == [ONE, OTHER]
    assert machine.asked == 2


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells of all addresses at once")
def test_what_linux_says_names_every_address() -> None:
    state = address_state()
    assert isinstance(state, tuple)
    ipv4, ipv6 = state
    for address in enumerate_addresses():
        literal = ip_address(address.host)
        if literal.version == 4:
            assert literal.packed in ipv4
        else:
            assert literal.packed.hex().encode() in ipv6
    assert state == address_state()


@pytest.mark.parametrize("failing", ["socket.socket", "_read"])
def test_what_linux_does_not_say_is_unknown(failing: str) -> None:
    with patch(f"peer.net.address_cache.{failing}", side_effect=PermissionError):
        assert address_state() is None


def test_a_machine_without_ipv6() -> None:
    with patch("peer.net.address_cache.IF_INET6", Path("/nowhere")):
        state = address_state()
    assert state is None or (isinstance(state, tuple) and state[1] == b"")


def test_callers_may_change_what_they_got() -> None:
    machine = Machine()
    machine.cache.addresses().clear()
    assert machine.cache.addresses() == [ONE]


def test_drivers_share_one() -> None:
    with patch.object(shared, "addresses", lambda: [ONE]):
        assert NetConfig().system.addresses() == [ONE]
