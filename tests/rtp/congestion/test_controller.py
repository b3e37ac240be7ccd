"""A sender under congestion control on bad lines."""

import statistics

import pytest

from peer.rtp.congestion import CongestionController
from peer.rtp.congestion.controller import LIMIT_LIFETIME

from .download import Download
from .line import Bottleneck, Call, Path, World
from .packets import Packet
from .recordings import replay


def call(path: Path, seconds: float = 0.0, *, seed: int = 1, **options: float | bool) -> Call:
    """Make a call over a line of its own and let it run."""
    made = Call(Bottleneck(World(seed), path), **options)  # type: ignore[arg-type]
    made.world.run(seconds)
    return made


def test_a_clean_line_is_used_within_a_second() -> None:
    made = call(Path(), 10.0)
    assert made.log.target(1.0) >= 1_700_000
    assert made.log.rate(3, 10) >= 1_600_000


@pytest.mark.parametrize(
    ("rate", "used", "wait"), [(1e6, 0.82, 0.04), (5e5, 0.85, 0.05), (2.5e5, 0.88, 0.075)]
)
@pytest.mark.parametrize("seed", range(3))
def test_a_narrow_line_is_used_and_its_queue_is_short(
    rate: float, used: float, wait: float, seed: int
) -> None:
    made = call(Path(rate=rate), 25.0, seed=seed)
    assert made.log.rate(3, 25) >= used * rate
    assert made.log.queue(3, 25) <= wait
    assert [at for at, _, _ in made.log.received if at > 5]
    assert made.log.lost == 0


@pytest.mark.parametrize(("loss", "rate"), [(0.02, 1.7e6), (0.05, 1.4e6), (0.1, 1.0e6)])
def test_loss_by_chance_costs_little(loss: float, rate: float) -> None:
    assert call(Path(loss=loss), 25.0).log.rate(3, 25) >= rate


@pytest.mark.slow
def test_no_chance_keeps_the_rate_down_for_long() -> None:
    """Some seeds begin with twice the usual loss; ten of a hundred packets are lost each time."""
    alone = [call(Path(loss=0.1), 25.0, seed=seed).log.rate(3, 25) for seed in range(12)]
    assert min(alone) >= 1.0e6
    assert statistics.mean(alone) >= 1.3e6
    bursts = [call(Path(burst=0.02), 25.0, seed=seed).log.rate(3, 25) for seed in range(12)]
    assert statistics.mean(bursts) >= 1.2e6


def test_bursts_of_loss_and_jitter_cost_little() -> None:
    assert call(Path(burst=0.01), 25.0).log.rate(3, 25) >= 1.2e6
    assert call(Path(jitter=0.04), 25.0).log.rate(3, 25) >= 1.4e6


def test_a_path_that_mixes_delays_up_is_used() -> None:
    wide = [call(Path(jitter=0.08), 25.0, seed=seed).log for seed in range(6)]
    assert statistics.mean(log.rate(3, 25) for log in wide) >= 1.2e6
    narrow = [call(Path(jitter=0.08, rate=1e6), 25.0, seed=seed).log for seed in range(6)]
    assert statistics.mean(log.rate(3, 25) for log in narrow) >= 0.8e6
    assert statistics.mean(log.queue(3, 25) for log in narrow) <= 0.07


@pytest.mark.parametrize("seed", range(3))
def test_a_line_that_becomes_narrow_and_wide_again(seed: int) -> None:
    path = Path(rate=2e6)
    made = call(path, 12.0, seed=seed)
    path.rate = 4e5
    made.world.run(24.0)
    path.rate = 2e6
    made.world.run(42.0)
    log = made.log
    assert log.queue(16, 24) <= 0.1
    assert log.rate(17, 24) >= 0.75 * 4e5
    assert log.rate(36, 42) >= 0.8 * log.rate(6, 12)


def test_an_outage_is_over_when_it_is() -> None:
    path = Path(rate=1e6)
    made = call(path, 10.0)
    path.is_cut = True
    made.world.run(13.0)
    assert made.controller.target < 0.6 * made.log.target(10.0)
    path.is_cut = False
    made.world.run(20.0)
    assert made.log.rate(13.5, 16) >= 0.7e6
    assert made.log.queue(13, 20) <= 0.06


def test_reports_that_are_lost_cost_little() -> None:
    undisturbed = call(Path(rate=1e6), 25.0).log.rate(3, 25)
    assert call(Path(rate=1e6, report_loss=0.3), 25.0).log.rate(3, 25) >= 0.75 * undisturbed


def test_the_peers_clock_means_nothing() -> None:
    rates = [call(Path(rate=1e6), 10.0, clock=offset).log.rate(3, 10) for offset in (0, 64, 1e6)]
    assert rates[1:] == pytest.approx([rates[0]] * 2, rel=0.05)


def test_an_application_that_sends_little_has_no_boundless_estimate() -> None:
    made = call(Path(), 120.0, most=700_000)
    assert made.controller.target <= 3.6 * 760_000


def test_two_calls_share_a_line() -> None:
    world = World(3)
    line = Bottleneck(world, Path(rate=2e6))
    first, second = Call(line), Call(line)
    world.run(60.0)
    shares = [made.log.rate(20, 60) for made in (first, second)]
    assert sum(shares) >= 0.8 * 2e6
    assert min(shares) >= 0.6 * max(shares)
    assert first.log.queue(20, 60) <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize("rate", [1e6, 2e6])
def test_who_comes_later_gets_as_much(rate: float) -> None:
    shares: list[float] = []
    for seed in range(4):
        world = World(seed)
        line = Bottleneck(world, Path(rate=rate))
        first, second = Call(line), Call(line, begin=10.0)
        world.run(60.0)
        shares.append(second.log.rate(20, 60) / first.log.rate(20, 60))
        assert first.log.rate(20, 60) + second.log.rate(20, 60) >= 0.85 * rate
        assert first.log.queue(20, 60) <= 0.06
    assert 0.8 <= sum(shares) / len(shares) <= 1.25
    assert min(shares) >= 0.5


@pytest.mark.parametrize(("rate", "queue"), [(2e6, 0.3), (5e5, 1.0)])
@pytest.mark.parametrize("seed", range(3))
def test_a_download_gets_its_part_and_no_more(rate: float, queue: float, seed: int) -> None:
    """It fills the queue however little is sent beside it: who yields to that gets nothing."""
    line = Bottleneck(World(seed), Path(rate=rate, queue=queue, delay=0.05))
    made, download = Call(line), Download(line, begin=5.0)
    line.world.run(40.0)
    assert made.log.rate(15, 40) >= 0.17 * rate
    assert download.rate(15, 40) >= 0.25 * rate


@pytest.mark.parametrize("seed", range(3))
def test_the_queue_is_empty_again_when_a_download_has_ended(seed: int) -> None:
    line = Bottleneck(World(seed), Path(rate=1e6, queue=1.0, delay=0.05))
    made, download = Call(line), Download(line, begin=5.0)
    line.world.run(25.0)
    download.is_over = True
    line.world.run(45.0)
    assert made.log.rate(35, 45) >= 0.8 * 1e6
    assert made.log.queue(29, 45) <= 0.1


@pytest.mark.parametrize("seed", range(3))
def test_a_long_queue_of_its_own_is_emptied(seed: int) -> None:
    path = Path(rate=2e6, queue=1.0)
    made = call(path, 12.0, seed=seed)
    path.rate = 4e5
    made.world.run(24.0)
    assert made.log.queue(17, 24) <= 0.1
    assert made.log.rate(17, 24) >= 0.7 * 4e5


def test_another_path_begins_anew() -> None:
    made = call(Path(), 5.0)
    made.controller.change_path(made.world.now)
    assert made.controller.target == 300_000
    made.world.run(10.0)
    assert made.controller.target > 1_500_000


def test_after_a_long_silence_it_begins_again() -> None:
    made = call(Path(), 5.0, audio=False)
    made.is_muted = True
    made.world.run(20.0)
    made.is_muted = False
    made.world.run(24.0)
    assert made.log.rate(22, 24) >= 0.8 * made.log.rate(3, 5)


def test_what_the_receiver_takes_at_most_is_a_cap() -> None:
    made = call(Path(), 5.0)
    before = made.controller.target
    made.controller.note_limit(250_000, 5.0)
    assert made.controller.target == 250_000
    made.controller.note_limit(0, 5.0)
    assert made.controller.target == before


def test_a_cap_that_is_not_repeated_ends() -> None:
    made = call(Path(), 5.0)
    made.controller.note_limit(250_000, 5.0)
    made.world.run(5.0 + LIMIT_LIFETIME)
    capped = made.log.rate(20, 5.0 + LIMIT_LIFETIME)
    made.world.run(10.0 + LIMIT_LIFETIME)
    assert capped <= 250_000
    assert made.log.rate(8 + LIMIT_LIFETIME, 10 + LIMIT_LIFETIME) >= 1_500_000


def test_bounds_hold() -> None:
    made = call(Path(rate=1e5))
    made.controller = CongestionController(least=200_000, most=250_000)
    made.controller.has_feedback = True
    made.world.run(10.0)
    assert made.controller.target == 200_000


def test_without_reports_about_packets_the_peers_word_counts() -> None:
    controller = CongestionController()
    assert not controller.has_estimate
    controller.packets_sent([Packet(1000)], 0.0)
    assert controller.probes() == []
    controller.note_limit(800_000, 1.0)
    assert controller.target == 800_000
    assert controller.pacing == 2_000_000
    assert controller.has_estimate


def test_losses_that_a_peer_counts_mean_nothing_where_packets_are_reported() -> None:
    controller = CongestionController()
    controller.has_feedback = True
    controller.note_loss(50, 100, 0.1, 1.0)
    assert controller.target == 300_000


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_hour_of_a_call() -> None:
    made = call(Path(rate=5e5), 3600.0)
    assert made.log.rate(10, 3600) >= 0.85 * 5e5
    assert made.log.queue(10, 3600) <= 0.06
    assert made.log.lost == 0


def test_what_chromium_told_of_a_call_is_read_as_the_line_was() -> None:
    """Ten seconds over 500 kbit/s, with 20 ms each way and a queue of 250 ms."""
    controller = CongestionController()
    controller.has_feedback = True
    controller.set_wanted(1_760_000, 0.0)
    targets = [(now, controller.target) for now in replay("chromium_500_kbps", controller)]
    assert len(targets) > 150
    assert max(target for _, target in targets) <= 600_000
    assert all(400_000 <= target <= 550_000 for now, target in targets if now >= 5.0)
    assert controller.in_flight < 20_000
    assert controller.loss == 0
