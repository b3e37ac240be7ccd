"""Round trips."""

import pytest

from peer.sctp.rtt import INITIAL, MAX_BACK_OFF, MIN, RoundTrip


def test_the_first_and_the_following() -> None:
    """RFC 9260 §6.3.1 C2, C3."""
    trip = RoundTrip()
    assert (trip.srtt, trip.rto) == (None, INITIAL)
    trip.measure(0.2)
    assert trip.srtt == 0.2
    assert trip.rto == pytest.approx(0.6)
    trip.measure(0.4)
    assert trip.srtt == pytest.approx(0.225)
    assert trip.rto == pytest.approx(0.225 + 4 * 0.125)
    assert (trip.latest, trip.least) == (0.4, 0.2)


def test_a_queue_is_seen_with_the_round_trip_that_it_makes_longer() -> None:
    trip = RoundTrip()
    assert trip.queued == 0.0
    trip.measure(0.05)
    assert trip.queued == 0.0
    trip.measure(0.1)
    assert trip.queued == 0.5


def test_what_no_path_has_is_not_measured() -> None:
    trip = RoundTrip()
    trip.measure(-0.001)
    trip.measure(61.0)
    assert (trip.srtt, trip.rto) == (None, INITIAL)


def test_the_time_out_is_bounded() -> None:
    trip = RoundTrip()
    for _ in range(50):
        trip.measure(0.001)
    assert trip.rto == MIN
    assert [trip.back_off(times) for times in range(5)] == [0.4, 0.8, 1.6, MAX_BACK_OFF, 3.0]
    for _ in range(200):
        trip.measure(5.0)
    # what the path takes is waited for, however long that is
    assert trip.back_off(10) == trip.rto > 5.0
