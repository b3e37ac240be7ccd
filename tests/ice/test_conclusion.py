"""What follows from checks: the pair in use, states, completion, failure (RFC 8445 §8)."""

from collections import Counter
from dataclasses import replace

import pytest

from peer.ice import (
    FreePolicy,
    IceConfig,
    IceRole,
    IceState,
    PathInvalidated,
    PathValidated,
    SelectedPairChanged,
    SelectedPairLost,
    StateChanged,
    TransportAddress,
)
from peer.ice.checklist import ChecklistState
from peer.ice.conclusion import (
    MAX_VALIDATED,
    drop_valid,
    evaluate,
    fail_nomination,
    invalidate,
    nominate,
    update,
    validate,
)
from peer.ice.pair import CandidatePair
from peer.ice.pair_state import PairState, PairStep
from peer.ice.session import Session
from peer.ice.stream import Stream

from .builders import REMOTE, add_bases, form_pairs, make_session, make_stream, make_valid

PATIENCE = 39.5


class Scene:
    """A stream with pairs to several ports of the peer's, the first of highest priority."""

    def __init__(
        self, count: int = 2, config: IceConfig | None = None, role: IceRole = IceRole.CONTROLLING
    ) -> None:
        self.session = make_session(config, role)
        self.stream = make_stream(self.session)
        (self.base,) = add_bases(self.session, self.stream, "10.0.0.1")
        self.pairs = form_pairs(self.session, self.base, range(6000, 6000 + count))
        self.stream.current.patience_until = PATIENCE
        self.session.events.clear()

    def succeed(self, *pairs: CandidatePair) -> None:
        """Let the checks of pairs succeed now."""
        make_valid(self.session, self.stream, *pairs)

    def told(self, *kinds: type) -> list[object]:
        """Give the events of these kinds since the last time."""
        found: list[object] = [each for each in self.session.events if isinstance(each, kinds)]
        self.session.events.clear()
        return found


def selection(session: Session, stream: Stream) -> tuple[int, bool]:
    """Give the remote port data is sent to, and whether that pair is nominated."""
    (event,) = [e for e in session.events if isinstance(e, SelectedPairChanged)]
    session.events.clear()
    assert event.stream == stream.id
    return event.remote.address.port, event.nominated


class TestChoice:
    def test_the_state_with_a_pair_is_told_with_it(self) -> None:
        """W3C webrtc-pc §5.6: both have changed before anybody hears of either."""
        scene = Scene()
        scene.succeed(*scene.pairs)
        changed, state = scene.told(SelectedPairChanged, StateChanged)
        assert isinstance(changed, SelectedPairChanged)
        assert changed.state is IceState.CONNECTED
        assert state == StateChanged("0", 1, IceState.CONNECTED, "")

    def test_data_goes_over_the_best_valid_pair_before_nomination(self) -> None:
        """RFC 8445 §12.1."""
        scene = Scene()
        scene.succeed(scene.pairs[1])
        assert selection(scene.session, scene.stream) == (6001, False)
        scene.succeed(scene.pairs[0])
        assert selection(scene.session, scene.stream) == (6000, False)

    def test_the_nominated_pair_wins_over_a_better_one(self) -> None:
        scene = Scene()
        scene.succeed(*scene.pairs)
        scene.session.events.clear()
        nominate(scene.session, scene.stream, scene.stream.current, scene.pairs[1])
        assert selection(scene.session, scene.stream) == (6001, True)

    def test_nothing_is_sent_without_consent(self) -> None:
        """RFC 7675 §5.1: a pair that has not answered for 30 s has to be checked again."""
        scene = Scene(1)
        scene.succeed(scene.pairs[0])
        scene.session.events.clear()
        del scene.stream.sending[1]
        scene.session.now = 30.0
        update(scene.session, scene.stream)
        assert scene.stream.sending == {}

    def test_what_is_chosen_already_is_told_once(self) -> None:
        scene = Scene()
        scene.succeed(scene.pairs[0])
        scene.told()
        update(scene.session, scene.stream)
        assert scene.told(SelectedPairChanged, StateChanged) == []


class TestNomination:
    @pytest.mark.parametrize(("first", "second", "kept"), [(0, 1, 0), (1, 0, 0)])
    def test_of_several_the_best_holds(self, first: int, second: int, kept: int) -> None:
        """RFC 8445 §8.1.1: for peers that nominate aggressively."""
        scene = Scene(role=IceRole.CONTROLLED)
        scene.succeed(*scene.pairs)
        for number in (first, second):
            nominate(scene.session, scene.stream, scene.stream.current, scene.pairs[number])
        assert scene.stream.current.selected == {1: scene.pairs[kept]}

    def test_a_pair_that_was_lost_gives_way_to_any(self) -> None:
        scene = Scene(role=IceRole.CONTROLLED)
        scene.succeed(*scene.pairs)
        nominate(scene.session, scene.stream, scene.stream.current, scene.pairs[0])
        scene.stream.unresponsive[1] = 0.0
        nominate(scene.session, scene.stream, scene.stream.current, scene.pairs[1])
        assert scene.stream.current.selected == {1: scene.pairs[1]}

    def test_the_others_are_checked_no_more(self) -> None:
        """RFC 8445 §8.1.2."""
        scene = Scene(3, IceConfig(free_policy=FreePolicy.FREE))
        scene.succeed(scene.pairs[1])
        nominate(scene.session, scene.stream, scene.stream.current, scene.pairs[1])
        assert scene.stream.current.checklist.pairs == [scene.pairs[1]]
        assert scene.stream.current.checklist.state is ChecklistState.COMPLETED

    def test_the_others_are_spares(self) -> None:
        """RFC 8445 §8.3: they are kept, and have no ordinary check."""
        scene = Scene(3)
        scene.succeed(scene.pairs[1])
        checklist = scene.stream.current.checklist
        nominate(scene.session, scene.stream, scene.stream.current, scene.pairs[1])
        assert checklist.pairs == scene.pairs
        assert [checklist.is_spare(pair) for pair in scene.pairs] == [True, False, True]
        assert [pair.state for pair in scene.pairs[::2]] == [PairState.FROZEN] * 2
        assert scene.session.checklists.next_check() is None

    def test_better_ones_are_checked_on_while_the_peer_may_move(self) -> None:
        """RFC 5245 §8.1.1.2, and libwebrtc's ways: filters open when both sides check."""
        scene = Scene(3, role=IceRole.CONTROLLED)
        scene.stream.current.remote = replace(REMOTE, nominates_once=False)
        scene.succeed(scene.pairs[1])
        nominate(scene.session, scene.stream, scene.stream.current, scene.pairs[1])
        chosen = scene.session.checklists.next_check()
        assert chosen is not None
        assert chosen[1] is scene.pairs[0]
        scene.session.checklists.move(scene.pairs[0], PairStep.PERFORM)
        assert scene.session.checklists.next_check() is None

    @pytest.mark.parametrize(("now", "failed"), [(PATIENCE - 1, False), (PATIENCE, True)])
    def test_a_nomination_that_fails_ends_the_session_when_patience_does(
        self, now: float, failed: bool
    ) -> None:
        """RFC 8445 §7.2.5.3.4, RFC 8863 §4."""
        scene = Scene(1)
        scene.succeed(scene.pairs[0])
        scene.session.now = now
        fail_nomination(scene.session, scene.stream, scene.pairs[0], "no response")
        assert (scene.stream.current.checklist.state is ChecklistState.FAILED) is failed
        assert scene.pairs[0].state is PairState.FAILED


class TestFailure:
    @pytest.mark.parametrize(
        ("now", "ended", "unfinished", "failed"),
        [
            (PATIENCE, True, False, True),
            (PATIENCE - 0.001, True, False, False),
            (PATIENCE, False, False, False),
            (PATIENCE, True, True, False),
        ],
    )
    def test_only_when_nothing_can_succeed_any_more(
        self, now: float, ended: bool, unfinished: bool, failed: bool
    ) -> None:
        """RFC 8863 §4, RFC 8838 §8: not early, not while candidates or checks are expected."""
        scene = Scene()
        scene.session.now = now
        scene.stream.current.local_ended = ended
        for pair in scene.pairs[: 1 if unfinished else 2]:
            scene.session.checklists.move(pair, PairStep.GIVE_UP, "test")
        evaluate(scene.session, scene.stream)
        reasons = [
            event.reason for event in scene.session.events if isinstance(event, StateChanged)
        ]
        assert reasons == (["no candidate pair succeeded"] if failed else [])
        assert (scene.stream.states[1] is IceState.FAILED) is failed

    def test_each_component_has_to_have_a_pair(self) -> None:
        scene = Scene()
        scene.stream.components.append(2)
        scene.stream.states[2] = IceState.NEW
        scene.stream.selected_pair_changes[2] = 0
        scene.stream.current.local_ended = True
        scene.session.now = PATIENCE
        scene.succeed(*scene.pairs)
        evaluate(scene.session, scene.stream)
        assert scene.stream.states == {1: IceState.CONNECTED, 2: IceState.FAILED}


class TestLoss:
    def test_the_last_pair(self) -> None:
        """RFC 7675 §5.1: nothing may be sent from then on."""
        scene = Scene(1)
        scene.succeed(scene.pairs[0])
        nominate(scene.session, scene.stream, scene.stream.current, scene.pairs[0])
        scene.told()
        consent = scene.pairs[0].consent
        assert consent is not None
        consent.revoke()
        drop_valid(scene.session, scene.stream, scene.pairs[0], "consent expired")
        assert scene.told(SelectedPairLost, StateChanged) == [
            SelectedPairLost("0", 1, "consent expired"),
            StateChanged("0", 1, IceState.FAILED, "consent expired"),
        ]
        assert scene.pairs[0].reason == "consent expired"

    def test_another_pair_takes_over(self) -> None:
        scene = Scene()
        scene.succeed(*scene.pairs)
        nominate(scene.session, scene.stream, scene.stream.current, scene.pairs[0])
        scene.told()
        drop_valid(scene.session, scene.stream, scene.pairs[0], "consent expired")
        assert scene.stream.sending == {1: scene.pairs[1]}
        assert scene.stream.states[1] is IceState.CONNECTED

    def test_one_whose_consent_is_old_is_checked_before(self) -> None:
        """RFC 7675 §5.1."""
        scene = Scene()
        scene.succeed(*scene.pairs)
        nominate(scene.session, scene.stream, scene.stream.current, scene.pairs[0])
        scene.session.now = 31.0
        drop_valid(scene.session, scene.stream, scene.pairs[0], "consent expired")
        assert scene.stream.sending == {}
        assert list(scene.stream.current.checklist.triggered) == [scene.pairs[1]]
        assert not scene.session.checklists.idle


class TestValidation:
    def test_each_path_is_told_once(self) -> None:
        scene = Scene(0)
        source = TransportAddress("192.0.2.1", 1)
        for _ in range(2):
            validate(scene.session, scene.stream, scene.base, source)
        assert scene.told(PathValidated) == [
            PathValidated("0", 1, scene.base.address, source),
        ]

    def test_sources_without_a_pair_are_forgotten_beyond_the_bound(self) -> None:
        scene = Scene(1)
        scene.succeed(scene.pairs[0])
        scene.told()
        own = scene.pairs[0].remote.address
        sources = [own, *(TransportAddress("198.51.100.1", 1 + n) for n in range(1000))]
        for source in sources:
            validate(scene.session, scene.stream, scene.base, source)
            assert len(scene.stream.validated) <= MAX_VALIDATED
        assert (scene.base, own) in scene.stream.validated
        kinds = Counter(type(event) for event in scene.session.events)
        assert kinds[PathValidated] - kinds[PathInvalidated] == len(scene.stream.validated)

    def test_a_path_that_another_valid_pair_has_stays(self) -> None:
        scene = Scene()
        for pair in scene.pairs:
            validate(scene.session, scene.stream, scene.base, pair.remote.address)
        scene.succeed(scene.pairs[0])
        scene.told()
        for pair in scene.pairs:
            invalidate(scene.session, scene.stream, pair)
        gone = scene.pairs[1].remote.address
        assert scene.told(PathInvalidated) == [PathInvalidated("0", 1, scene.base.address, gone)]
