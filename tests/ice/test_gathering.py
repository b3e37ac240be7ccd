"""Asking STUN servers for the mapped address (RFC 8445 §5.1.1.2)."""

from typing import Any

import pytest

from peer.ice import (
    CandidateGathered,
    CandidateType,
    GatheringFailed,
    GatherPolicy,
    IceConfig,
    StunServer,
    TransportAddress,
    stun,
)
from peer.ice.base import Base
from peer.ice.binding import BindingState, ServerBinding
from peer.ice.gathering import (
    UNREACHABLE,
    fail,
    gather,
    gathering_timeout,
    handle_response,
    is_pending,
    keep,
    next_time,
    restart,
    start_one,
    wanted,
)
from peer.ice.session import Session
from peer.ice.stream import Stream
from peer.ice.transaction import ServerRequest

from .builders import add_bases, make_session, make_stream

SERVER = StunServer(TransportAddress("203.0.113.1", 3478), "stun:one")
SERVER6 = StunServer(TransportAddress("2001:db8::1", 3478), "stun:six")
MAPPED = TransportAddress("198.51.100.9", 7000)


def scene(config: IceConfig | None = None) -> tuple[Session, Stream, Base]:
    """A stream with a base that asks one server."""
    session = make_session(config)
    stream = make_stream(session)
    (base,) = add_bases(session, stream, "10.0.0.1")
    gather(session, base, [SERVER, SERVER6])
    session.events.clear()
    return session, stream, base


def answer(session: Session, stream: Stream, *attributes: tuple[stun.Attribute[Any], Any]) -> None:
    """Start the request that is due and answer it."""
    assert start_one(session)
    (request,) = [each for each in session.transactions.all() if isinstance(each, ServerRequest)]
    failed = any(attribute is stun.ERROR_CODE for attribute, _ in attributes)
    kind = stun.MessageClass.ERROR if failed else stun.MessageClass.SUCCESS
    response = stun.build(stun.Method.BINDING, kind, request.tid, list(attributes))
    handle_response(session, stream, request, stun.parse(response))


def reflexive(session: Session) -> list[TransportAddress]:
    """The server-reflexive candidates told of."""
    return [
        event.candidate.address
        for event in session.events
        if isinstance(event, CandidateGathered)
        and event.candidate.type is CandidateType.SERVER_REFLEXIVE
    ]


def test_only_servers_of_the_family_are_asked() -> None:
    session, _, _ = scene()
    assert [binding.server for binding in session.bindings] == [SERVER]


@pytest.mark.parametrize(
    "config", [IceConfig(lite=True), IceConfig(gather_policy=GatherPolicy.RELAY)]
)
def test_who_needs_no_reflexive_candidates_asks_nobody(config: IceConfig) -> None:
    session, _, _ = scene(config)
    assert session.bindings == []


@pytest.mark.parametrize("attribute", [stun.XOR_MAPPED_ADDRESS, stun.MAPPED_ADDRESS])
def test_either_form_of_the_mapped_address(attribute: stun.Attribute[Any]) -> None:
    """RFC 8489 §11: servers of RFC 3489's age know only the plain one."""
    session, stream, _ = scene()
    answer(session, stream, (attribute, MAPPED))
    assert reflexive(session) == [MAPPED]
    assert not is_pending(session, stream)
    assert session.transactions.all() == []


def test_a_keepalive_that_shows_the_same_is_no_news() -> None:
    """RFC 8445 §5.1.1.4: every 15 s until ICE is done; another address is another candidate."""
    session, stream, _ = scene()
    answer(session, stream, (stun.XOR_MAPPED_ADDRESS, MAPPED))
    assert (wanted(session), next_time(session)) == (None, 15.0)
    session.now = 15.0
    answer(session, stream, (stun.XOR_MAPPED_ADDRESS, MAPPED))
    session.now = 30.0
    moved = TransportAddress(MAPPED.host, 7001)
    answer(session, stream, (stun.XOR_MAPPED_ADDRESS, moved))
    assert reflexive(session) == [MAPPED, moved]
    stream.current.completed_at = 40.0
    session.now = 45.0
    assert (wanted(session), next_time(session)) == (None, None)


def test_a_refusal_is_told_with_the_servers_words() -> None:
    session, stream, base = scene()
    answer(session, stream, (stun.ERROR_CODE, stun.ErrorCode(500, "Tired")))
    assert list(session.events) == [
        GatheringFailed("0", base.address, SERVER.url, 500, "Tired"),
    ]
    assert not is_pending(session, stream)


def test_a_response_without_address_is_no_answer() -> None:
    session, stream, base = scene()
    answer(session, stream)
    (event,) = session.events
    assert isinstance(event, GatheringFailed)
    assert (event.local, event.code) == (base.address, UNREACHABLE)


def test_a_mapping_that_is_lost_later_is_not_reported() -> None:
    """Gathering is over; the candidate was told and stays."""
    session, stream, _ = scene()
    answer(session, stream, (stun.XOR_MAPPED_ADDRESS, MAPPED))
    session.events.clear()
    fail(session, stream, session.bindings[0], UNREACHABLE, "no response")
    assert list(session.events) == []
    assert session.bindings[0].state is BindingState.FAILED


def test_a_mapping_that_is_asked_for_anyway_is_not_kept_twice() -> None:
    session, _, base = scene()
    keep(session, base, SERVER, MAPPED)
    assert len(session.bindings) == 1
    other = StunServer(TransportAddress("203.0.113.2", 3478), "turn:two")
    for _ in range(2):
        keep(session, base, other, MAPPED)
    assert [binding.server for binding in session.bindings] == [SERVER, other]
    assert session.bindings[1].due == 15.0


def test_a_restart_asks_again() -> None:
    """RFC 8445 §9."""
    session, stream, _ = scene()
    answer(session, stream, (stun.XOR_MAPPED_ADDRESS, MAPPED))
    restart(session, stream)
    assert is_pending(session, stream)
    assert wanted(session) is not None


def test_a_base_that_is_gone_holds_nothing_up() -> None:
    session, stream, base = scene()
    base.released = True
    assert not is_pending(session, stream)
    assert not start_one(session)


@pytest.mark.parametrize(("tasks", "rto"), [(1, 0.5), (10, 0.5), (20, 1.0), (1000, 2.375)])
def test_the_timeout_grows_with_what_is_asked(tasks: int, rto: float) -> None:
    """RFC 8445 §14.3, but within the time a server has to answer in."""
    assert gathering_timeout(make_session(), tasks) == rto


def test_reports_are_for_what_was_asked_as_a_stun_server() -> None:
    session, stream, base = scene()
    silent = ServerBinding(base, SERVER, reports=False)
    fail(session, stream, silent, 500, "Tired")
    assert list(session.events) == []
