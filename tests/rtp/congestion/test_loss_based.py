"""The rate that loss allows."""

from random import Random

from peer.rtp.congestion.history import PacketResult
from peer.rtp.congestion.loss_based import LossBased, LossState

from .results import result


class Path:
    """Sends a rate for a while and loses part of it, at random or what is over a capacity."""

    def __init__(self, *, loss: float = 0.0, delay_rate: float = 2_000_000, seed: int = 1) -> None:
        self.estimate = LossBased(5_000, 10_000_000)
        self.loss, self.delay_rate = loss, delay_rate
        self.now, self.number, self.rng = 0.0, 0, Random(seed)

    def send(self, bitrate: float, seconds: float, *, idle: bool = False) -> None:
        """Send and report each 50 ms."""
        end = self.now + seconds
        interval = 8 * 1000 / bitrate
        while self.now < end:
            packets: list[PacketResult] = []
            tick = self.now + 0.05
            while self.now < tick:
                lost = self.rng.random() < self.loss
                arrived = None if lost else self.now + 0.02
                packets.append(result(self.number, self.now, arrived))
                self.number += 1
                self.now += interval
            arriving = bitrate * (1 - self.loss)
            self.estimate.update(packets, self.delay_rate, arriving, is_limited_by_application=idle)

    def follow(self, seconds: float) -> float:
        """Send what the estimate says; returns the last."""
        end = self.now + seconds
        while self.now < end:
            self.send(min(self.delay_rate, self.estimate.rate or 300_000), 0.05)
        assert self.estimate.rate is not None
        return self.estimate.rate


def test_without_loss_the_delays_decide() -> None:
    path = Path()
    path.send(1_000_000, 2.0)
    assert path.estimate.state is LossState.DELAY
    assert path.estimate.rate == 2_000_000


def test_it_says_nothing_before_three_windows() -> None:
    path = Path(loss=0.5)
    path.send(1_000_000, 0.6)
    assert path.estimate.rate is None


def test_half_of_it_lost_leaves_what_arrives() -> None:
    path = Path(loss=0.5)
    path.send(300_000, 2.0)
    assert path.estimate.state is LossState.DECREASING
    assert path.estimate.rate is not None
    assert path.estimate.rate <= 100_000 / 0.35


def test_a_path_that_loses_whatever_is_sent_keeps_its_rate() -> None:
    for loss, least in ((0.02, 1_700_000), (0.05, 1_400_000), (0.1, 1_000_000)):
        assert Path(loss=loss).follow(20) >= least


def test_what_a_path_loses_is_known_also_where_the_delays_bound_the_rate() -> None:
    for seed in range(3, 7):
        path = Path(loss=0.1, delay_rate=1_000_000, seed=seed)
        path.follow(10)
        assert min(path.follow(0.25) for _ in range(40)) >= 900_000


def test_losing_nothing_any_more_gives_the_rate_back() -> None:
    path = Path(loss=0.4)
    low = path.follow(5)
    assert low < 600_000
    path.loss = 0.0
    assert path.follow(20) == path.delay_rate
    assert path.estimate.state is LossState.DELAY


def test_what_is_known_from_elsewhere_lowers_it() -> None:
    path = Path()
    path.send(1_000_000, 2.0)
    path.estimate.lower(400_000)
    path.delay_rate = 400_000
    path.send(400_000, 0.5)
    assert path.estimate.rate == 400_000


def test_what_a_probe_found_lifts_it() -> None:
    path = Path(loss=0.1)
    path.send(300_000, 2.0)
    path.estimate.lower(200_000)
    path.send(200_000, 0.5)
    assert path.estimate.rate is not None
    low = path.estimate.rate
    path.estimate.lift(low / 2)
    assert path.estimate.rate == low
    path.estimate.lift(1_200_000)
    assert (path.estimate.rate, path.estimate.state) == (1_200_000, LossState.DELAY)
    path.send(1_000_000, 1.0)
    assert path.estimate.rate >= 900_000


def test_it_stays_within_its_bounds() -> None:
    path = Path(loss=0.8)
    path.estimate.least = 200_000
    assert path.follow(10) == 200_000
