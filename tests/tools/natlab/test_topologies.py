"""What is planned: enough of everything, named once, and possible."""

import pytest

from peer.testing.internet import FULL_CONE, SYMMETRIC, Conditions, with_hairpinning
from tools.natlab import EVENTS, TOPOLOGIES, PathKind, Site, best_path
from tools.natlab.events import REPRESENTATIVE as FEW_EVENTS
from tools.natlab.matrix import (
    EVENT_FAIR,
    EventOutcome,
    Outcome,
    event_lines,
    grade,
    topology_lines,
)
from tools.natlab.topologies import REPRESENTATIVE as FEW


def test_there_are_as_many_as_are_promised() -> None:
    assert len(TOPOLOGIES) >= 40
    assert len(EVENTS) >= 20


def test_a_third_of_them_is_representative() -> None:
    for few, all_ in ((FEW, TOPOLOGIES), (FEW_EVENTS, EVENTS)):
        assert set(few) <= all_.keys()
        assert 0.25 <= len(few) / len(all_) <= 0.4
    assert {best_path(TOPOLOGIES[name]) for name in FEW} == {*PathKind, None}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("public - public", PathKind.HOST),
        ("one LAN", PathKind.HOST),
        ("full cone - symmetric", PathKind.REFLEXIVE),
        ("kernel cone - kernel cone", PathKind.REFLEXIVE),
        ("one carrier with hairpinning", PathKind.REFLEXIVE),
        ("one carrier without hairpinning", PathKind.RELAY),
        ("web only - web only", PathKind.RELAY),
        ("IPv6 only - IPv6 only", PathKind.HOST),
        ("symmetric without a relay", None),
    ],
)
def test_the_best_path_is_known(name: str, path: PathKind | None) -> None:
    assert best_path(TOPOLOGIES[name]) is path


def test_what_the_kernel_cannot_do_is_refused() -> None:
    with pytest.raises(ValueError, match="no NAT with"):
        Site(FULL_CONE, kernel=True)
    with pytest.raises(ValueError, match="no NAT with"):
        Site(with_hairpinning(SYMMETRIC), kernel=True)
    with pytest.raises(ValueError, match="ideal line"):
        Site(kernel=True, line=Conditions(loss=0.1))


def test_the_table_tells_what_is_wrong() -> None:
    good = Outcome("a", 0.5, PathKind.HOST, PathKind.HOST)
    detour = Outcome("b", 0.5, PathKind.RELAY, PathKind.HOST, ("ours: it broke",))
    none = Outcome("c", None, None, None)
    lines = list(topology_lines([good, detour, none], colours=False))
    assert lines[1].split() == ["a", "0.50", "s", "host", "host"]
    assert lines[2].endswith("! ours: it broke")
    assert lines[4] == "2 of 3 connected where they can, on the best path"


def test_colours_are_for_terminals() -> None:
    outcome = EventOutcome("sleep", "a", 2.1, 2.0, PathKind.HOST, ("disconnected",))
    assert not any("\033" in line for line in event_lines([outcome], colours=False))
    assert "\033[32m" in list(event_lines([outcome], colours=True))[1]


def test_outages_are_judged_beyond_what_is_inevitable() -> None:
    def outcome(outage: float | None) -> EventOutcome:
        return EventOutcome("sleep", "a", outage, 2.0, None, ())

    assert grade(outcome(2.3)) is True
    assert grade(outcome(2.0 + EVENT_FAIR)) is None
    assert grade(outcome(9.0)) is False
    assert grade(outcome(None)) is False
