"""An IPv4 and an IPv6 relayed address in one allocation (RFC 8656 §7.1, §8.1)."""

import pytest

from peer.ice import stun
from peer.ice.address import TransportAddress
from peer.ice.stun import Method
from peer.ice.turn import (
    Allocated,
    AllocationLost,
    FamilyRefused,
    RelayFamily,
    Released,
    TurnServer,
)

from .server import ADDRESS, PEER, PEER6, RELAYED, RELAYED6, Client, FakeServer, allocated

DUAL = TurnServer(ADDRESS, "turn:a", "user", "secret", address_family=RelayFamily.DUAL)


def test_dual_allocation() -> None:
    """RFC 8656 §7.2: two XOR-RELAYED-ADDRESS attributes."""
    fake = FakeServer()
    fake.relayed = [RELAYED, RELAYED6]
    client = allocated(DUAL, fake)
    assert client.allocation.relayed == (RELAYED, RELAYED6)
    assert client.allocation.want_permission(PEER, 0.0)
    assert client.allocation.want_permission(PEER6, 0.0)


@pytest.mark.parametrize(("code", "retry_at"), [(440, None), (508, 1060.0)])
def test_half_a_dual_allocation_is_used(code: int, retry_at: float | None) -> None:
    """RFC 8656 §7.3: ADDRESS-ERROR-CODE 440 never again, 508 after a minute."""
    fake = FakeServer()
    fake.extra = [(stun.ADDRESS_ERROR_CODE, stun.AddressErrorCode(2, code, "no v6"))]
    client = Client(DUAL, fake)
    (event,) = client.settle()
    assert isinstance(event, Allocated)
    assert event.relayed == (RELAYED,)
    assert event.refused == (FamilyRefused(2, code, "no v6", retry_at),)
    assert not client.allocation.want_permission(PEER6, client.now)
    assert not client.allocation.want_channel(PEER6, client.now)


def dual() -> Client:
    fake = FakeServer()
    fake.relayed = [RELAYED, RELAYED6]
    client = allocated(DUAL, fake)
    for peer in (PEER, PEER6):
        client.allocation.want_permission(peer, client.now)
        client.allocation.want_channel(peer, client.now)
    client.settle()
    client.sent.clear()
    return client


@pytest.mark.parametrize("code", [0, 443])
def test_one_half_of_a_dual_allocation_is_deleted(code: int) -> None:
    """RFC 8656 §8.1, §8.2: REQUESTED-ADDRESS-FAMILY with LIFETIME 0; the other half lives on."""
    client = dual()
    if code:
        client.fake.fail(Method.REFRESH, code)
    client.allocation.release_relayed(RELAYED6, client.now)
    assert client.settle() == []
    ((_, request),) = client.sent
    assert request.get(stun.LIFETIME) == 0
    assert request.get(stun.REQUESTED_ADDRESS_FAMILY) == 2
    assert client.allocation.relayed == (RELAYED,)
    assert client.allocation.wrap(b"x", PEER6, client.now) is None
    assert not client.allocation.has_permission(PEER6)
    assert client.allocation.wrap(b"x", PEER, client.now) is not None
    assert client.run_until(1600.0) == []
    assert client.fake.requests[-1].get(stun.REQUESTED_ADDRESS_FAMILY) is None


def test_deleting_one_half_is_repeated_until_answered() -> None:
    client = dual()
    client.allocation.release_relayed(RELAYED, client.now)
    request = client.request()
    assert client.allocation.handle_timeout(request.transaction_id, client.now) == []
    assert client.settle() == []
    assert client.fake.requests[-1].get(stun.REQUESTED_ADDRESS_FAMILY) == 1


def test_deleting_one_half_of_an_allocation_that_is_gone() -> None:
    client = dual()
    client.fake.fail(Method.REFRESH, 437)
    client.allocation.release_relayed(RELAYED, client.now)
    assert client.settle() == [AllocationLost(437, "scripted")]


def test_deleting_the_last_half_releases_the_allocation() -> None:
    client = dual()
    client.allocation.release_relayed(TransportAddress("203.0.113.99", 1), client.now)
    assert client.allocation.relayed == (RELAYED, RELAYED6)
    client.allocation.release_relayed(RELAYED6, client.now)
    client.allocation.release_relayed(RELAYED, client.now)
    assert client.settle() == [Released()]
