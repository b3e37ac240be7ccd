"""Asking an idle peer whether it is there (RFC 9260 §8.3)."""

import pytest

from peer.sctp import SctpConfig, SctpState
from peer.sctp.wire import HEARTBEAT, HEARTBEAT_ACK
from tests.sctp.path import Path


def test_an_idle_peer_is_asked_and_answers() -> None:
    path = Path().connect()
    path.run(limit=95.0)
    for end in path.ends:
        asked = [data for data in end.sent if data[12] == HEARTBEAT]
        assert len(asked) in (2, 3)
        assert len([data for data in end.sent if data[12] == HEARTBEAT_ACK]) == len(asked)
        assert end.association.statistics().round_trip == pytest.approx(0.05)


def test_it_can_be_switched_off() -> None:
    quiet = SctpConfig(heartbeat=0.0)
    path = Path(left=quiet, right=quiet).connect()
    path.run(limit=300.0)
    assert all(data[12] != HEARTBEAT for end in path.ends for data in end.sent)


def test_a_peer_that_never_answers_is_given_up_where_that_is_asked_for() -> None:
    path = Path(left=SctpConfig(max_errors=2)).connect()
    path.run(limit=1.0)
    path.right.passes = lambda _packet: False
    path.run(lambda: path.left.association.state is SctpState.ENDED, limit=300.0)
    assert path.right.association.state is SctpState.ESTABLISHED


def test_the_answer_to_another_question_is_none() -> None:
    path = Path().connect()
    heartbeat = path.left.association._session.heartbeat
    heartbeat.ask(path.now)
    chunk = heartbeat.ask(path.now)
    assert not heartbeat.on_answer(b"x", path.now)
    assert heartbeat.errors == 1
    assert heartbeat.on_answer(chunk[4:], path.now)
    assert heartbeat.errors == 0
    assert not heartbeat.on_answer(chunk[4:], path.now)
