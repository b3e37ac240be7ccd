"""How much is sent again."""

import pytest

from peer.rtp.congestion import RepairBudget


def test_repair_takes_a_part_of_the_target() -> None:
    budget = RepairBudget()
    taken = sum(budget.take(1000, 1_000_000, index * 0.001) for index in range(500))
    assert taken == 18


def test_it_is_given_back_with_time() -> None:
    budget = RepairBudget()
    for _ in range(100):
        budget.take(1000, 1_000_000, 0.0)
    assert not budget.take(1000, 1_000_000, 0.9)
    assert budget.take(1000, 1_000_000, 1.0)


def test_a_path_that_loses_more_has_more_repaired() -> None:
    budget = RepairBudget()
    assert sum(budget.take(1000, 1_000_000, 0.0, loss=0.1) for _ in range(99)) == 43


def test_a_full_path_has_not_all_of_it_repaired() -> None:
    budget = RepairBudget()
    assert sum(budget.take(1000, 1_000_000, 0.0, loss=0.9) for _ in range(99)) == 56


@pytest.mark.parametrize(
    ("loss", "again", "worth"), [(0.06, False, 0), (0.07, False, 1), (0, True, 1)]
)
def test_a_second_copy_is_worth_it_where_the_first_is_likely_to_be_lost(
    loss: float, again: bool, worth: int
) -> None:
    budget = RepairBudget()
    assert budget.take_second(1000, 1_000_000, 0.0, loss=loss, again=again) == worth


def test_second_copies_leave_room_for_first_ones() -> None:
    budget = RepairBudget()
    seconds = sum(budget.take_second(1000, 1_000_000, 0.0, loss=0.1) for _ in range(99))
    firsts = sum(budget.take(1000, 1_000_000, 0.0, loss=0.1) for _ in range(99))
    assert (seconds, firsts) == (31, 12)
    assert not RepairBudget().take_second(1200, 30_000, 0.0, again=True)


def test_a_low_rate_repairs_a_little() -> None:
    budget = RepairBudget()
    assert [budget.take(1200, 30_000, 0.0) for _ in range(3)] == [True, True, False]
