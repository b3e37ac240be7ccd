from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.ice import NetworkType
from peer.ice.priority import (
    TYPE_PREFERENCE_HOST,
    TYPE_PREFERENCE_PEER_REFLEXIVE,
    TYPE_PREFERENCE_RELAYED,
    TYPE_PREFERENCE_SERVER_REFLEXIVE,
    candidate_priority,
    pair_priority,
    peer_reflexive_priority,
    preference_order,
    tcp_local_preference,
)

PRIORITIES = st.integers(1, 2**31 - 1)


def test_type_preferences() -> None:
    """RFC 8445 §5.1.2.2."""
    assert TYPE_PREFERENCE_HOST == 126
    assert TYPE_PREFERENCE_PEER_REFLEXIVE == 110
    assert TYPE_PREFERENCE_SERVER_REFLEXIVE == 100
    assert TYPE_PREFERENCE_RELAYED == 0


@pytest.mark.parametrize(
    ("preference", "priority"),
    [(126, 2130706431), (110, 1862270975), (100, 1694498815), (0, 16777215)],
)
def test_candidate_priority(preference: int, priority: int) -> None:
    """RFC 8445 §5.1.2.1, with the local preference of a single address."""
    assert candidate_priority(preference, 65535, 1) == priority
    assert candidate_priority(preference, 65535, 2) == priority - 1


def test_range_of_candidate_priorities() -> None:
    """RFC 8445 §5.1.2.1: 1..2^31-1."""
    assert candidate_priority(0, 0, 255) == 1
    assert candidate_priority(126, 65535, 1) < 2**31


def test_priority_in_checks() -> None:
    """RFC 8445 §7.1.1: the candidate's priority with the type preference of prflx."""
    assert peer_reflexive_priority(65535, 1) == 1862270975
    assert peer_reflexive_priority(65535, 1, tcp=True) < 1694498815


HOST, REFLEXIVE = 2130706431, 1694498815


@pytest.mark.parametrize(
    ("controlling", "controlled", "priority"),
    [
        (HOST, REFLEXIVE, 7277816997797167103),
        (REFLEXIVE, HOST, 7277816997797167102),
        (HOST, HOST, 9151314442783293438),
        (1, 2**31 - 1, 2**32 + 2 * (2**31 - 1)),
    ],
)
def test_pair_priority(controlling: int, controlled: int, priority: int) -> None:
    """RFC 8445 §6.1.2.3."""
    assert pair_priority(controlling, controlled) == priority


@given(PRIORITIES, PRIORITIES)
def test_pair_priority_is_the_formula(controlling: int, controlled: int) -> None:
    """RFC 8445 §6.1.2.3, as printed."""
    low, high = sorted((controlling, controlled))
    expected = 2**32 * low + 2 * high + (1 if controlling > controlled else 0)
    assert pair_priority(controlling, controlled) == expected < 2**64


@pytest.mark.parametrize(
    ("tcp_type", "reflexive", "expected"),
    [
        ("active", False, 57343),
        ("passive", False, 40959),
        ("so", False, 24575),
        ("so", True, 57343),
        ("active", True, 40959),
        ("passive", True, 24575),
    ],
)
def test_tcp_local_preference(tcp_type: str, reflexive: bool, expected: int) -> None:
    """RFC 6544 §4.2: direction preference, then 8191 for the only address."""
    assert tcp_local_preference(tcp_type, 8191, reflexive=reflexive) == expected


def families(ipv4: int, ipv6: int) -> list[tuple[str, NetworkType]]:
    addresses = [f"192.0.2.{i}" for i in range(ipv4)] + [f"2001:db8::{i}" for i in range(ipv6)]
    return [(host, NetworkType.UNKNOWN) for host in addresses]


@pytest.mark.parametrize(
    ("ipv4", "ipv6", "expected"),
    [
        (1, 0, "4"),
        (0, 3, "666"),
        (1, 1, "64"),
        (2, 6, "66664646"),
        (6, 2, "64644444"),
    ],
)
def test_families_intermingle(ipv4: int, ipv6: int, expected: str) -> None:
    """RFC 8421 §4: IPv6 goes first by Hi = (N4 + N6) / N4 addresses, then they alternate."""
    addresses = families(ipv4, ipv6)
    order = preference_order(addresses)
    assert "".join("6" if ":" in addresses[i][0] else "4" for i in order) == expected


def test_order_within_a_family_is_kept() -> None:
    assert preference_order(families(2, 6)) == [2, 3, 4, 5, 0, 6, 1, 7]


def test_costly_networks_come_last() -> None:
    """RFC 8421 §3: paths known to be unreliable or costly are not intermingled."""
    kinds = (NetworkType.CONTAINER, NetworkType.VPN, NetworkType.CELLULAR, NetworkType.WIFI)
    addresses = [("2001:db8::1", kind) for kind in kinds] + [("192.0.2.1", NetworkType.WIRED)]
    addresses += [("192.0.2.2", NetworkType.CELLULAR), ("192.0.2.3", NetworkType.UNKNOWN)]
    assert preference_order(addresses) == [3, 4, 6, 2, 5, 1, 0]


def test_wired_before_wireless() -> None:
    networks = (NetworkType.UNKNOWN, NetworkType.WIFI, NetworkType.WIRED)
    assert preference_order([("192.0.2.1", network) for network in networks]) == [2, 1, 0]


@given(
    st.lists(st.sampled_from(list(product(("192.0.2.1", "2001:db8::1"), NetworkType))), max_size=30)
)
def test_each_address_gets_one_place(addresses: list[tuple[str, NetworkType]]) -> None:
    assert sorted(preference_order(addresses)) == list(range(len(addresses)))
