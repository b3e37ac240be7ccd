"""Checks of ours and what their answers mean (RFC 8445 §7.2)."""

import pytest

from peer.ice import (
    CandidateType,
    DropReason,
    IceConfig,
    IceRole,
    RoleChanged,
    SelectedPairLost,
    Timings,
    TransportAddress,
    stun,
)
from peer.ice.base import Base
from peer.ice.checks import check, handle_response, handle_timeout, request_timeout, start
from peer.ice.pair_state import PairState
from peer.ice.transaction import PairRequest, Purpose

from .builders import REMOTE, add_bases, form_pairs, make_session, make_stream

KEY = REMOTE.password.encode()
PEER = TransportAddress("192.0.2.99", 6000)


class Scene:
    """A stream with one pair that is being checked."""

    def __init__(self, role: IceRole = IceRole.CONTROLLING) -> None:
        self.session = make_session(role=role)
        self.stream = make_stream(self.session)
        self.base: Base
        (self.base,) = add_bases(self.session, self.stream, "10.0.0.1")
        (self.pair,) = form_pairs(self.session, self.base, [PEER.port])
        self.checklist = self.stream.current.checklist
        check(self.session, self.checklist, self.pair)
        self.session.events.clear()

    @property
    def request(self) -> PairRequest:
        """The one request under way."""
        (found,) = self.session.transactions.pair_requests()
        return found

    def answer(
        self,
        *,
        error: int | None = None,
        key: bytes | None = KEY,
        mapped: TransportAddress | None = None,
        source: TransportAddress = PEER,
        base: Base | None = None,
    ) -> None:
        """Let a response to the request arrive."""
        address = mapped or self.base.address
        attributes = (
            [(stun.XOR_MAPPED_ADDRESS, address)]
            if error is None
            else [(stun.ERROR_CODE, stun.ErrorCode(error, "No"))]
        )
        kind = stun.MessageClass.SUCCESS if error is None else stun.MessageClass.ERROR
        request = self.request
        data = stun.build(stun.Method.BINDING, kind, request.tid, attributes, key=key)
        handle_response(self.session, request, stun.parse(data), base or self.base, source)


def test_success() -> None:
    """RFC 8445 §7.2.5.3: the pair is valid and may be sent on."""
    scene = Scene()
    scene.session.now = 0.05
    scene.answer()
    assert scene.pair.state is PairState.SUCCEEDED
    assert scene.checklist.valid == [scene.pair]
    assert scene.stream.sending == {1: scene.pair}
    assert scene.pair.stats.current_round_trip_time == 0.05
    assert scene.session.transactions.all() == []


def test_the_time_of_a_repeated_request_tells_nothing() -> None:
    """RFC 8489 §6.2.1 (Karn): which transmission was answered is not known."""
    scene = Scene()
    scene.session.now = 0.5
    assert scene.session.transactions.pop_due(0.5) is not None
    scene.session.now = 0.6
    scene.answer()
    assert scene.pair.stats.current_round_trip_time is None
    assert scene.pair.stats.total_round_trip_time == pytest.approx(0.1)


def test_another_mapped_address_is_another_candidate() -> None:
    """RFC 8445 §7.2.5.3.1: the valid pair has it, the checked one keeps its own."""
    scene = Scene()
    mapped = TransportAddress("198.51.100.1", 7000)
    scene.answer(mapped=mapped)
    (valid,) = scene.checklist.valid
    assert valid is not scene.pair
    assert (valid.local.candidate.type, valid.local.candidate.address) == (
        CandidateType.PEER_REFLEXIVE,
        mapped,
    )
    assert (valid.generator, scene.pair.valid) == (scene.pair, valid)
    assert valid.stats is scene.pair.stats


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1", "224.0.0.1"])
def test_a_mapped_address_that_is_nobodys_fails_the_check(host: str) -> None:
    scene = Scene()
    scene.answer(mapped=TransportAddress(host, 7000))
    assert scene.pair.state is PairState.FAILED
    assert scene.session.drops == {DropReason.MAPPED_ADDRESS_UNUSABLE: 1}


@pytest.mark.parametrize("key", [None, b"of somebody else"])
def test_what_is_not_authentic_changes_nothing(key: bytes | None) -> None:
    """RFC 8489 §9.1.4: the request goes on being repeated."""
    scene = Scene()
    scene.answer(key=key)
    scene.answer(key=key, error=487)
    assert scene.pair.state is PairState.IN_PROGRESS
    assert scene.session.role is IceRole.CONTROLLING
    assert scene.session.drops == {DropReason.RESPONSE_BAD_INTEGRITY: 2}
    handle_timeout(scene.session, scene.request, "no response")
    assert scene.pair.reason == "unauthenticated 487 No"


def test_a_response_from_elsewhere_fails_the_check() -> None:
    """RFC 8445 §7.2.5.2.1."""
    scene = Scene()
    scene.answer(source=TransportAddress(PEER.host, 6001))
    assert scene.pair.state is PairState.FAILED
    assert scene.session.drops == {DropReason.RESPONSE_WRONG_ADDRESS: 1}


class TestRoleConflict:
    """RFC 8445 §7.2.5.1."""

    def test_the_role_changes_and_the_check_is_repeated(self) -> None:
        scene = Scene()
        before = scene.session.tie_breaker
        scene.answer(error=487)
        assert list(scene.session.events) == [RoleChanged(IceRole.CONTROLLED)]
        assert scene.session.tie_breaker != before
        assert list(scene.checklist.triggered) == [scene.pair]

    def test_an_answer_to_the_role_before_changes_nothing(self) -> None:
        scene = Scene()
        scene.session.role = IceRole.CONTROLLED
        scene.answer(error=487)
        assert scene.session.role is IceRole.CONTROLLED
        assert scene.session.drops == {DropReason.STALE_ROLE_CONFLICT: 1}
        assert list(scene.checklist.triggered) == [scene.pair]


class TestConsent:
    def test_is_taken_away_at_once(self) -> None:
        """RFC 7675 §5.2: 403 to a consent check."""
        scene = Scene()
        scene.answer()
        start(scene.session, scene.stream.current, scene.pair, Purpose.CONSENT)
        scene.session.events.clear()
        scene.answer(error=403)
        assert scene.stream.sending == {}
        lost = [each for each in scene.session.events if isinstance(each, SelectedPairLost)]
        assert [each.reason for each in lost] == ["the peer revoked consent"]

    def test_other_errors_only_fail_to_renew_it(self) -> None:
        scene = Scene()
        scene.answer()
        start(scene.session, scene.stream.current, scene.pair, Purpose.CONSENT)
        scene.answer(error=500)
        assert scene.stream.sending == {1: scene.pair}

    def test_its_check_is_sent_once_and_awaited_for_its_time(self) -> None:
        """RFC 7675 §5.1: no retransmissions."""
        scene = Scene()
        scene.answer()
        start(scene.session, scene.stream.current, scene.pair, Purpose.CONSENT)
        assert scene.session.transactions.next_time() == 30.0
        assert scene.request.use_candidate is False


@pytest.mark.parametrize(("pairs", "rto"), [(1, 0.5), (10, 0.5), (15, 0.75), (100, 1.0)])
def test_the_timeout_grows_with_the_checks_under_way(pairs: int, rto: float) -> None:
    """RFC 8445 §14.3, up to `Timings.rto_ceiling`."""
    session = make_session(IceConfig(timings=Timings(rto_ceiling=1.0)))
    stream = make_stream(session)
    (base,) = add_bases(session, stream, "10.0.0.1")
    form_pairs(session, base, range(6000, 6000 + pairs))
    assert request_timeout(session) == pytest.approx(rto)
