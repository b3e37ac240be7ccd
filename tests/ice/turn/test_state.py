from itertools import product

from peer.ice.turn import TRANSITIONS, AllocationState, Step


def test_every_state_can_be_reached() -> None:
    reached = {AllocationState.IDLE}
    for _ in AllocationState:
        reached |= {after for (before, _), after in TRANSITIONS.items() if before in reached}
    assert reached == set(AllocationState)


def test_the_end_is_final() -> None:
    ends = (AllocationState.RELEASED, AllocationState.FAILED, AllocationState.LOST)
    assert not [pair for pair in product(ends, Step) if pair in TRANSITIONS]


def test_every_living_state_knows_the_end_of_its_connection() -> None:
    ends = (AllocationState.RELEASED, AllocationState.FAILED, AllocationState.LOST)
    for state in set(AllocationState) - set(ends):
        assert TRANSITIONS[state, Step.GONE] in ends
