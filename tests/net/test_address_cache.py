"""Addresses listed once for drivers that are made together."""

from peer.net import InterfaceAddress, NetConfig
from peer.net.address_cache import FRESH, AddressCache, shared

ONE = InterfaceAddress("eth0", "192.0.2.1", 24)
OTHER = InterfaceAddress("eth1", "192.0.2.2", 24)


class Machine:
    """Counts how often it is asked, at a time that stands still."""

    def __init__(self) -> None:
        self.now = 100.0
        self.present = [ONE]
        self.asked = 0
        self.cache = AddressCache(self._enumerate, lambda: self.now)

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


def test_callers_may_change_what_they_got() -> None:
    machine = Machine()
    machine.cache.addresses().clear()
    assert machine.cache.addresses() == [ONE]


def test_drivers_share_one() -> None:
    assert NetConfig().addresses == shared.addresses
