"""How much is sent again."""

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
    assert sum(budget.take(1000, 1_000_000, 0.0, loss=0.1) for _ in range(99)) == 31


def test_a_low_rate_repairs_a_little() -> None:
    budget = RepairBudget()
    assert [budget.take(1200, 30_000, 0.0) for _ in range(3)] == [True, True, False]
