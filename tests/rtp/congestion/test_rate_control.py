"""A rate that rises and falls."""

import pytest

from peer.rtp.congestion.rate_control import RateControl
from peer.rtp.congestion.trend import Usage


def control(bitrate: float, round_trip: float = 0.1) -> RateControl:
    made = RateControl(bitrate, 5_000)
    made.round_trip = round_trip
    return made


def test_it_rises_by_eight_percent_a_second() -> None:
    rate = control(1_000_000)
    for step in range(21):
        rate.update(Usage.NORMAL, 1_000_000, step * 0.05)
    assert rate.bitrate == pytest.approx(1_080_000)


def test_it_does_not_rise_far_over_what_arrives() -> None:
    rate = control(784_000)
    for step in range(2400):
        rate.update(Usage.NORMAL, 784_000, step * 0.05)
    assert rate.bitrate == 1_186_000


def test_it_falls_below_what_arrives() -> None:
    rate = control(600_000)
    rate.update(Usage.OVER, 480_000, 1.0)
    assert rate.bitrate == 403_000


def test_it_falls_once_in_a_round_trip() -> None:
    rate = control(600_000)
    rate.update(Usage.OVER, 480_000, 1.0)
    rate.update(Usage.OVER, 400_000, 1.09)
    assert rate.bitrate == 403_000
    rate.update(Usage.OVER, 400_000, 1.11)
    assert rate.bitrate == 335_000
    rate.update(Usage.OVER, 100_000, 1.12)
    assert rate.bitrate == 80_000


def test_it_is_halved_when_nothing_is_known_of_what_arrives() -> None:
    rate = control(600_000)
    rate.update(Usage.OVER, None, 1.0)
    assert rate.bitrate == 300_000


def test_it_never_falls_upwards_or_below_the_least() -> None:
    rate = control(100_000)
    rate.update(Usage.OVER, 500_000, 1.0)
    assert rate.bitrate == 100_000
    rate.update(Usage.OVER, 1_000, 2.0)
    assert rate.bitrate == 5_000


@pytest.mark.parametrize(
    ("bitrate", "round_trip", "growth"),
    [
        (60_000, 0.1, 4_000),
        (90_000, 0.2, 5_000),
        (300_000, 0.04, 17_857),
        (1_000_000, 0.1, 20_833),
        (30_000, 0.1, 4_000),
    ],
)
def test_near_the_limit_it_rises_by_a_packet_in_a_response_time_or_a_part_of_a_low_rate(
    bitrate: float, round_trip: float, growth: float
) -> None:
    rate = control(bitrate, round_trip)
    rate.update(Usage.OVER, bitrate, 1.0)
    rate.update(Usage.NORMAL, bitrate, 1.5)
    rate.bitrate = bitrate
    rate.update(Usage.NORMAL, bitrate, 2.5)
    assert rate.bitrate - bitrate == pytest.approx(growth, rel=0.001)


def test_it_waits_while_the_queue_empties() -> None:
    rate = control(500_000)
    rate.update(Usage.NORMAL, 500_000, 1.0)
    rate.update(Usage.UNDER, 500_000, 2.0)
    assert rate.bitrate == 500_000
    rate.update(Usage.NORMAL, 500_000, 3.0)
    rate.update(Usage.NORMAL, 500_000, 3.5)
    assert rate.bitrate > 510_000
