"""What moves a pair from state to state (RFC 8445 §6.1.2.6)."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.ice.checklist import ChecklistSet
from peer.ice.pair_state import TRANSITIONS, PairState, PairStep

from .builders import add_pairs, make_checklists, make_pair, put

FROZEN, WAITING, IN_PROGRESS, SUCCEEDED, FAILED = PairState
ALL = frozenset(PairState)

MOVES = {
    PairStep.UNFREEZE: (frozenset({FROZEN}), WAITING),
    PairStep.TRIGGER: (ALL, WAITING),
    PairStep.PERFORM: (frozenset({WAITING, SUCCEEDED, FAILED}), IN_PROGRESS),
    PairStep.SUCCEED: (ALL, SUCCEEDED),
    PairStep.FAIL: (frozenset({IN_PROGRESS}), FAILED),
    PairStep.GIVE_UP: (frozenset({FROZEN, WAITING, IN_PROGRESS}), FAILED),
    PairStep.SPARE: (frozenset({WAITING, IN_PROGRESS}), FROZEN),
    PairStep.LOSE: (ALL, FAILED),
}
"""For each step the states it is for, and where it leads."""


def test_states_are_named_as_in_statistics() -> None:
    """W3C webrtc-stats, RTCStatsIceCandidatePairState."""
    names = ["frozen", "waiting", "in-progress", "succeeded", "failed"]
    assert [state.value for state in PairState] == names


def test_every_step_has_one_goal() -> None:
    assert {
        (before, step): after for step, (states, after) in MOVES.items() for before in states
    } == TRANSITIONS


@pytest.mark.parametrize(("state", "step"), list(product(PairState, PairStep)))
def test_every_state_and_step(state: PairState, step: PairStep) -> None:
    """A step that is not for the state changes nothing, and wakes nobody."""
    checklists, pair = make_checklists("0"), make_pair()
    put(pair, state)
    before = list(pair.changes)
    moved = checklists.move(pair, step, "a reason")
    states, after = MOVES[step]
    assert moved is (state in states)
    assert pair.state is (after if moved else state)
    # One whose check begins leaves no more to do than there was.
    assert checklists.idle is not (moved and step is not PairStep.PERFORM)
    if pair.state is state:
        assert list(pair.changes) == before
    else:
        assert [change.state for change in pair.changes][-2:] == [state, after]


@pytest.mark.parametrize("step", [PairStep.FAIL, PairStep.GIVE_UP, PairStep.LOSE])
def test_a_failed_pair_says_why_until_it_works(step: PairStep) -> None:
    pair = make_pair()
    put(pair, IN_PROGRESS)
    pair.move(step, "no response")
    assert pair.reason == pair.changes[-1].reason == "no response"
    pair.move(PairStep.TRIGGER)
    assert pair.changes[-1].reason == ""
    pair.move(PairStep.SUCCEED)
    assert pair.reason == ""


def _checkable(checklists: ChecklistSet) -> bool:
    return any(pair.state in (FROZEN, WAITING) for each in checklists.lists for pair in each.pairs)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(PairStep)), max_size=40))
def test_whatever_happens_the_set_knows_whether_there_is_something_to_check(
    steps: list[tuple[int, PairStep]],
) -> None:
    """Nobody tells the set: idle means that no pair is left that could be chosen."""
    checklists = make_checklists("a", "b")
    pairs = [make_pair(f"f{i % 2}", 9 - i, stream="ab"[i // 2]) for i in range(4)]
    add_pairs(checklists, *pairs)
    for number, step in steps:
        checklists.move(pairs[number], step)
        chosen = None if checklists.idle else checklists.next_check()
        if chosen is not None:
            checklists.move(chosen[1], PairStep.PERFORM)
        elif _checkable(checklists):
            # What is Frozen waits for a pair of its foundation that is being checked.
            assert all(pair.state is not WAITING for pair in pairs)
            assert any(pair.state is IN_PROGRESS for pair in pairs)
