"""Bytes a second."""

import pytest

from peer.rtp.congestion import RateMeter


def test_the_rate_is_that_of_the_last_second() -> None:
    meter = RateMeter()
    assert meter.bitrate(0.0) == 0
    for index in range(200):
        meter.add(100, index * 0.01)
    assert meter.bitrate(1.99) == pytest.approx(80_000)
    assert (len(meter), meter.octets) == (100, 10_000)
    assert meter.bitrate(2.49) == pytest.approx(40_000)
    assert meter.bitrate(9.0) == 0


def test_in_the_first_second_it_is_that_since_the_beginning() -> None:
    meter = RateMeter()
    for index in range(51):
        meter.add(100, 5 + index * 0.01)
    assert meter.bitrate(5.5) == pytest.approx(80_000, rel=0.05)


def test_what_is_of_use_is_told_apart() -> None:
    meter = RateMeter()
    meter.add(100, 0.0, 60)
    meter.add(40, 0.5)
    assert (meter.octets, meter.useful) == (140, 60)
    meter.advance(1.2)
    assert (meter.octets, meter.useful) == (40, 0)
