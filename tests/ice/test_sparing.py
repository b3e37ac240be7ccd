"""Spare pairs: which are checked, and when."""

from dataclasses import replace

import pytest

from peer.ice import (
    CandidateType,
    FreePolicy,
    IceConfig,
    Limits,
    PairState,
    TransportAddress,
    TurnServer,
)
from peer.ice.conclusion import nominate, update
from peer.ice.doubt import SLOW_PROBE
from peer.ice.pair import CandidatePair
from peer.ice.pair_state import PairStep
from peer.ice.sparing import check_spares, times
from peer.ice.turn import Allocation

from .builders import add_bases, entropy, form_pairs, make_session, make_stream, make_valid

GRACE, SPARE, RETRY, CEILING, SILENCE = 3.0, 15.0, 4.0, 60.0, 0.6


class Scene:
    """A stream with pairs from some interfaces, the first of which was nominated at time 0."""

    def __init__(self, interfaces: int = 2, config: IceConfig | None = None) -> None:
        self.session = make_session(config)
        self.stream = make_stream(self.session)
        hosts = [f"10.0.{number}.1" for number in range(interfaces)]
        bases = add_bases(self.session, self.stream, *hosts)
        found = [pair for base in bases for pair in form_pairs(self.session, base, (6000, 6001))]
        self.selected, *self.others = found
        make_valid(self.session, self.stream, self.selected)
        nominate(self.session, self.stream, self.stream.current, self.selected)

    def due(self, now: float) -> list[CandidatePair]:
        """Give the spares that are checked from a time on, one after the other."""
        self.session.now = now
        found = []
        self.settle()
        check_spares(self.session)
        while (chosen := self.session.checklists.next_check()) is not None:
            _, pair = chosen
            self.session.checklists.move(pair, PairStep.PERFORM)
            pair.checked = now
            found.append(pair)
            check_spares(self.session)
        return found

    def times(self) -> list[float]:
        """Give when spares are due once nothing else is left to check."""
        self.settle()
        return times(self.session)

    def settle(self) -> None:
        """Have the checklists find out that there is nothing to check."""
        assert self.session.checklists.next_check() is None

    def doubt(self, since: float) -> None:
        """Let the pair in use be in doubt, and the spares be asked in its place."""
        in_use, now = self.selected, self.session.now
        assert in_use.consent is not None
        in_use.heard = since - SILENCE
        in_use.stats.last_packet_sent = since
        in_use.consent.doubted, in_use.consent.probed = since, now
        in_use.consent.probes = 2

    def fail(self, pair: CandidatePair, at: float) -> None:
        """Let the check of a pair that left at a time come to nothing."""
        pair.checked = at
        self.session.checklists.move(pair, PairStep.LOSE)


def test_the_first_checks_are_after_the_grace_period() -> None:
    """The best for each interface and remote host, before other ports of the same."""
    scene = Scene()
    assert scene.times() == [GRACE] * 2
    assert scene.due(GRACE - 0.001) == []
    checked = scene.due(GRACE)
    assert set(checked[:2]) == {scene.others[0], scene.others[1]}
    assert set(checked) == set(scene.others)


def test_one_that_works_is_checked_every_fifteen_seconds() -> None:
    scene = Scene(1)
    (spare,) = scene.others
    make_valid(scene.session, scene.stream, spare)
    spare.checked = 2.0
    assert scene.times() == [2.0 + SPARE]


def test_one_that_works_is_checked_together_with_the_pair_in_use() -> None:
    """One wake-up for both, and the peer, who hears both, has no reason for doubt."""
    scene = Scene(1)
    (spare,) = scene.others
    make_valid(scene.session, scene.stream, spare)
    spare.checked = 2.0
    consent = scene.selected.consent
    assert consent is not None
    consent.next_check = 2.0 + SPARE + 4.5
    assert scene.times() == [consent.next_check]
    assert scene.due(consent.next_check - 0.001) == []
    assert scene.due(consent.next_check) == [spare]
    # Where it has to wait for its slot, the pair in use may have been checked meanwhile.
    scene.session.checklists.move(spare, PairStep.SUCCEED)
    spare.checked = 2.0
    consent.sent_at, consent.next_check = consent.next_check, 100.0
    assert scene.due(consent.sent_at + 0.02) == [spare]


def test_a_lost_one_is_checked_again_ever_more_rarely() -> None:
    scene = Scene(1)
    (spare,) = scene.others
    make_valid(scene.session, scene.stream, spare)
    spare.heard = 10.0
    for checked, pause in ((12.0, RETRY), (30.0, 10.0), (1000.0, CEILING)):
        scene.fail(spare, checked)
        assert scene.times() == [checked + pause]


def test_a_direct_one_is_tried_often_while_the_pair_in_use_is_relayed() -> None:
    """Filters that open when both sides check at a time open then."""
    scene = Scene(1)
    (spare,) = scene.others
    relayed = replace(scene.selected.remote, type=CandidateType.RELAYED)
    scene.selected.remote = relayed
    scene.fail(spare, 1000.0)
    assert scene.times() == [1000.0 + RETRY]


def test_those_on_their_way_are_left_alone() -> None:
    scene = Scene(1)
    (spare,) = scene.others
    assert scene.due(GRACE) == [spare]
    assert spare.state is PairState.IN_PROGRESS
    assert scene.times() == []


def test_no_more_than_so_many() -> None:
    scene = Scene(6, IceConfig(limits=Limits(spares=3)))
    assert scene.times() == [GRACE] * 3


def test_a_doubt_asks_all_and_what_has_worked_first() -> None:
    """However many there are, and then those first that were asked the longest ago."""
    scene = Scene(6, IceConfig(limits=Limits(spares=3)))
    scene.due(GRACE)
    worked = scene.others[4]
    make_valid(scene.session, scene.stream, worked)
    relayed = scene.others[2]
    relayed.remote = replace(relayed.remote, type=CandidateType.RELAYED)
    scene.session.now = 20.0
    scene.doubt(since=19.0)
    asked = scene.due(20.0)
    assert set(asked) == set(scene.others)
    assert asked[-1] is relayed
    for number, pair in enumerate(asked):
        pair.checked = 20.0 + number / 100
    assert scene.due(20.5) == []
    assert min(scene.times()) == 20.0 + SLOW_PROBE
    assert scene.due(22.0) == asked


def test_they_are_asked_as_well_when_the_selected_pair_is_lost() -> None:
    """Data goes on over another one, which the peer need not nominate."""
    scene = Scene(2)
    scene.due(GRACE)
    lost, scene.selected = scene.selected, scene.others[0]
    make_valid(scene.session, scene.stream, scene.selected)
    scene.stream.current.checklist.valid.remove(lost)
    del scene.stream.current.selected[1]
    update(scene.session, scene.stream)
    assert scene.stream.sending == {1: scene.selected}
    scene.session.now = 20.0
    scene.doubt(since=19.0)
    assert set(scene.due(20.0)) == {lost, *scene.others[1:]}


def test_a_pair_that_comes_during_a_doubt_is_asked_before_the_others_again() -> None:
    scene = Scene(2)
    scene.session.now = 20.0
    scene.doubt(since=19.0)
    for pair in scene.due(20.0):
        pair.checked = 20.0
    scene.session.now = 30.0
    (late,) = form_pairs(scene.session, scene.selected.local.base, (6002,))
    assert scene.due(30.0)[0] is late


def test_one_that_was_due_before_it_was_chosen_is_not_late() -> None:
    """Else the caller would seem to have stalled."""
    scene = Scene(1)
    scene.session.now = 50.0
    assert scene.times() == [50.0]


def test_one_that_waits_for_a_permission_lets_others_go_first() -> None:
    """Else the clock would be wanted once for each, all in one moment."""
    scene = Scene()
    waits = scene.others[1]
    server = TurnServer(TransportAddress("192.0.2.1", 3478), "turn:a", "user", "secret")
    waits.local.base.relay = Allocation(server, entropy=entropy())
    scene.settle()
    scene.session.now = GRACE
    check_spares(scene.session)
    assert list(scene.stream.current.checklist.triggered) == [waits, scene.others[0]]
    chosen = scene.session.checklists.next_check()
    assert chosen is not None
    assert chosen[1] is scene.others[0]


@pytest.mark.parametrize("config", [IceConfig(free_policy=FreePolicy.FREE), IceConfig(lite=True)])
def test_who_keeps_none(config: IceConfig) -> None:
    scene = Scene(1, config)
    assert scene.times() == []
    assert scene.due(100.0) == []
