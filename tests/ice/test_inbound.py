"""What arrives goes to the part that waits for it, or is counted and dropped (RFC 7983)."""

import pytest

from peer.ice import (
    DataReceived,
    DropReason,
    GatherPolicy,
    IceConfig,
    Limits,
    StunServer,
    TransportAddress,
    stun,
)
from peer.ice.base import Base
from peer.ice.conclusion import validate
from peer.ice.gathering import gather, start_one
from peer.ice.inbound import receive, receive_data
from peer.ice.session import Session
from peer.ice.stream import Stream

from .builders import add_bases, binding_request, make_session, make_stream

SOURCE = TransportAddress("192.0.2.99", 9999)
SERVER = StunServer(TransportAddress("203.0.113.1", 3478), "stun:one")


def scene(config: IceConfig | None = None) -> tuple[Session, Stream, Base]:
    session = make_session(config)
    stream = make_stream(session)
    (base,) = add_bases(session, stream, "10.0.0.1")
    session.events.clear()
    return session, stream, base


def authentic(stream: Stream) -> bytes:
    """A check of the peer's."""
    local = stream.current.local
    return binding_request(f"{local.username_fragment}:peer", local.password.encode())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", DropReason.RESERVED_FIRST_BYTE),
        (b"\x04zrtp", DropReason.RESERVED_FIRST_BYTE),
        (b"\xff", DropReason.RESERVED_FIRST_BYTE),
        (b"\x16\xfe\xfd", DropReason.UNVALIDATED_SOURCE),
        (b"\x80\x60", DropReason.UNVALIDATED_SOURCE),
        (b"\x00\x01\x00\x03" + bytes(16), DropReason.UNVALIDATED_SOURCE),
        (b"\x40\x00\x00\x01a", DropReason.RELAY_UNEXPECTED),
        (
            stun.build(stun.Method.ALLOCATE, stun.MessageClass.REQUEST, bytes(12)),
            DropReason.UNKNOWN_METHOD,
        ),
        (
            stun.build(stun.Method.DATA, stun.MessageClass.INDICATION, bytes(12)),
            DropReason.RELAY_UNEXPECTED,
        ),
        (
            stun.build(stun.Method.BINDING, stun.MessageClass.SUCCESS, bytes(12)),
            DropReason.UNKNOWN_TRANSACTION,
        ),
    ],
)
def test_what_proves_nothing(data: bytes, reason: DropReason) -> None:
    session, _, base = scene()
    receive(session, base, SOURCE, data)
    assert session.drops == {reason: 1}
    assert (list(session.events), session.transmits) == ([], [])


def test_an_indication_that_keeps_a_mapping_alive_is_no_news() -> None:
    """RFC 8445 §11."""
    session, _, base = scene()
    indication = stun.build(stun.Method.BINDING, stun.MessageClass.INDICATION, bytes(12))
    assert receive(session, base, SOURCE, indication) is False
    assert session.drops == {}


def test_data_makes_nothing_due() -> None:
    session, stream, base = scene()
    validate(session, stream, base, SOURCE)
    session.events.clear()
    assert receive(session, base, SOURCE, b"\x80data") is False
    assert list(session.events) == [
        DataReceived("0", 1, b"\x80data", base.address, SOURCE),
    ]
    assert receive(session, base, SOURCE, authentic(stream)) is True


def test_events_nobody_collects_are_bounded() -> None:
    session, stream, base = scene(IceConfig(limits=Limits(events=3)))
    validate(session, stream, base, SOURCE)
    for _ in range(5):
        receive_data(session, base, SOURCE, b"\x80")
    assert len(session.events) == 3
    assert session.drops == {DropReason.TOO_MANY_EVENTS: 3}
    assert stream.other_traffic[1].packets_received == 5


@pytest.mark.parametrize("data", [b"\x80data", b"check"])
def test_a_base_that_was_freed_takes_nothing(data: bytes) -> None:
    """Its socket may be kept a while, for the sake of an allocation that is being deleted."""
    session, stream, base = scene()
    validate(session, stream, base, SOURCE)
    base.released = True
    receive(session, base, SOURCE, authentic(stream) if data == b"check" else data)
    assert session.drops == {DropReason.UNKNOWN_LOCAL_ADDRESS: 1}
    assert session.transmits == []


def test_the_relay_policy_answers_over_relays_only() -> None:
    """The answer would show the address that the policy hides."""
    session, stream, base = scene(IceConfig(gather_policy=GatherPolicy.RELAY))
    receive(session, base, SOURCE, authentic(stream))
    assert session.drops == {DropReason.UNKNOWN_LOCAL_ADDRESS: 1}
    assert session.transmits == []


def test_a_server_is_believed_from_its_address_only() -> None:
    session, _, base = scene()
    gather(session, base, [SERVER])
    start_one(session)
    (request,) = session.transactions.all()
    response = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.SUCCESS,
        request.tid,
        [(stun.XOR_MAPPED_ADDRESS, TransportAddress("198.51.100.1", 7000))],
    )
    receive(session, base, SOURCE, response)
    assert session.drops == {DropReason.RESPONSE_WRONG_ADDRESS: 1}
    assert session.transactions.all() == [request]
    receive(session, base, SERVER.address, response)
    assert session.transactions.all() == []
    assert not session.lossy


def test_an_answer_to_a_repeated_request_tells_of_loss() -> None:
    session, _, base = scene()
    gather(session, base, [SERVER])
    start_one(session)
    (request,) = session.transactions.all()
    session.now = 0.5
    session.transactions.pop_due(0.5)
    response = stun.build(stun.Method.BINDING, stun.MessageClass.SUCCESS, request.tid)
    receive(session, base, SERVER.address, response)
    assert session.lossy
