"""Asking a server about what it may have forgotten."""

from peer.ice.stun import Method
from peer.ice.turn import AllocationLost

from .server import PEER, Client, allocated


def test_the_server_is_asked_whether_it_still_knows_all() -> None:
    client = allocated()
    client.allocation.want_permission(PEER, client.now)
    client.allocation.want_channel(PEER, client.now)
    client.settle()
    client.methods()
    client.now += 100
    client.allocation.verify(client.now)
    assert client.settle() == []
    assert client.methods() == [Method.REFRESH, Method.CHANNEL_BIND]
    client.now += 4.9
    client.allocation.verify(client.now)
    assert client.settle() == []
    assert client.methods() == []
    client.now += 0.1
    client.fake.fail(Method.REFRESH, 437)
    client.allocation.verify(client.now)
    (event,) = client.settle()
    assert isinstance(event, AllocationLost)


def test_what_was_not_granted_is_not_asked_about() -> None:
    client = Client()
    client.request()
    client.allocation.verify(client.now)
    assert client.allocation.next_time() is None


def test_what_the_network_refuses_is_not_repeated_at_once() -> None:
    """As long as there is no route each request ends in the moment in which it leaves."""
    client = allocated()
    client.allocation.verify(client.now)
    request = client.request()
    assert client.allocation.handle_timeout(request.transaction_id, client.now) == []
    assert client.allocation.next_time() == client.now + 1.0
