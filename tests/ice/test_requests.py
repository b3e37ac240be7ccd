"""What follows from a check of the peer's (RFC 8445 §7.3)."""

from typing import Any

import pytest

from peer.ice import DropReason, IceConfig, IceRole, Limits, TransportAddress, stun
from peer.ice.base import Base
from peer.ice.pair import CandidatePair
from peer.ice.pair_state import PairState, PairStep
from peer.ice.requests import handle_request
from peer.ice.session import Session
from peer.ice.stream import Stream

from .builders import (
    REMOTE,
    add_bases,
    binding_request,
    make_session,
    make_stream,
)

SOURCE = TransportAddress("192.0.2.99", 9999)


def error_code(message: stun.Message) -> int:
    error = message.get(stun.ERROR_CODE)
    assert error is not None
    return error.code


class Scene:
    """A stream with one base, and checks that arrive there."""

    def __init__(
        self,
        role: IceRole = IceRole.CONTROLLED,
        config: IceConfig | None = None,
        *,
        described: bool = True,
    ) -> None:
        self.session: Session = make_session(config, role)
        self.stream: Stream = make_stream(self.session, remote=REMOTE if described else None)
        self.base: Base
        (self.base,) = add_bases(self.session, self.stream, "10.0.0.1")
        self.session.transmits.clear()

    def check(
        self,
        source: TransportAddress = SOURCE,
        *extra: tuple[stun.Attribute[Any], Any],
        tid: bytes = b"transaction!",
        remote: str = REMOTE.username_fragment,
    ) -> bool:
        """Let a check arrive; tells whether it was accepted."""
        local = self.stream.current.local
        data = binding_request(
            f"{local.username_fragment}:{remote}",
            local.password.encode(),
            extra=extra,
            tid=tid,
        )
        return handle_request(self.session, self.base, source, stun.parse(data))

    def answers(self) -> list[stun.Message]:
        """Give what was sent since the last time."""
        sent, self.session.transmits = self.session.transmits, []
        return [stun.parse(each.data) for each in sent]

    def pair(self, source: TransportAddress = SOURCE) -> CandidatePair:
        """The pair of a source."""
        pair = self.stream.current.checklist.find(self.base, source)
        assert pair is not None
        return pair

    @property
    def triggered(self) -> list[CandidatePair]:
        """The checks waiting to be sent back."""
        return list(self.stream.current.checklist.triggered)


class TestTriggered:
    def test_a_check_back(self) -> None:
        """RFC 8445 §7.3.1.4."""
        scene = Scene()
        assert scene.check()
        assert [answer.message_class for answer in scene.answers()] == [stun.MessageClass.SUCCESS]
        assert scene.triggered == [scene.pair()]
        assert scene.pair().state is PairState.WAITING
        assert not scene.session.checklists.idle

    def test_none_over_a_pair_that_works(self) -> None:
        scene = Scene()
        scene.check()
        pair = scene.pair()
        scene.stream.current.checklist.triggered.clear()
        scene.session.checklists.move(pair, PairStep.SUCCEED)
        pair.valid = pair
        scene.stream.current.checklist.valid.append(pair)
        scene.check(tid=b"transaction2")
        assert scene.triggered == []

    def test_a_nomination_waits_for_the_check_back(self) -> None:
        """RFC 8445 §7.3.1.5."""
        scene = Scene()
        scene.check(SOURCE, (stun.USE_CANDIDATE, True))
        assert scene.pair().use_candidate_received
        assert scene.stream.current.selected == {}

    def test_only_the_controlling_side_nominates(self) -> None:
        scene = Scene(IceRole.CONTROLLING)
        scene.check(SOURCE, (stun.USE_CANDIDATE, True), (stun.ICE_CONTROLLED, 1))
        assert not scene.pair().use_candidate_received

    def test_a_request_that_comes_again_tells_of_loss(self) -> None:
        scene = Scene()
        scene.check()
        scene.check(tid=b"transaction2")
        assert not scene.session.lossy
        scene.check(tid=b"transaction2")
        assert scene.session.lossy


class TestEarly:
    """RFC 8445 §7.3: checks that come before the description are answered at once."""

    def test_is_remembered_once(self) -> None:
        scene = Scene(described=False)
        for _ in range(3):
            assert scene.check()
        assert len(scene.answers()) == 3
        assert len(scene.stream.current.early) == 1
        assert scene.stream.current.checklist.pairs == []

    def test_no_more_than_the_bound(self) -> None:
        scene = Scene(config=IceConfig(limits=Limits(early_checks=4)), described=False)
        for number in range(10):
            scene.check(TransportAddress("192.0.2.99", 5000 + number))
        assert len(scene.answers()) == 10
        assert len(scene.stream.current.early) == 4
        assert scene.session.drops == {DropReason.TOO_MANY_EARLY_CHECKS: 6}


class TestPlaces:
    """Learned candidates have places; one that came to nothing gives way."""

    SMALL = IceConfig(limits=Limits(peer_reflexive=2))

    def test_one_whose_check_failed(self) -> None:
        scene = Scene(config=self.SMALL)
        sources = [TransportAddress("192.0.2.99", 5000 + number) for number in range(3)]
        scene.check(sources[0])
        scene.check(sources[1])
        gone = scene.pair(sources[1])
        scene.session.checklists.move(gone, PairStep.GIVE_UP, "no response")
        scene.check(sources[2])
        assert scene.stream.current.checklist.find(scene.base, sources[1]) is None
        assert {key[2] for key in scene.stream.current.learned} == {sources[0], sources[2]}
        assert scene.pair(sources[2]) in scene.triggered
        assert scene.session.drops == {}

    def test_none_that_is_being_checked(self) -> None:
        scene = Scene(config=self.SMALL)
        for number in range(3):
            scene.check(TransportAddress("192.0.2.99", 5000 + number))
        assert len(scene.stream.current.learned) == 2
        assert scene.session.drops == {DropReason.TOO_MANY_PEER_REFLEXIVE: 1}

    def test_each_base_has_its_own(self) -> None:
        scene = Scene(config=self.SMALL)
        (other,) = add_bases(scene.session, scene.stream, "10.0.0.2")
        for number in range(2):
            scene.check(TransportAddress("192.0.2.99", 5000 + number))
        scene.base = other
        scene.check(SOURCE)
        assert scene.pair() in scene.triggered


class TestRefused:
    @pytest.mark.parametrize("role", IceRole)
    def test_role_conflict(self, role: IceRole) -> None:
        """RFC 8445 §7.3.1.1: the larger tie-breaker controls."""
        scene = Scene(role)
        claim = stun.ICE_CONTROLLING if role is IceRole.CONTROLLING else stun.ICE_CONTROLLED
        scene.session.tie_breaker = 5
        loses = 4 if role is IceRole.CONTROLLING else 6
        assert not scene.check(SOURCE, (claim, loses))
        (answer,) = scene.answers()
        assert error_code(answer) == 487
        assert scene.session.role is role
        wins = 6 if role is IceRole.CONTROLLING else 4
        assert scene.check(SOURCE, (claim, wins))
        assert scene.session.role is not role

    def test_credentials_that_are_over(self) -> None:
        """RFC 8445 §9: the peer's fragment before its restart."""
        scene = Scene()
        scene.stream.old_fragments.append("gone")
        assert not scene.check(remote="gone")
        (answer,) = scene.answers()
        assert error_code(answer) == 401
        assert scene.session.drops == {DropReason.REQUEST_UNKNOWN_USERNAME: 1}
        assert scene.stream.validated == set()
