"""The rate of a path whose receiver tells little."""

import pytest

from peer.rtp.congestion.report_estimate import MAX_AGE, ReportEstimate
from peer.rtp.congestion.standing_queue import BACKOFF


def test_what_the_receiver_takes_is_the_rate() -> None:
    estimate = ReportEstimate(300_000)
    estimate.note_limit(1_000_000, 1.0)
    assert estimate.bitrate == 1_000_000
    estimate.note_limit(400_000, 2.0)
    assert estimate.bitrate == 400_000


def test_it_rises_towards_that_slowly() -> None:
    estimate = ReportEstimate(300_000)
    estimate.note_limit(500_000, 0.0)
    for step in range(1, 11):
        estimate.note_limit(2_000_000, step * 0.1)
    assert estimate.bitrate == pytest.approx(540_000)


def test_word_that_was_long_in_coming_raises_nothing() -> None:
    estimate = ReportEstimate(300_000)
    estimate.note_limit(500_000, 0.0)
    estimate.note_limit(2_000_000, 60.0)
    assert estimate.bitrate == 500_000


def test_losses_decide_when_there_is_nothing_else() -> None:
    estimate = ReportEstimate(300_000)
    for step in range(200):
        estimate.note_loss(0, 100, 0.1, step * 0.5)
    assert estimate.bitrate == 1_200_000
    for step in range(20):
        estimate.note_loss(15, 100, 0.1, 100 + step * 1.0)
    assert estimate.bitrate < 300_000


def test_losses_do_not_decide_when_the_receiver_says_what_it_takes() -> None:
    estimate = ReportEstimate(300_000)
    estimate.note_limit(500_000, 0.0)
    estimate.note_loss(50, 100, 0.1, 1.0)
    assert estimate.bitrate == 500_000


def test_losses_count_again_when_the_receiver_tells_no_more_what_it_takes() -> None:
    estimate = ReportEstimate(300_000)
    estimate.note_limit(1e6, 0.0)
    estimate.note_loss(50, 100, 0.1, MAX_AGE - 0.1)
    assert estimate.bitrate == 1e6
    estimate.note_loss(50, 100, 0.1, MAX_AGE + 1)
    assert estimate.bitrate == 750_000
    for second in range(60):
        estimate.note_loss(0, 100, 0.1, MAX_AGE + 2 + second)
    assert estimate.bitrate == 1e6


def test_round_trips_that_stay_long_lower_the_rate_without_a_loss() -> None:
    estimate = ReportEstimate(300_000)
    for step in range(20):
        estimate.note_loss(0, 100, 0.1, float(step))
    before = estimate.bitrate
    for step in range(20, 24):
        estimate.note_loss(0, 100, 0.3, float(step))
    assert estimate.bitrate < 0.8 * before


def test_round_trips_that_are_not_known_lower_nothing() -> None:
    estimate = ReportEstimate(300_000)
    for step in range(20):
        estimate.note_loss(0, 100, 0.02, float(step))
    before = estimate.bitrate
    for step in range(20, 24):
        estimate.note_loss(0, 100, None, float(step))
    assert estimate.bitrate == before == 1_200_000


@pytest.mark.parametrize("expected", [1, 100])
def test_where_nothing_arrives_a_queue_has_no_rate(expected: int) -> None:
    """One lost packet of one says nothing, and however many there are the rate is found again."""
    estimate = ReportEstimate(300_000)
    for step in range(20):
        estimate.note_loss(0, 100, 0.1, float(step))
    before = estimate.bitrate
    for step in range(20, 26):
        estimate.note_loss(expected, expected, 0.3, float(step))
    assert estimate.bitrate >= before / 2**6
    for step in range(26, 80):
        estimate.note_loss(0, 100, 0.1, float(step))
    assert estimate.bitrate > before / 2


def test_one_lost_packet_is_no_rate_of_what_arrives() -> None:
    """Streams that send little have reports about a packet or two."""
    estimate = ReportEstimate(300_000)
    for step in range(20):
        estimate.note_loss(0, 100, 0.1, float(step))
    before = estimate.bitrate
    for step in range(20, 23):
        estimate.note_loss(1, 2, 0.3, float(step))
    assert estimate.bitrate == pytest.approx(BACKOFF * before)


def test_a_round_trip_of_hours_is_not_believed() -> None:
    """Whoever reports may say anything of how long it held a report."""
    estimate = ReportEstimate(300_000)
    for step in range(20):
        estimate.note_loss(0, 100, 0.1, float(step))
    before = estimate.bitrate
    for step in range(20, 40):
        estimate.note_loss(50, 100, 30_000.0, float(step))
    assert estimate.bitrate < before / 10
