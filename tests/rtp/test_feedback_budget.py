"""How much feedback may be sent."""

from peer.rtp import FeedbackBudget
from peer.rtp.feedback_budget import BURST


def spend(budget: FeedbackBudget, size: int, now: float) -> int:
    """Return how many messages of a size may leave at once."""
    count = 0
    while budget.allows(size, now):
        count += 1
    return count


def test_feedback_has_a_floor_whatever_is_received() -> None:
    budget = FeedbackBudget()
    assert spend(budget, 100, 0.0) == BURST // 100
    sent = sum(spend(budget, 100, tick / 100) for tick in range(1001))
    assert 10 * 2000 // 100 - 1 <= sent <= 10 * 2000 // 100


def test_feedback_has_a_twentieth_of_what_is_received() -> None:
    budget = FeedbackBudget()
    spend(budget, 100, 0.0)
    sent = 0
    for tick in range(1, 1001):
        budget.note_received(10000)
        sent += spend(budget, 100, tick / 100)
    assert sent == 10_000_000 // 20 // 100


def test_what_is_not_spent_is_kept_within_bounds() -> None:
    budget = FeedbackBudget()
    budget.note_received(1 << 30)
    assert spend(budget, 100, 1e9) == BURST // 100


def test_time_that_goes_back_gives_nothing() -> None:
    budget = FeedbackBudget()
    spend(budget, 100, 100.0)
    assert not budget.allows(100, 50.0)
