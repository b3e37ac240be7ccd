"""A queue that stands."""

import pytest

from peer.rtp.congestion.standing_queue import (
    BACKOFF,
    CONTEST,
    MAX_CONTEST,
    REST,
    StandingQueue,
)

REPORT = 0.05
RATE = 1e6


def run(
    queue: StandingQueue, begin: float, end: float, delay: float, *, slope: float = 0.0
) -> list[tuple[float, float]]:
    """Report round trips that begin with one and change; returns when the rate was to be what."""
    found, step = [], 0
    while (now := begin + step * REPORT) < end:
        queue.add(delay + slope * (now - begin), now)
        bitrate = queue.judge(RATE, RATE, now)
        if bitrate is not None:
            found.append((round(now - begin, 2), bitrate))
        step += 1
    return found


def test_a_long_delay_lowers_the_rate_once_it_has_lasted() -> None:
    queue = StandingQueue()
    assert run(queue, 0, 5, 0.04) == []
    assert run(queue, 5, 7, 0.2) == [(1.0, BACKOFF * RATE)]


def test_a_short_one_does_not() -> None:
    queue = StandingQueue()
    run(queue, 0, 5, 0.04)
    assert run(queue, 5, 20, 0.13) == []
    assert queue.delay > 0.08


def test_what_sending_less_empties_is_lowered_further() -> None:
    queue = StandingQueue()
    run(queue, 0, 5, 0.04)
    again = 2 + 1.04 - 0.04
    first, second = run(queue, 5, 5 + again + 1.0, 1.04, slope=-(1 - BACKOFF))
    assert first == (1.0, BACKOFF * RATE)
    assert second[0] == pytest.approx(1.0 + REST + 0.7, abs=REPORT)
    assert second[1] == BACKOFF * RATE
    assert not queue.is_contested(9.0)


def test_what_it_does_not_empty_is_the_queue_of_others() -> None:
    queue = StandingQueue()
    run(queue, 0, 5, 0.04)
    (lowered, low), (restored, bitrate) = run(queue, 5, 15, 0.24)
    assert (lowered, low, bitrate) == (1.0, BACKOFF * RATE, RATE)
    assert restored == pytest.approx(1.0 + REST + 0.2, abs=REPORT)
    assert queue.is_contested(15.0)
    # Each time it is longer until that is found out again.
    until = 5 + restored + CONTEST
    assert run(queue, 15, until + 5, 0.24)[0][0] == pytest.approx(until - 15, abs=REPORT)
    assert queue.is_contested(until + 2 * CONTEST)
    assert not queue.is_contested(until + MAX_CONTEST)


def test_it_is_nobodys_once_it_is_empty() -> None:
    queue = StandingQueue()
    run(queue, 0, 5, 0.04)
    run(queue, 5, 10, 0.24)
    assert queue.is_contested(10.0)
    run(queue, 10, 12, 0.05)
    assert not queue.is_contested(12.0)


def test_a_path_that_became_slower_has_a_queue_of_our_own() -> None:
    queue = StandingQueue()
    run(queue, 0, 5, 0.04)
    run(queue, 5, 6.9, 0.24)
    for step in range(20):
        now = 6.9 + step * REPORT
        queue.add(0.24 + 0.1 * step * REPORT, now)
        queue.judge(BACKOFF * RATE, RATE / 2, now)
    assert not queue.is_contested(7.9)


def test_a_path_that_has_become_longer_is_the_new_base_in_the_end() -> None:
    queue = StandingQueue()
    run(queue, 0, 5, 0.04)
    run(queue, 5, 60, 0.2)
    assert queue.delay == 0
