"""Losses in windows of sending."""

from peer.rtp.congestion.history import PacketResult
from peer.rtp.congestion.loss_window import LossWindows

from .results import result


def window(
    first: float, *, lost: int = 0, count: int = 26, step: float = 0.01
) -> list[PacketResult]:
    """Make the packets of a quarter of a second, of which the first ones are lost."""
    number = int(first * 10_000)
    return [
        result(number + index, first + index * step, None if index < lost else first + 0.1)
        for index in range(count)
    ]


def windows(*losses: int) -> LossWindows:
    made = LossWindows()
    for index, lost in enumerate(losses):
        made.add(window(index * 0.26, lost=lost))
    return made


def test_a_window_is_a_quarter_of_a_second_of_sending() -> None:
    made = LossWindows()
    assert not made.add(window(0.0, count=25))
    assert made.add([result(9999, 0.25, 0.3)])
    (sample,) = made.samples
    assert (sample.size, sample.lost) == (26_000, 0)
    assert sample.bitrate == 8 * 26_000 / 0.25


def test_what_comes_after_all_was_not_lost() -> None:
    made = LossWindows()
    made.add([result(1, 0.0, None), result(2, 0.1, 0.2)])
    made.add([result(1, 0.0, 0.3), result(3, 0.25, 0.4)])
    assert made.samples[0].lost == 0
    assert made.samples[0].size == 3000


def test_a_loss_told_twice_counts_once() -> None:
    made = LossWindows()
    made.add([result(1, 0.0, None)])
    made.add([result(1, 0.0, None), result(3, 0.25, 0.4)])
    assert (made.samples[0].lost, made.samples[0].size) == (1000, 2000)


def test_the_worst_window_is_left_out() -> None:
    assert windows(0, 0, 26, 0, 0).average() == 0
    assert windows(0, 0, 26).average() > 0.3


def test_the_worst_window_counts_when_it_was_sent_much_faster() -> None:
    made = windows(0, 0, 0, 0, 0)
    made.add(window(1.3, lost=60, count=60, step=0.25 / 59 + 1e-6))
    assert made.average() > 0.2


def test_as_much_is_certain_as_windows_agree_on() -> None:
    agreed, mixed = windows(*[5] * 8), windows(*[0, 10] * 4)
    assert agreed.certain() == agreed.average()
    assert 0.5 * mixed.average() < mixed.certain() < mixed.average()
    assert windows(0, 0, 0, 0, 0, 6, 0, 0).certain() == 0
    assert windows(26, 0, 0).certain() == windows(26, 0, 0).average()
