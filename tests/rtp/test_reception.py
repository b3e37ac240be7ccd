"""The counters of a received source (RFC 3550 §A.1, §A.3, §A.8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import Reception, ReportBlock

RATE = 8000


def receive(reception: Reception, *numbers: int, pace: float = 0.02) -> None:
    for position, number in enumerate(numbers):
        reception.add(number & 0xFFFF, number * 160 & 0xFFFFFFFF, RATE, position * pace)


def test_what_is_missing_counts_as_lost_until_it_comes() -> None:
    reception = Reception()
    receive(reception, 1, 2, 5)
    assert (reception.packets_received, reception.packets_lost, reception.highest) == (3, 2, 5)
    receive(reception, 4, 3)
    assert (reception.packets_received, reception.packets_lost, reception.highest) == (5, 0, 5)


def test_a_packet_that_comes_twice_makes_up_for_a_loss() -> None:
    """RFC 3550 §A.3: the difference may be negative."""
    reception = Reception()
    receive(reception, 1, 1)
    assert reception.packets_lost == -1


def test_wraps_are_counted() -> None:
    reception = Reception()
    receive(reception, 0xFFFE, 0xFFFF, 0x10000, 0x10001)
    assert (reception.highest, reception.packets_lost) == (0x10001, 0)


@pytest.mark.parametrize("begin", [10_001, 0xFFFF - 5000])
def test_a_source_that_restarts_elsewhere_loses_nothing(begin: int) -> None:
    """One packet far away is not believed, the next one after it is: ahead or back."""
    reception = Reception()
    receive(reception, 1, 2, 3, begin)
    assert reception.highest == 3
    receive(reception, *range(begin + 1, begin + 10))
    assert reception.packets_lost == 0
    assert reception.packets_received == 13
    assert reception.highest & 0xFFFF == begin + 9


def test_a_stray_packet_changes_nothing() -> None:
    reception = Reception()
    receive(reception, 1, 2, 3, 9000, 4, 5)
    assert (reception.highest, reception.packets_lost) == (5, 0)


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=60))
def test_the_highest_number_never_goes_back(numbers: list[int]) -> None:
    reception, before = Reception(), -1
    for number in numbers:
        receive(reception, number)
        assert reception.highest >= before
        before = reception.highest
    assert reception.packets_received == len(numbers)


def test_an_even_pace_has_no_jitter() -> None:
    reception = Reception()
    receive(reception, *range(100))
    assert reception.jitter == 0


def test_the_jitter_is_that_of_the_reference() -> None:
    """RFC 3550 §A.8: an estimate with a gain of 1/16, one step for each new timestamp."""
    reception = Reception()
    arrivals = [0.0, 0.03, 0.04, 0.09, 0.1]
    expected, transit = 0.0, 0.0
    for number, arrival in enumerate(arrivals):
        reception.add(number, number * 160, RATE, arrival)
        # Further packets of the same picture say nothing.
        reception.add(number, number * 160, RATE, arrival + 0.5)
        if number:
            step = abs(arrival * RATE - number * 160 - transit)
            expected += (step - expected) / 16
        transit = arrival * RATE - number * 160
    assert reception.jitter == pytest.approx(int(expected), abs=60)


def test_the_step_after_an_hour_of_silence_says_nothing_about_jitter() -> None:
    reception = Reception()
    receive(reception, 1, 2)
    reception.add(3, 3 * 160, RATE, 3600.0)
    assert reception.jitter == 0


def test_each_report_covers_the_time_since_the_one_before() -> None:
    reception = Reception()
    receive(reception, 1, 2, 5)
    assert reception.report(7, 1.0) == ReportBlock(7, 256 * 2 // 5, 2, 5, reception.jitter, 0, 0)
    receive(reception, 6, 7)
    assert reception.report(7, 2.0).fraction_lost == 0
    assert reception.report(7, 3.0).fraction_lost == 0


def test_late_packets_make_no_negative_fraction() -> None:
    reception = Reception()
    receive(reception, 1, 4)
    reception.report(7, 1.0)
    receive(reception, 2, 3, 5)
    assert reception.report(7, 2.0).fraction_lost == 0


def test_a_report_answers_the_last_report_of_the_source() -> None:
    reception = Reception()
    receive(reception, 1)
    reception.note_sender_report(0x1122_33445566_7788, 10.0)
    block = reception.report(7, 10.5)
    assert (block.last_report, block.delay) == (0x33445566 & 0xFFFFFFFF, 32768)


def test_a_source_that_was_never_heard_has_an_empty_report() -> None:
    assert Reception().report(7, 1.0) == ReportBlock(7, 0, 0, 0, 0, 0, 0)


def test_retransmissions_are_counted_without_their_times() -> None:
    reception = Reception()
    assert [reception.count(number) for number in (5, 7, 6)] == [True, True, False]
    assert (reception.packets_received, reception.packets_lost, reception.jitter) == (3, 0, 0)
