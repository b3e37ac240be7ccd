"""A queue that stands."""

from peer.rtp.congestion.standing_queue import StandingQueue


def add(queue: StandingQueue, round_trip: float, begin: float, end: float) -> list[float]:
    """Add round trips each 50 ms; returns when the queue was standing."""
    found, step = [], 0
    while (now := begin + step * 0.05) < end:
        queue.add(round_trip, now)
        if queue.is_standing(now):
            found.append(round(now - begin, 2))
        step += 1
    return found


def test_a_long_delay_counts_once_it_has_lasted_and_then_once_a_second() -> None:
    queue = StandingQueue()
    assert add(queue, 0.04, 0, 5) == []
    assert add(queue, 0.2, 5, 8) == [1.0, 2.0]


def test_a_short_one_does_not() -> None:
    queue = StandingQueue()
    add(queue, 0.04, 0, 5)
    assert add(queue, 0.13, 5, 20) == []
    assert queue.delay > 0.08


def test_a_path_that_has_become_longer_is_the_new_base_in_the_end() -> None:
    queue = StandingQueue()
    add(queue, 0.04, 0, 5)
    assert add(queue, 0.2, 5, 60)[-1] < 31
    assert queue.delay == 0


def test_another_path_begins_anew() -> None:
    queue = StandingQueue()
    add(queue, 0.04, 0, 5)
    queue.forget()
    assert add(queue, 0.2, 5, 10) == []
