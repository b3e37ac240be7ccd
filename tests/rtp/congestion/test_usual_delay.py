"""Delays that are longer than usual on their path."""

from random import Random

from peer.rtp.congestion.usual_delay import LEAST_MOMENTS, MAX_STEP, MOMENT, MOMENTS, UsualDelay


def feed(usual: UsualDelay, delays: list[float], begin: float = 0.0) -> float:
    """Note a delay for each moment; returns when the next one begins."""
    for number, delay in enumerate(delays):
        usual.add(delay, begin + number * MOMENT)
    return begin + len(delays) * MOMENT


def mixed_up(count: int, most: float = 0.02) -> list[float]:
    rng = Random(1)
    return [1000.0 + rng.uniform(0, most) for _ in range(count)]


def test_every_delay_is_unusual_while_nothing_is_known() -> None:
    usual = UsualDelay()
    assert usual.is_exceeded
    feed(usual, mixed_up(LEAST_MOMENTS - 1))
    assert usual.is_exceeded
    assert usual.spread == 0


def test_what_chance_does_is_usual_and_a_queue_is_not() -> None:
    usual = UsualDelay()
    now = feed(usual, mixed_up(MOMENTS))
    assert 0.003 <= usual.spread <= 0.01
    exceeded = 0
    for delay in mixed_up(MOMENTS):
        now = feed(usual, [delay], now)
        exceeded += usual.is_exceeded
    assert exceeded <= MOMENTS / 10
    feed(usual, [1000.1] * 2, now)
    assert usual.is_exceeded


def test_the_shortest_delay_of_a_moment_counts() -> None:
    usual = UsualDelay()
    now = feed(usual, mixed_up(MOMENTS))
    usual.add(1000.1, now)
    usual.add(1000.01, now + 0.05)
    assert not usual.is_exceeded


def test_on_a_path_with_even_delays_all_that_grows_counts() -> None:
    usual = UsualDelay()
    feed(usual, mixed_up(MOMENTS, 0.001))
    assert usual.spread == 0
    assert usual.is_exceeded


def test_a_queue_that_stands_is_no_chance() -> None:
    usual = UsualDelay()
    feed(usual, [1000.0] * 5 + [1000.08] * 30)
    assert usual.spread == 0


def test_moments_are_forgotten_with_a_clock_that_is_set_and_when_told() -> None:
    for set_by in (MAX_STEP + 1, -MAX_STEP - 1):
        usual = UsualDelay()
        now = feed(usual, mixed_up(MOMENTS))
        feed(usual, [1000.0 + set_by], now)
        assert usual.is_exceeded
        assert usual.spread == 0
    usual = UsualDelay()
    feed(usual, mixed_up(MOMENTS))
    usual.forget()
    assert usual.is_exceeded
