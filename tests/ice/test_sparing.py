"""Spare pairs: which are checked, and when."""

from dataclasses import replace

import pytest

from peer.ice import CandidateType, FreePolicy, IceConfig, Limits, PairState
from peer.ice.conclusion import nominate
from peer.ice.pair import CandidatePair
from peer.ice.pair_state import PairStep
from peer.ice.sparing import check_spares, times

from .builders import add_bases, form_pairs, make_session, make_stream, make_valid

GRACE, SPARE, RETRY, CEILING = 3.0, 15.0, 4.0, 60.0


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
        """Give the spares that are enqueued at a time."""
        self.session.now = now
        check_spares(self.session)
        queue = self.stream.current.checklist.triggered
        found = list(queue)
        queue.clear()
        return found

    def fail(self, pair: CandidatePair, at: float) -> None:
        """Let the check of a pair that left at a time come to nothing."""
        pair.checked = at
        self.session.checklists.move(pair, PairStep.LOSE)


def test_the_first_checks_are_after_the_grace_period() -> None:
    """The best for each interface and remote host: one port of each says enough."""
    scene = Scene()
    assert times(scene.session) == [GRACE] * 2
    assert scene.due(GRACE - 0.001) == []
    assert set(scene.due(GRACE)) == {scene.others[0], scene.others[1]}


def test_one_that_works_is_checked_every_fifteen_seconds() -> None:
    scene = Scene(1)
    (spare,) = scene.others
    make_valid(scene.session, scene.stream, spare)
    spare.checked = 2.0
    assert times(scene.session) == [2.0 + SPARE]


def test_a_lost_one_is_checked_again_ever_more_rarely() -> None:
    scene = Scene(1)
    (spare,) = scene.others
    make_valid(scene.session, scene.stream, spare)
    spare.heard = 10.0
    for checked, pause in ((12.0, RETRY), (30.0, 10.0), (1000.0, CEILING)):
        scene.fail(spare, checked)
        assert times(scene.session) == [checked + pause]


def test_a_direct_one_is_tried_often_while_the_pair_in_use_is_relayed() -> None:
    """Filters that open when both sides check at a time open then."""
    scene = Scene(1)
    (spare,) = scene.others
    relayed = replace(scene.selected.remote, type=CandidateType.RELAYED)
    scene.selected.remote = relayed
    scene.fail(spare, 1000.0)
    assert times(scene.session) == [1000.0 + RETRY]


def test_those_on_their_way_are_left_alone() -> None:
    scene = Scene(1)
    (spare,) = scene.others
    assert scene.due(GRACE) == [spare]
    assert spare.state is PairState.WAITING
    assert times(scene.session) == []


def test_no_more_than_so_many() -> None:
    scene = Scene(6, IceConfig(limits=Limits(spares=3)))
    assert len(scene.due(GRACE)) == 3


@pytest.mark.parametrize("config", [IceConfig(free_policy=FreePolicy.FREE), IceConfig(lite=True)])
def test_who_keeps_none(config: IceConfig) -> None:
    scene = Scene(1, config)
    assert times(scene.session) == []
    assert scene.due(100.0) == []
