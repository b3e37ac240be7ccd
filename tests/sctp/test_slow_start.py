"""Ending the search for the window by round trips (RFC 9406)."""

import pytest

from peer.sctp.slow_start import CAREFUL_ROUNDS, CAREFUL_SHARE, SAMPLES, SlowStart
from tests.sctp.path import Conditions, Path

PACKETS = 100


class Rounds:
    """Rounds of packets, each of which is acknowledged."""

    def __init__(self) -> None:
        self.search = SlowStart()
        self._tsn = 0

    def run(self, *samples: float) -> bool:
        """Measure these round trips in one round; tells whether the search is over."""
        end = self._tsn + PACKETS
        over = [self.search.measure(each, self._tsn + at, end) for at, each in enumerate(samples)]
        self._tsn = end
        return any(over)


def test_round_trips_that_stay_the_same_end_nothing() -> None:
    rounds = Rounds()
    assert not any(rounds.run(*[0.05 + 0.003 * (turn % 2)] * SAMPLES) for turn in range(20))
    assert rounds.search.share == 1.0


@pytest.mark.parametrize(
    ("before", "after", "suspected"),
    [
        (0.010, 0.013, False),
        (0.010, 0.0141, True),
        (0.080, 0.089, False),
        (0.080, 0.0901, True),
        (0.400, 0.415, False),
        (0.400, 0.4161, True),
    ],
)
def test_how_much_longer_they_are(before: float, after: float, suspected: bool) -> None:
    """By an eighth, 4 ms at least and 16 ms at most."""
    rounds = Rounds()
    rounds.run(*[before] * SAMPLES)
    rounds.run(*[after] * SAMPLES)
    assert rounds.search.share == (CAREFUL_SHARE if suspected else 1.0)


def test_the_least_of_several_counts() -> None:
    rounds = Rounds()
    rounds.run(*[0.05] * SAMPLES)
    rounds.run(*[0.09] * (SAMPLES - 1))
    assert rounds.search.share == 1.0
    rounds.run(*[0.09] * (SAMPLES - 1), 0.05)
    assert rounds.search.share == 1.0


def test_it_is_over_after_some_careful_rounds() -> None:
    rounds = Rounds()
    rounds.run(*[0.05] * SAMPLES)
    over = [rounds.run(*[0.07] * SAMPLES) for _ in range(CAREFUL_ROUNDS + 1)]
    assert over == [False] * CAREFUL_ROUNDS + [True]


def test_jitter_is_found_out() -> None:
    rounds = Rounds()
    rounds.run(*[0.05] * SAMPLES)
    rounds.run(*[0.07] * SAMPLES)
    rounds.run(*[0.05] * SAMPLES)
    assert rounds.search.share == 1.0
    assert not any(rounds.run(*[0.05] * SAMPLES) for _ in range(CAREFUL_ROUNDS))


@pytest.mark.parametrize(("rate", "queue"), [(1.25e5, 1000), (1.25e6, 1000), (6e6, 1000)])
def test_a_long_queue_does_not_overflow(rate: float, queue: int) -> None:
    """It would lose as much as it holds, when the window was twice as large as it may be."""
    path = Path(Conditions(rate=rate, queue=queue)).connect()
    for _ in range(200):
        path.send(bytes(15000))
    seconds = path.run(lambda: len(path.right.messages) == 200)
    assert path.left.association.statistics().resent == 0
    assert 3e6 / seconds > 0.65 * rate
