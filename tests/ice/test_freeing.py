"""Giving back what the selected pairs do not need (RFC 8445 §8.3)."""

from dataclasses import replace

import pytest

from peer.ice import (
    BaseReleased,
    FreePolicy,
    IceConfig,
    PathInvalidated,
    StunServer,
    TransportAddress,
)
from peer.ice.base import Base
from peer.ice.conclusion import nominate, validate
from peer.ice.freeing import close_base, free_unused, release
from peer.ice.gathering import gather, start_one
from peer.ice.session import Session
from peer.ice.stream import Stream

from .builders import REMOTE, add_bases, form_pairs, make_session, make_stream, make_valid

FREE = IceConfig(free_policy=FreePolicy.FREE)
SERVER = StunServer(TransportAddress("203.0.113.1", 3478), "stun:one")


def completed(config: IceConfig | None = None) -> tuple[Session, Stream, list[Base]]:
    """A stream with two bases, the first of them with the selected pair."""
    session = make_session(config or FREE)
    stream = make_stream(session, remote=replace(REMOTE, renomination=True))
    bases = add_bases(session, stream, "10.0.0.1", "10.0.0.2")
    pairs = [pair for base in bases for pair in form_pairs(session, base, [6000])]
    make_valid(session, stream, *pairs)
    nominate(session, stream, stream.current, pairs[0])
    session.events.clear()
    return session, stream, bases


def test_bases_without_a_selected_pair_are_closed() -> None:
    session, stream, (needed, other) = completed()
    free_unused(session, stream)
    assert list(session.events) == [BaseReleased("0", 1, other.address)]
    assert (stream.bases, list(session.bases)) == ([needed], [needed.address])
    assert [pair.local.base for pair in stream.current.checklist.valid] == [needed]


def test_bases_of_other_nominated_pairs_stay() -> None:
    """RFC 5245 §8.1.1.2: aioice nominates several, and sends over the first of them."""
    session, stream, bases = completed()
    other = next(pair for pair in stream.current.checklist.valid if pair.local.base is bases[1])
    nominate(session, stream, stream.current, other)
    session.events.clear()
    free_unused(session, stream)
    assert stream.bases == bases
    assert list(session.events) == []


def test_it_happens_once() -> None:
    session, stream, _ = completed()
    free_unused(session, stream)
    (late,) = add_bases(session, stream, "10.0.0.3")
    free_unused(session, stream)
    assert late in stream.bases


@pytest.mark.parametrize(
    ("config", "follows"),
    [
        (IceConfig(free_policy=FreePolicy.KEEP), False),
        (FREE, True),
    ],
)
def test_who_may_move_to_another_pair_keeps_them(config: IceConfig, follows: bool) -> None:
    """Because of the settings, or of a peer that moves its selected pair."""
    session, stream, bases = completed(config)
    stream.current.follow_latest = follows
    free_unused(session, stream)
    assert stream.bases == bases
    assert list(session.events) == []


def test_nothing_before_completion() -> None:
    session = make_session()
    stream = make_stream(session)
    bases = add_bases(session, stream, "10.0.0.1")
    free_unused(session, stream)
    assert stream.bases == bases


def test_what_was_accepted_over_a_base_is_accepted_no_more() -> None:
    session, stream, (needed, other) = completed()
    source = TransportAddress("192.0.2.99", 6000)
    for base in (needed, other):
        validate(session, stream, base, source)
    session.events.clear()
    release(session, stream, other)
    assert list(session.events) == [
        PathInvalidated("0", 1, other.address, source),
        BaseReleased("0", 1, other.address),
    ]
    assert stream.validated == {(needed, source)}


def test_questions_to_servers_end_with_the_base() -> None:
    session, _, (_, other) = completed()
    gather(session, other, [SERVER])
    assert start_one(session)
    close_base(session, other)
    assert session.transactions.all() == []
