"""An allocation's life: made, refreshed, released (RFC 8656 §7, §8)."""

from math import inf
from typing import Any

import pytest

from peer.ice import stun
from peer.ice.address import TransportAddress
from peer.ice.stun import KeyAlgorithm, Method, PasswordAlgorithm
from peer.ice.turn import (
    Allocated,
    AllocateOptions,
    AllocationFailed,
    AllocationLost,
    AllocationState,
    EvenPort,
    RelayFamily,
    Released,
    Remedy,
    TurnConfig,
    TurnServer,
    TurnTransport,
)

from .server import (
    ADDRESS,
    CLIENT,
    PEER,
    RELAYED,
    RELAYED6,
    SERVER,
    Client,
    FakeServer,
    allocated,
)

IPV6 = TurnServer(ADDRESS, "turn:a", "user", "secret", address_family=RelayFamily.IPV6)
DUAL = TurnServer(ADDRESS, "turn:a", "user", "secret", address_family=RelayFamily.DUAL)
TCP = TurnServer(ADDRESS, "turn:a", "user", "secret", transport=TurnTransport.TCP)


def test_bare_request_then_the_signed_one() -> None:
    """RFC 8656 §7.1, RFC 8489 §9.2: the second is a new transaction."""
    client = Client()
    assert client.allocation.next_time() == -inf
    assert client.exchange() == []
    assert client.exchange() == [Allocated((RELAYED,), CLIENT, 600.0)]
    (_, bare), (_, signed) = client.sent
    assert list(bare.values) == [stun.REQUESTED_TRANSPORT.type]
    assert bare.raw[20:] == bytes.fromhex("0019000411000000")
    assert not bare.has_integrity
    assert bare.transaction_id != signed.transaction_id
    assert signed.get(stun.USERNAME) == "user"
    assert stun.verify_integrity(signed, stun.long_term_key("user", "example.org", "secret"))
    allocation = client.allocation
    assert allocation.state is AllocationState.ALLOCATED
    assert (allocation.relayed, allocation.mapped) == ((RELAYED,), CLIENT)
    assert allocation.expires == 1600.0


def test_one_allocate_request_at_a_time() -> None:
    client = Client()
    request = client.request()
    assert client.allocation.next_time() is None
    assert client.allocation.start(client.now) is None
    assert client.allocation.awaits(request.transaction_id)
    assert not client.allocation.awaits(bytes(12))


def test_answers_pace_what_follows_them() -> None:
    """The first request makes a mapping (RFC 8445 §B.1), the others follow answers."""
    client = Client()
    clocked = [client.allocation.is_clocked]
    for _ in range(2):
        request = client.request()
        clocked.append(client.allocation.is_clocked)
        client.take(client.fake.answer(request.data))
        clocked.append(client.allocation.is_clocked)
    assert clocked == [False, False, True, False, True]


def test_a_connection_that_is_open_is_an_answer() -> None:
    client = Client(TCP)
    assert client.allocation.is_clocked


@pytest.mark.parametrize(
    ("server", "options", "config", "expected"),
    [
        (SERVER, AllocateOptions(), TurnConfig(), {}),
        (IPV6, AllocateOptions(), TurnConfig(), {stun.REQUESTED_ADDRESS_FAMILY: 2}),
        (DUAL, AllocateOptions(), TurnConfig(), {stun.ADDITIONAL_ADDRESS_FAMILY: 2}),
        (SERVER, AllocateOptions(even_port=EvenPort.EVEN), TurnConfig(), {stun.EVEN_PORT: False}),
        (
            SERVER,
            AllocateOptions(even_port=EvenPort.RESERVE_NEXT),
            TurnConfig(),
            {stun.EVEN_PORT: True},
        ),
        (
            SERVER,
            AllocateOptions(reservation_token=b"12345678"),
            TurnConfig(),
            {stun.RESERVATION_TOKEN: b"12345678"},
        ),
        (SERVER, AllocateOptions(dont_fragment=True), TurnConfig(), {stun.DONT_FRAGMENT: True}),
        (SERVER, AllocateOptions(), TurnConfig(lifetime=3600), {stun.LIFETIME: 3600}),
        (SERVER, AllocateOptions(), TurnConfig(software="test"), {stun.SOFTWARE: "test"}),
    ],
)
def test_what_is_asked_for(
    server: TurnServer,
    options: AllocateOptions,
    config: TurnConfig,
    expected: dict[stun.Attribute[Any], Any],
) -> None:
    """RFC 8656 §7.1, with no attribute more than that."""
    client = Client(server, options=options, config=config)
    client.request()
    ((_, message),) = client.sent
    assert {a: message.get(a) for a in expected} == expected
    assert set(message.values) == {0x0019, *(a.type for a in expected)}


def test_reservation_token_in_the_answer_is_reported() -> None:
    """RFC 8656 §7.2."""
    fake = FakeServer()
    fake.extra = [(stun.RESERVATION_TOKEN, b"abcdefgh")]
    (event,) = Client(fake=fake).settle()
    assert isinstance(event, Allocated)
    assert event.reservation_token == b"abcdefgh"


def test_lifetime_is_the_one_returned() -> None:
    """RFC 8656 §7.3: not the one asked for."""
    fake = FakeServer()
    fake.lifetime = 900
    client = allocated(fake=fake, config=TurnConfig(lifetime=3600))
    assert client.allocation.expires == 1900.0
    assert client.allocation.next_time() == 1840.0


def test_lifetime_left_out_is_the_default() -> None:
    """RFC 8656 §5: 600 s."""
    fake = FakeServer()
    fake.lifetime = None
    assert allocated(fake=fake).allocation.expires == 1600.0


def test_lifetime_counts_from_the_sending() -> None:
    client = Client()
    client.exchange()
    request = client.request()
    client.now += 7.0
    client.take(client.fake.answer(request.data))
    assert client.allocation.expires == 1600.0


@pytest.mark.parametrize(
    ("server", "relayed"),
    [
        (SERVER, []),
        (SERVER, [RELAYED6]),
        (SERVER, [RELAYED, RELAYED6]),
        (IPV6, [RELAYED]),
        (DUAL, [RELAYED, RELAYED]),
    ],
)
def test_addresses_not_asked_for_are_deleted(
    server: TurnServer, relayed: list[TransportAddress]
) -> None:
    """RFC 8656 §7.3: MUST delete the allocation and MUST NOT try again."""
    fake = FakeServer()
    fake.relayed = relayed
    client = Client(server, fake)
    (event,) = client.settle()
    assert isinstance(event, AllocationFailed)
    assert (event.remedy, event.retry_at) == (Remedy.NONE, None)
    assert client.methods() == [Method.ALLOCATE, Method.ALLOCATE, Method.REFRESH]
    assert fake.requests[-1].get(stun.LIFETIME) == 0
    assert client.allocation.next_time() is None


@pytest.mark.parametrize(
    "relayed",
    [("0.0.0.0", 5000), ("127.0.0.1", 5000), ("224.0.0.1", 5000), ("192.0.2.7", 0)],
)
def test_relayed_addresses_that_cannot_be_candidates_are_given_back(
    relayed: tuple[str, int],
) -> None:
    fake = FakeServer()
    fake.relayed = [TransportAddress(*relayed)]
    client = Client(fake=fake)
    (event,) = client.settle()
    assert isinstance(event, AllocationFailed)
    assert "cannot be a candidate" in event.reason
    assert client.methods() == [Method.ALLOCATE, Method.ALLOCATE, Method.REFRESH]
    assert fake.requests[-1].get(stun.LIFETIME) == 0


def test_address_of_an_unknown_family_is_deleted() -> None:
    """RFC 8656 §7.3."""
    client = Client()
    client.exchange()
    raw = stun.Attribute(0x0016, "XOR-RELAYED-ADDRESS", stun.DATA.encode, stun.DATA.decode)
    client.fake.relayed = []
    client.fake.extra = [(raw, b"\0\3" + bytes(6))]
    assert client.exchange() == []
    assert client.allocation.state is AllocationState.DISCARDING
    (event,) = client.exchange()
    assert isinstance(event, AllocationFailed)


def test_refreshed_a_minute_before_it_expires() -> None:
    """RFC 8656 §8."""
    client = allocated()
    assert client.run_until(5000.0) == []
    assert [time for time, _ in client.sent] == [1540.0 + 540.0 * n for n in range(7)]
    assert set(client.methods()) == {Method.REFRESH}
    assert client.allocation.expires == 1540.0 + 540.0 * 6 + 600.0


def test_refresh_asks_for_the_configured_lifetime() -> None:
    client = allocated(config=TurnConfig(lifetime=1200))
    client.run_until(1600.0)
    assert client.sent[0][1].get(stun.LIFETIME) == 1200


def test_short_lifetime_is_refreshed_half_way() -> None:
    fake = FakeServer()
    fake.lifetime = 30
    assert allocated(fake=fake).allocation.next_time() == 1015.0


def test_refresh_unanswered_is_repeated_until_the_end() -> None:
    client = allocated()
    client.now = 1540.0
    request = client.request()
    client.now = 1579.5
    assert client.allocation.handle_timeout(request.transaction_id, client.now) == []
    assert client.allocation.next_time() == 1579.5
    request = client.request()
    client.now = 1619.0
    (event,) = client.allocation.handle_timeout(request.transaction_id, client.now)
    assert event == AllocationLost(701, "no answer")
    assert client.allocation.next_time() is None


def test_refresh_refused_for_a_passing_reason_is_repeated() -> None:
    client = allocated()
    client.fake.fail(Method.REFRESH, 500)
    assert client.run_until(1600.0) == []
    assert [time for time, _ in client.sent] == [1540.0, 1545.0]
    assert client.allocation.expires == 1545.0 + 600.0


@pytest.mark.parametrize("code", [437, 441])
def test_refresh_refused_for_good_loses_the_allocation(code: int) -> None:
    """RFC 8656 §8.3, §5."""
    client = allocated()
    client.fake.fail(Method.REFRESH, code)
    assert client.run_until(1600.0) == [AllocationLost(code, "scripted")]
    assert client.allocation.state is AllocationState.LOST
    assert client.allocation.wrap(b"x", PEER, client.now) is None


def test_refresh_with_no_lifetime_left_loses_the_allocation() -> None:
    client = allocated()
    client.fake.lifetime = 0
    (event,) = client.run_until(1600.0)
    assert isinstance(event, AllocationLost)


@pytest.mark.parametrize("code", [0, 437, 403])
def test_release_deletes_and_always_ends(code: int) -> None:
    """RFC 8656 §8, §8.3: LIFETIME 0; 437 counts as success."""
    client = allocated()
    if code:
        client.fake.fail(Method.REFRESH, code)
    client.allocation.release(client.now)
    assert client.allocation.wrap(b"x", PEER, client.now) is None
    assert client.settle() == [Released()]
    assert client.fake.requests[-1].get(stun.LIFETIME) == 0
    assert client.methods() == [Method.REFRESH]
    assert client.allocation.state is AllocationState.RELEASED
    assert client.allocation.next_time() is None


def test_release_ends_although_the_server_is_dead() -> None:
    client = allocated()
    client.allocation.release(client.now)
    request = client.request()
    assert client.allocation.next_time() is None
    assert client.allocation.handle_timeout(request.transaction_id, 1010.0) == [Released()]


def test_release_with_a_stale_nonce() -> None:
    client = allocated()
    client.fake.nonce = "nonce-2"
    client.allocation.release(client.now)
    assert client.settle() == [Released()]
    assert client.methods() == [Method.REFRESH, Method.REFRESH]


def test_release_does_not_wait_for_requests_on_their_way() -> None:
    client = allocated()
    client.now = 1540.0
    refresh = client.request()
    client.allocation.release(client.now)
    assert not client.allocation.awaits(refresh.transaction_id)
    assert client.settle() == [Released()]


def test_release_before_anything_was_sent() -> None:
    client = Client()
    client.allocation.release(client.now)
    assert client.allocation.state is AllocationState.RELEASED
    assert client.allocation.next_time() is None


def test_release_while_the_bare_request_is_out_makes_no_allocation() -> None:
    client = Client()
    request = client.request()
    client.allocation.release(client.now)
    assert client.allocation.next_time() is None
    assert client.take(client.fake.answer(request.data)) == [Released()]
    assert not client.fake.allocated
    assert client.allocation.next_time() is None


def test_release_after_the_challenge_makes_no_allocation() -> None:
    client = Client()
    client.exchange()
    client.allocation.release(client.now)
    assert client.allocation.state is AllocationState.RELEASED
    assert client.allocation.next_time() is None


def test_release_while_the_signed_request_is_out_deletes_what_it_made() -> None:
    client = Client()
    client.exchange()
    request = client.request()
    client.allocation.release(client.now)
    assert client.take(client.fake.answer(request.data)) == []
    assert client.settle() == [Released()]
    assert client.fake.requests[-1].get(stun.LIFETIME) == 0


def test_release_while_the_signed_request_is_out_and_fails() -> None:
    client = Client()
    client.exchange()
    request = client.request()
    client.allocation.release(client.now)
    events = client.allocation.handle_timeout(request.transaction_id, 1010.0)
    assert events == [Released()]
    assert client.allocation.next_time() is None


def test_late_and_foreign_responses_change_nothing() -> None:
    client = Client()
    client.exchange()
    request = client.request()
    answer = client.fake.answer(request.data)
    client.allocation.handle_timeout(request.transaction_id, client.now)
    assert client.take(answer) == []
    assert client.allocation.handle_timeout(request.transaction_id, client.now) == []


def test_response_with_the_wrong_method_or_class_changes_nothing() -> None:
    client = Client()
    request = client.request()
    for method, message_class in (
        (Method.REFRESH, stun.MessageClass.SUCCESS),
        (Method.ALLOCATE, stun.MessageClass.INDICATION),
        (Method.ALLOCATE, stun.MessageClass.REQUEST),
    ):
        assert client.take(stun.build(method, message_class, request.transaction_id)) == []
    assert client.allocation.awaits(request.transaction_id)


@pytest.mark.parametrize("method", [Method.REFRESH, Method.CREATE_PERMISSION, Method.CHANNEL_BIND])
def test_nonce_may_go_stale_at_any_request(method: Method) -> None:
    """RFC 8656 §5, RFC 8489 §9.2.5: 438 is answered with the new nonce, nothing is lost."""
    client = allocated()
    client.fake.nonce = "nonce-2"
    if method is Method.CREATE_PERMISSION:
        client.allocation.want_permission(PEER, client.now)
    elif method is Method.CHANNEL_BIND:
        client.allocation.want_channel(PEER, client.now)
    else:
        client.now = 1540.0
    events = client.settle()
    assert client.methods() == [method, method]
    assert client.fake.requests[-1].get(stun.NONCE) == "nonce-2"
    assert len(events) == {Method.REFRESH: 0, Method.CREATE_PERMISSION: 1}.get(method, 2)


def test_server_that_calls_every_nonce_stale_does_not_go_on_for_ever() -> None:
    client = Client()
    client.fake.fail(Method.ALLOCATE, 438, [(stun.NONCE, "n"), (stun.REALM, "r")], times=20)
    client.exchange()
    (event,) = client.settle()
    assert isinstance(event, AllocationFailed)
    assert event.code == 438
    assert len(client.sent) <= 6


def test_sha256_throughout() -> None:
    """RFC 8656 §5: SHA-256 where offered, MESSAGE-INTEGRITY-SHA256 only from then on."""
    fake = FakeServer()
    fake.nonce = "obMatJos2wAAAn"
    fake.algorithms = (
        PasswordAlgorithm(KeyAlgorithm.MD5),
        PasswordAlgorithm(KeyAlgorithm.SHA256),
    )
    client = allocated(fake=fake)
    client.run_until(1600.0)
    assert client.methods() == [Method.REFRESH]
    for request in fake.requests[1:]:
        assert request.has_integrity_sha256
        assert not request.has_integrity
        assert request.get(stun.USERNAME) is None
        assert request.get(stun.USERHASH) == stun.userhash("user", "example.org")
        assert request.get(stun.PASSWORD_ALGORITHM) == (2, b"")
        assert request.get(stun.PASSWORD_ALGORITHMS) == fake.algorithms


def test_new_credentials_take_over_when_the_old_ones_are_refused() -> None:
    client = allocated()
    client.allocation.update_credentials("next", "word")
    client.run_until(1600.0)
    assert client.fake.requests[-1].get(stun.USERNAME) == "user"
    client.fake.users = {"next": "word"}
    assert client.run_until(2100.0) == []
    assert client.fake.requests[-1].get(stun.USERNAME) == "next"


def test_unusable_new_credentials_are_an_error_at_once() -> None:
    with pytest.raises(ValueError, match="508"):
        Client().allocation.update_credentials("u" * 600, "word")


def test_connection_lost() -> None:
    """RFC 8656 §3.1: an allocation over TCP ends with its connection."""
    client = allocated(TCP)
    events = client.allocation.handle_connection_lost(client.now, "closed")
    assert events == [AllocationLost(701, "closed")]
    assert client.allocation.handle_connection_lost(client.now, "closed") == []


def test_connection_lost_while_allocating_or_releasing() -> None:
    client = Client(TCP)
    client.request()
    (event,) = client.allocation.handle_connection_lost(client.now, "closed")
    assert isinstance(event, AllocationFailed)
    assert (event.code, event.remedy) == (701, Remedy.OTHER_TRANSPORT)
    client = allocated(TCP)
    client.allocation.release(client.now)
    assert client.allocation.handle_connection_lost(client.now, "closed") == [Released()]


def test_calling_early_gives_nothing() -> None:
    client = allocated()
    assert client.allocation.start(1539.9) is None
    assert client.allocation.start(0.0) is None
