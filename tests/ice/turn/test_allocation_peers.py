"""Permissions, channels and data of an allocation (RFC 8656 §9-§12)."""

import pytest

from peer.ice import stun
from peer.ice.address import TransportAddress
from peer.ice.stun import Method
from peer.ice.turn import (
    AllocateOptions,
    AllocationLost,
    AllocationState,
    ChannelBound,
    ChannelDenied,
    DropReason,
    PeerUnreachable,
    PermissionDenied,
    PermissionGranted,
    RelayFamily,
    TurnConfig,
    TurnServer,
    TurnTransport,
    channel_data,
)

from .server import ADDRESS, PEER, PEER6, RELAYED, Client, FakeServer, allocated, permitted

TCP = TurnServer(ADDRESS, "turn:a", "user", "secret", transport=TurnTransport.TCP)
DUAL = TurnServer(ADDRESS, "turn:a", "user", "secret", address_family=RelayFamily.DUAL)


def peers(count: int) -> list[TransportAddress]:
    return [TransportAddress(f"198.51.100.{number}", 5000 + number) for number in range(count)]


def data_indication(peer: TransportAddress, data: bytes = b"data") -> bytes:
    return stun.build(
        Method.DATA,
        stun.MessageClass.INDICATION,
        bytes(12),
        [(stun.XOR_PEER_ADDRESS, peer), (stun.DATA, data)],
        fingerprint=False,
    )


def bound(server: TurnServer | None = None) -> Client:
    """A client with a channel to PEER."""
    client = allocated(server) if server is not None else allocated()
    client.allocation.want_channel(PEER, client.now)
    client.settle()
    client.sent.clear()
    return client


def test_ten_peers_in_one_request() -> None:
    """RFC 8656 §10.1."""
    client = allocated()
    for peer in peers(12):
        assert client.allocation.want_permission(peer, client.now)
    events = client.settle()
    assert events == [PermissionGranted(peer.host) for peer in peers(12)]
    first, second = client.fake.requests[-2:]
    assert len(first.get_all(stun.XOR_PEER_ADDRESS)) == 10
    assert len(second.get_all(stun.XOR_PEER_ADDRESS)) == 2
    assert len(first.raw) <= 548


def test_permission_is_for_the_address_not_the_port() -> None:
    """RFC 8656 §9."""
    client = permitted()
    other_port = TransportAddress(PEER.host, 7777)
    assert client.allocation.has_permission(other_port)
    assert not client.allocation.has_permission(TransportAddress("198.51.100.8", 9))
    assert client.allocation.wrap(b"x", other_port, client.now) is not None


def test_wanted_before_the_allocation_stands() -> None:
    client = Client()
    assert client.allocation.want_permission(PEER, client.now)
    assert not client.allocation.has_permission(PEER)
    events = client.settle()
    assert events[-1] == PermissionGranted(PEER.host)


def test_still_hears_the_peer_after_301_seconds() -> None:
    """RFC 8656 §9: data does not refresh a permission, CreatePermission does."""
    client = permitted()
    client.run_until(1301.0)
    assert client.methods() == [Method.CREATE_PERMISSION]
    assert client.allocation.unwrap(data_indication(PEER), client.now) == (PEER, b"data")


def test_permission_that_is_no_longer_wanted_ends() -> None:
    client = permitted()
    client.allocation.drop_permission(PEER)
    client.run_until(1300.0)
    assert client.sent == []
    assert client.allocation.wrap(b"x", PEER, client.now) is None
    assert client.allocation.unwrap(data_indication(PEER), 1300.0) is DropReason.NO_PERMISSION


@pytest.mark.parametrize("code", [403, 443, 508, 400])
def test_one_forbidden_peer_does_not_take_the_others_along(code: int) -> None:
    """RFC 8656 §10.2: the refusal is for one address, found by asking for each alone."""
    client = allocated()
    for peer in peers(3):
        client.allocation.want_permission(peer, client.now)
    client.fake.fail(Method.CREATE_PERMISSION, code, times=2)
    events = client.settle()
    assert events == [
        PermissionDenied("198.51.100.0", code, "scripted"),
        PermissionGranted("198.51.100.1"),
        PermissionGranted("198.51.100.2"),
    ]
    assert client.allocation.state is AllocationState.ALLOCATED


def test_400_to_create_permission_is_followed_by_a_refresh() -> None:
    """A server that has forgotten the allocation may say 400; its answer to Refresh is clear."""
    client = permitted()
    for peer in peers(2):
        client.allocation.want_permission(peer, client.now)
    client.fake.fail(Method.CREATE_PERMISSION, 400)
    client.fake.fail(Method.REFRESH, 437)
    assert client.settle() == [AllocationLost(437, "scripted")]
    assert client.methods() == [Method.CREATE_PERMISSION, Method.REFRESH]


def test_permission_unanswered() -> None:
    client = allocated()
    client.allocation.want_permission(PEER, client.now)
    request = client.request()
    events = client.allocation.handle_timeout(request.transaction_id, 1039.5)
    assert events == [PermissionDenied(PEER.host, 701, "no answer")]


def test_permission_survives_an_error_of_the_server() -> None:
    """A 500 answer to the refresh takes nothing away; it is asked for again."""
    client = permitted()
    client.fake.fail(Method.CREATE_PERMISSION, 500)
    assert client.run_until(1299.0) == []
    assert [time for time, _ in client.sent] == [1240.0, 1245.0]
    assert client.allocation.unwrap(data_indication(PEER), 1299.0) == (PEER, b"data")


def test_refused_credentials_are_not_tried_for_each_peer() -> None:
    """RFC 8489 §9.2.5: nothing has changed since the refusal."""
    client = allocated()
    for peer in peers(3):
        client.allocation.want_permission(peer, client.now)
    client.fake.users = {"other": "word"}
    events = client.settle()
    assert [type(event) for event in events] == [PermissionDenied] * 3
    assert client.methods() == [Method.CREATE_PERMISSION]


@pytest.mark.parametrize("method", [Method.CREATE_PERMISSION, Method.CHANNEL_BIND])
def test_437_to_any_request_means_the_allocation_is_gone(method: Method) -> None:
    """RFC 8656 §5."""
    client = allocated()
    client.fake.fail(method, 437)
    if method is Method.CREATE_PERMISSION:
        client.allocation.want_permission(PEER, client.now)
    else:
        client.allocation.want_channel(PEER, client.now)
    assert client.settle() == [AllocationLost(437, "scripted")]
    assert not client.allocation.has_permission(PEER)
    assert client.allocation.next_time() is None


def test_peers_of_the_other_family_are_refused() -> None:
    """RFC 8656 §10.1: same family as the relayed address."""
    client = allocated()
    assert not client.allocation.want_permission(PEER6, client.now)
    assert not client.allocation.want_channel(PEER6, client.now)
    assert not Client().allocation.want_permission(PEER6, 0.0)


def test_peers_of_a_family_that_was_not_granted_are_denied() -> None:
    fake = FakeServer()
    fake.relayed = [RELAYED]
    client = Client(DUAL, fake)
    assert client.allocation.want_permission(PEER6, client.now)
    assert client.allocation.want_channel(PEER6, client.now)
    events = client.settle()
    reason = "the relayed address is of the other family"
    assert events[1:] == [
        PermissionDenied(PEER6.host, 443, reason),
        ChannelDenied(PEER6, 443, reason),
    ]


def test_number_of_peers_is_bounded() -> None:
    client = allocated(config=TurnConfig(max_peers=2))
    assert [client.allocation.want_permission(peer, 0.0) for peer in peers(3)] == [
        True,
        True,
        False,
    ]


def test_nothing_can_be_wanted_of_a_released_allocation() -> None:
    client = allocated()
    client.allocation.release(client.now)
    assert not client.allocation.want_permission(PEER, client.now)
    assert not client.allocation.want_channel(PEER, client.now)


def test_send_indication_needs_a_permission() -> None:
    """RFC 8656 §11.1."""
    client = allocated()
    assert client.allocation.wrap(b"data", PEER, client.now) is None
    client.allocation.want_permission(PEER, client.now)
    client.settle()
    wrapped = client.allocation.wrap(b"data", PEER, client.now)
    assert wrapped is not None
    message = stun.parse(wrapped)
    assert message.method == Method.SEND
    assert message.get(stun.XOR_PEER_ADDRESS) == PEER
    assert message.get(stun.DATA) == b"data"


def test_each_send_indication_has_its_own_transaction_id() -> None:
    client = permitted()
    first, second = (client.allocation.wrap(b"x", PEER, client.now) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first[8:20] != second[8:20]


def test_dont_fragment_goes_into_send_indications_once_the_server_took_it() -> None:
    """RFC 8656 §7.1, §11.1."""
    client = allocated(options=AllocateOptions(dont_fragment=True))
    client.allocation.want_permission(PEER, client.now)
    client.settle()
    wrapped = client.allocation.wrap(b"x", PEER, client.now)
    assert wrapped is not None
    assert stun.DONT_FRAGMENT.type in stun.parse(wrapped).values


def test_nothing_is_sent_through_an_allocation_past_its_end() -> None:
    client = bound()
    assert client.allocation.wrap(b"x", PEER, 1599.9) is not None
    assert client.allocation.wrap(b"x", PEER, 1600.0) is None


def test_channel() -> None:
    """RFC 8656 §12.1, §12.3: binding it brings the permission too."""
    client = allocated()
    assert client.allocation.want_channel(PEER, client.now)
    assert client.allocation.want_channel(PEER, client.now)
    assert client.settle() == [PermissionGranted(PEER.host), ChannelBound(PEER, 0x4000)]
    assert client.methods() == [Method.CHANNEL_BIND]
    request = client.fake.requests[-1]
    assert request.get(stun.CHANNEL_NUMBER) == 0x4000
    assert request.get(stun.XOR_PEER_ADDRESS) == PEER
    assert client.allocation.wrap(b"data", PEER, client.now) == b"\x40\x00\x00\x04data"
    assert client.allocation.unwrap(b"\x40\x00\x00\x04data", client.now) == (PEER, b"data")


def test_channel_and_its_permission_are_kept() -> None:
    """RFC 8656 §12: 600 s for the channel, but 300 s for its permission."""
    client = bound()
    client.run_until(2200.0)
    binds = [time for time, m in client.sent if m.method == Method.CHANNEL_BIND]
    assert binds == [1540.0, 2080.0]
    for now in (1300.0, 1599.0, 2199.0):
        assert client.allocation.has_permission(PEER)
        assert client.allocation.wrap(b"x", PEER, min(now, client.now)) is not None
    assert client.allocation.unwrap(b"\x40\0\0\0", client.now) == (PEER, b"")


def test_dropped_channel_is_not_bound_again() -> None:
    client = bound()
    client.allocation.drop_channel(PEER)
    client.run_until(2000.0)
    assert Method.CHANNEL_BIND not in client.methods()
    wrapped = client.allocation.wrap(b"x", PEER, client.now)
    assert wrapped is not None
    assert wrapped[0] == 0


def test_send_indications_until_the_channel_is_confirmed() -> None:
    """RFC 8656 §12."""
    client = permitted()
    client.allocation.want_channel(PEER, client.now)
    client.request()
    wrapped = client.allocation.wrap(b"x", PEER, client.now)
    assert wrapped is not None
    assert wrapped[0] == 0


def test_channel_data_may_overtake_the_answer_to_channel_bind() -> None:
    """RFC 8656 §12: over UDP it may arrive before the success response."""
    client = allocated()
    client.allocation.want_channel(PEER, client.now)
    assert client.allocation.unwrap(b"\x40\0\0\1x", client.now) is DropReason.UNBOUND_CHANNEL
    client.request()
    assert client.allocation.unwrap(b"\x40\0\0\1x", client.now) == (PEER, b"x")


@pytest.mark.parametrize(
    ("server", "expected"),
    [(None, b"\x40\x00\x00\x03abc"), (TCP, b"\x40\x00\x00\x03abc\x00")],
)
def test_padding_on_streams_only(server: TurnServer | None, expected: bytes) -> None:
    """RFC 8656 §12.5."""
    client = bound(server)
    assert client.allocation.wrap(b"abc", PEER, client.now) == expected


def test_padding_of_datagrams_is_tolerated() -> None:
    """RFC 8656 §12.5: over UDP padding MAY be there."""
    client = bound()
    data = channel_data(0x4000, b"abc", padded=True)
    assert client.allocation.unwrap(data, client.now) == (PEER, b"abc")


@pytest.mark.parametrize("code", [403, 420, 443, 486, 508])
def test_channel_refused_leaves_send_indications(code: int) -> None:
    client = permitted()
    client.allocation.want_channel(PEER, client.now)
    client.fake.fail(Method.CHANNEL_BIND, code)
    assert client.settle() == [ChannelDenied(PEER, code, "scripted")]
    assert not client.allocation.want_channel(PEER, client.now)
    wrapped = client.allocation.wrap(b"x", PEER, client.now)
    assert wrapped is not None
    assert wrapped[0] == 0


def test_400_to_channel_bind_starts_afresh() -> None:
    """RFC 8656 §12.3: delete the allocation, then make a new one."""
    client = allocated()
    client.allocation.want_channel(PEER, client.now)
    client.fake.fail(Method.CHANNEL_BIND, 400)
    assert client.settle() == [AllocationLost(400, "scripted")]
    assert client.methods() == [Method.CHANNEL_BIND, Method.REFRESH]
    assert client.fake.requests[-1].get(stun.LIFETIME) == 0
    assert client.allocation.state is AllocationState.LOST


def test_channel_bind_unanswered_repeats_the_same_number() -> None:
    client = allocated()
    client.allocation.want_channel(PEER, client.now)
    request = client.request()
    client.now = 1039.5
    assert client.allocation.handle_timeout(request.transaction_id, client.now) == []
    events = client.settle()
    assert events[-1] == ChannelBound(PEER, 0x4000)
    assert client.fake.requests[-1].get(stun.CHANNEL_NUMBER) == 0x4000


def test_channel_bind_survives_an_error_of_the_server() -> None:
    client = allocated()
    client.allocation.want_channel(PEER, client.now)
    client.fake.fail(Method.CHANNEL_BIND, 500)
    assert client.settle() == []
    assert client.allocation.next_time() == 1005.0
    client.now = 1005.0
    assert client.settle()[-1] == ChannelBound(PEER, 0x4000)


def test_data_indication() -> None:
    """RFC 8656 §11.4."""
    client = permitted()
    raw = data_indication(PEER)
    assert client.allocation.unwrap(raw, client.now) == (PEER, b"data")
    assert client.allocation.unwrap(stun.parse(raw), client.now) == (PEER, b"data")
    other = data_indication(TransportAddress("198.51.100.99", 9))
    assert client.allocation.unwrap(other, client.now) is DropReason.NO_PERMISSION


def test_icmp_error_is_reported() -> None:
    """RFC 8656 §11.6."""
    client = permitted()
    raw = stun.build(
        Method.DATA,
        stun.MessageClass.INDICATION,
        bytes(12),
        [(stun.XOR_PEER_ADDRESS, PEER), (stun.ICMP, stun.IcmpError(3, 4, 1400))],
    )
    assert client.allocation.unwrap(raw, client.now) == PeerUnreachable(PEER, 3, 4, 1400)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", DropReason.MALFORMED),
        (b"\x00\x17", DropReason.MALFORMED),
        (b"\x50\0\0\0", DropReason.MALFORMED),
        (b"\x40", DropReason.TRUNCATED_CHANNEL_DATA),
        (b"\x40\0\0\5abcd", DropReason.TRUNCATED_CHANNEL_DATA),
        (b"\x40\1\0\0", DropReason.UNBOUND_CHANNEL),
        (b"\x4f\xff\0\0", DropReason.UNBOUND_CHANNEL),
    ],
)
def test_what_cannot_be_unwrapped(data: bytes, reason: DropReason) -> None:
    """RFC 8656 §12.6: discarded, under a name."""
    assert bound().allocation.unwrap(data, 1000.0) is reason


def test_nothing_is_unwrapped_without_an_allocation() -> None:
    assert Client().allocation.unwrap(data_indication(PEER), 0.0) is DropReason.NO_ALLOCATION
