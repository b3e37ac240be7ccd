"""What each error to an Allocate request leads to (RFC 8656 §7.4), one test a code."""

import pytest

from peer.ice import stun
from peer.ice.address import TransportAddress
from peer.ice.stun import Method
from peer.ice.turn import (
    Allocated,
    AllocateOptions,
    AllocationFailed,
    AllocationState,
    EvenPort,
    Remedy,
    ServerRedirected,
    TurnServer,
    TurnTransport,
)

from .server import ADDRESS, CLIENT, RELAYED, SERVER, Attributes, Client, FakeServer

OTHER = TransportAddress("203.0.113.2", 3478)
TLS = TurnServer(ADDRESS, "turns:a", "user", "secret", transport=TurnTransport.TLS)


def fail(code: int, attributes: Attributes = (), client: Client | None = None) -> AllocationFailed:
    """The event that ends an allocation after one error to the signed request."""
    client = client or Client()
    client.fake.fail(Method.ALLOCATE, code, attributes)
    (event,) = client.settle()
    assert isinstance(event, AllocationFailed)
    assert event.code == code
    assert event.url == SERVER.url
    assert client.allocation.state is AllocationState.FAILED
    assert client.allocation.next_time() is None
    return event


@pytest.mark.parametrize("code", [400, 403, 420, 440, 441, 442, 499, 600])
def test_errors_that_end_it(code: int) -> None:
    """400, 403, 440, 441, 442 and those nobody knows: no retry."""
    event = fail(code)
    assert (event.remedy, event.retry_at) == (Remedy.NONE, None)


def test_401_to_the_signed_request() -> None:
    """The credentials are wrong: one retry, then report."""
    client = Client(fake=FakeServer(user="other"))
    (event,) = client.settle()
    assert isinstance(event, AllocationFailed)
    assert (event.code, event.remedy) == (401, Remedy.NONE)
    assert client.methods() == [Method.ALLOCATE, Method.ALLOCATE]


def test_408() -> None:
    """Another transport may do."""
    assert fail(408).remedy is Remedy.OTHER_TRANSPORT


def test_no_answer_at_all() -> None:
    client = Client()
    request = client.request()
    (event,) = client.allocation.handle_timeout(request.transaction_id, 1039.5)
    assert event == AllocationFailed(701, "no answer", SERVER.url, Remedy.OTHER_TRANSPORT)


@pytest.mark.parametrize(("attempt", "again"), [(1, True), (2, True), (3, False)])
def test_437(attempt: int, again: bool) -> None:
    """Three local ports, then leave the server alone for two minutes."""
    event = fail(437, client=Client(local_port_attempt=attempt))
    if again:
        assert (event.remedy, event.retry_at) == (Remedy.NEW_PORT, 1000.0)
    else:
        assert (event.remedy, event.retry_at) == (Remedy.LATER, 1120.0)


def test_438() -> None:
    """A new nonce, at once."""
    client = Client()
    client.exchange()
    client.fake.nonce = "nonce-2"
    assert client.settle() == [Allocated((RELAYED,), CLIENT, 600.0)]


def test_486() -> None:
    """Wait at least a minute."""
    event = fail(486)
    assert (event.remedy, event.retry_at) == (Remedy.LATER, 1060.0)


def test_508() -> None:
    """Wait at least a minute."""
    event = fail(508)
    assert (event.remedy, event.retry_at) == (Remedy.LATER, 1060.0)


@pytest.mark.parametrize(
    "options",
    [AllocateOptions(even_port=EvenPort.EVEN), AllocateOptions(reservation_token=bytes(8))],
)
def test_508_with_wishes_is_tried_without_them_at_once(options: AllocateOptions) -> None:
    client = Client(options=options)
    client.fake.fail(Method.ALLOCATE, 508)
    (event,) = client.settle()
    assert isinstance(event, Allocated)
    last = client.fake.requests[-1]
    assert last.get(stun.EVEN_PORT) is None
    assert last.get(stun.RESERVATION_TOKEN) is None


def test_420_on_dont_fragment_is_tried_without_it() -> None:
    client = Client(options=AllocateOptions(dont_fragment=True))
    client.fake.fail(Method.ALLOCATE, 420, [(stun.UNKNOWN_ATTRIBUTES, (0x001A,))])
    (event,) = client.settle()
    assert isinstance(event, Allocated)
    assert stun.DONT_FRAGMENT.type not in client.fake.requests[-1].values


@pytest.mark.parametrize("unknown", [(), (0x0019,)])
def test_420_on_something_else_ends_it(unknown: tuple[int, ...]) -> None:
    client = Client(options=AllocateOptions(dont_fragment=True))
    assert fail(420, [(stun.UNKNOWN_ATTRIBUTES, unknown)], client).remedy is Remedy.NONE


def test_500_is_tried_again_four_times_at_growing_pauses() -> None:
    """RFC 8489 §6.3.4: 5xx at most four times more."""
    client = Client()
    client.fake.fail(Method.ALLOCATE, 500, times=9)
    (event,) = client.run_until(1100.0)
    assert isinstance(event, AllocationFailed)
    assert (event.code, event.remedy) == (500, Remedy.LATER)
    assert [time for time, _ in client.sent] == [1000.0, 1000.0, 1001.0, 1003.0, 1007.0, 1015.0]


def test_500_then_success() -> None:
    client = Client()
    client.fake.fail(Method.ALLOCATE, 500)
    (event,) = client.run_until(1100.0)
    assert isinstance(event, Allocated)


def test_error_response_without_error_code_is_a_failure() -> None:
    """RFC 8489 §6.3.4; counted as a server's error."""
    client = Client()
    request = client.request()
    answer = stun.build(Method.ALLOCATE, stun.MessageClass.ERROR, request.transaction_id)
    assert client.take(answer) == []
    assert client.allocation.next_time() == 1001.0


def test_success_with_attributes_that_must_be_understood_is_a_failure() -> None:
    """RFC 8489 §6.3.3."""
    client = Client()
    unknown = stun.Attribute(0x7FFF, "UNKNOWN", stun.DATA.encode, stun.DATA.decode)
    client.fake.extra = [(unknown, b"")]
    (event,) = client.settle()
    assert isinstance(event, AllocationFailed)
    assert event.code == 420


def redirect(address: TransportAddress = OTHER, domain: str | None = None) -> Attributes:
    attributes: Attributes = [(stun.ALTERNATE_SERVER, address)]
    return attributes if domain is None else [*attributes, (stun.ALTERNATE_DOMAIN, domain)]


def test_300() -> None:
    """RFC 8489 §10: the alternate server, same transport and credentials, bare at first."""
    client = Client()
    client.fake.fail(Method.ALLOCATE, 300, redirect())
    events = client.settle()
    assert events == [ServerRedirected(OTHER, None), Allocated((RELAYED,), CLIENT, 600.0)]
    assert client.allocation.server.address == OTHER
    assert client.allocation.server.url == SERVER.url
    assert [m.has_integrity for m in client.fake.requests] == [False, True, False, True]


def test_300_to_a_bare_request() -> None:
    client = Client()
    request = client.request()
    answer = client.fake.error(stun.parse(request.data), 300, redirect())
    assert client.take(answer) == [ServerRedirected(OTHER, None)]


def test_300_to_a_signed_request_must_be_signed() -> None:
    """RFC 8489 §9.2.5: or anybody could lead us away."""
    client = Client()
    client.exchange()
    request = client.request()
    forged = client.fake.error(stun.parse(request.data), 300, redirect())
    assert client.take(forged) == []
    assert client.allocation.server.address == ADDRESS
    assert client.allocation.awaits(request.transaction_id)


def test_300_into_a_private_network_must_be_signed() -> None:
    """Whoever answers a bare request may be anybody; the server knows its own network."""
    client, inside = Client(), TransportAddress("10.0.0.9", 3478)
    request = client.request()
    (event,) = client.take(client.fake.error(stun.parse(request.data), 300, redirect(inside)))
    assert isinstance(event, AllocationFailed)
    assert (event.code, event.reason) == (300, "no usable ALTERNATE-SERVER")
    client = Client()
    client.fake.fail(Method.ALLOCATE, 300, redirect(inside))
    assert client.settle()[0] == ServerRedirected(inside, None)


def test_300_names_the_certificate() -> None:
    """RFC 8489 §10: ALTERNATE-DOMAIN, else the original name."""
    client = Client(TLS)
    client.fake.fail(Method.ALLOCATE, 300, redirect(domain="turn2.example.org"))
    assert client.settle()[0] == ServerRedirected(OTHER, "turn2.example.org")


def test_300_in_a_circle_ends_it() -> None:
    """RFC 8489 §10: not to a server asked within five minutes."""
    client = Client()
    client.fake.fail(Method.ALLOCATE, 300, redirect(OTHER))
    client.fake.fail(Method.ALLOCATE, 300, redirect(ADDRESS))
    events = client.settle()
    assert events[0] == ServerRedirected(OTHER, None)
    assert isinstance(events[1], AllocationFailed)
    assert (events[1].code, events[1].reason) == (300, "redirected in a circle")


def test_300_on_and_on_ends_it() -> None:
    client = Client()
    for number in range(2, 20):
        client.fake.fail(
            Method.ALLOCATE, 300, redirect(TransportAddress(f"203.0.113.{number}", 3478))
        )
    events = client.settle()
    assert len(events) == 6
    assert isinstance(events[-1], AllocationFailed)


@pytest.mark.parametrize(
    "attributes",
    [
        [],
        [(stun.ALTERNATE_SERVER, ("2001:db8::2", 3478))],
        [(stun.ALTERNATE_SERVER, ("203.0.113.2", 0))],
        [(stun.ALTERNATE_SERVER, ("127.0.0.1", 3478))],
        [(stun.ALTERNATE_SERVER, ("169.254.169.254", 80))],
    ],
)
def test_300_without_a_server_we_can_reach_ends_it(attributes: Attributes) -> None:
    assert fail(300, attributes).remedy is Remedy.NONE


def test_300_with_servers_of_both_families() -> None:
    """RFC 8489 §10: the one of our family."""
    client = Client()
    both = [(stun.ALTERNATE_SERVER, ("2001:db8::2", 3478)), (stun.ALTERNATE_SERVER, OTHER)]
    client.fake.fail(Method.ALLOCATE, 300, both)
    assert client.settle()[0] == ServerRedirected(OTHER, None)


def test_integrity_violated_over_udp_goes_on_waiting_and_says_so_at_the_end() -> None:
    """RFC 8489 §9.2.5: discarded; the timeout then says that integrity was violated."""
    client = Client()
    client.exchange()
    request = client.request()
    assert client.take(client.fake.error(stun.parse(request.data), 486)) == []
    (event,) = client.allocation.handle_timeout(request.transaction_id, 1039.5)
    assert isinstance(event, AllocationFailed)
    assert (event.code, event.reason) == (701, "integrity violated, claimed error 486")


def test_integrity_violated_over_tls_ends_it_at_once() -> None:
    """RFC 8489 §9.2.5: over a reliable transport the transaction ends immediately."""
    client = Client(TLS)
    client.exchange()
    request = client.request()
    (event,) = client.take(client.fake.error(stun.parse(request.data), 486))
    assert isinstance(event, AllocationFailed)
    assert event.code == 701


def test_unsigned_400_is_discarded() -> None:
    """RFC 8489 §9.2.5."""
    client = Client()
    request = client.request()
    assert client.take(client.fake.error(stun.parse(request.data), 400)) == []
    assert client.allocation.awaits(request.transaction_id)
