"""When the packets of one numbering arrived."""

import pytest

from peer.rtp.arrival_window import (
    MAX_INTERVAL,
    MAX_SPAN,
    MIN_INTERVAL,
    WINDOW,
    ArrivalWindow,
    FeedbackPace,
)


def told(window: ArrivalWindow, now: float) -> dict[int, float | None]:
    """Return what is to be told, and note that it was."""
    arrivals = {number & 0xFFFF: window.arrival(number) for number in window.numbers()}
    window.settle(now)
    return arrivals


def test_what_arrived_is_told_with_what_did_not() -> None:
    window = ArrivalWindow()
    assert [window.add(number, 1.0) for number in (0xFFFE, 0, 0)] == [True, True, False]
    assert told(window, 1.0) == {0xFFFE: 1.0, 0xFFFF: None, 0: 1.0}
    assert told(window, 1.0) == {}


def test_what_comes_late_is_told_with_all_behind_it() -> None:
    window = ArrivalWindow()
    for number in (1, 3):
        window.add(number, 1.0)
    told(window, 1.1)
    assert window.add(2, 1.2)
    assert told(window, 1.2) == {2: 1.2, 3: 1.0}


def test_what_was_told_once_is_never_told_as_missing() -> None:
    """Not even when a packet comes after those behind it are forgotten."""
    window = ArrivalWindow()
    for number in (1, 3, 4):
        window.add(number, 1.0)
    told(window, 1.1)
    window.add(5, 1.1 + WINDOW)
    told(window, 1.1 + WINDOW)
    assert not window.add(2, 2.0)
    assert not window.add(4, 2.0)
    assert told(window, 2.0) == {}


def test_a_jump_leaves_a_span_to_tell_of() -> None:
    window = ArrivalWindow()
    window.add(0, 1.0)
    window.add(30_000, 1.0)
    assert len(window.numbers()) == MAX_SPAN + 1
    assert not window.add(30_000 - MAX_SPAN - 1, 1.0)
    assert window.add(30_000 - MAX_SPAN, 1.0)


@pytest.mark.parametrize("behind", [100, 199 + MAX_SPAN, 20_000])
def test_numbers_that_begin_anew_are_told_of(behind: int) -> None:
    """As soon as nothing new has come for a while."""
    window, begin = ArrivalWindow(), 30_000
    for number in range(begin, begin + 200):
        window.add(number, 1.0)
    told(window, 1.0)
    first = begin + 199 - behind
    at_once = [window.add(first + step, 1.0 + step / 100) for step in range(40)]
    assert not any(at_once)
    assert told(window, 1.4) == {}
    later = {first + step: 1.0 + step / 100 for step in range(51, 60)}
    assert [window.add(number, now) for number, now in later.items()] == [False, *[True] * 8]
    told_of = told(window, 1.6)
    assert told_of == {number: later[number] for number in list(later)[1:]}


def test_what_comes_very_late_begins_nothing_anew() -> None:
    window = ArrivalWindow()
    for step in range(100):
        window.add(100 + step, 1.0 + step / 50)
        told(window, 1.0 + step / 50)
    assert not any(window.add(number, 3.0) for number in range(50, 150))
    window.add(200, 3.02)
    assert told(window, 3.02) == {200: 3.02}


def test_feedback_waits_for_something_new() -> None:
    pace = FeedbackPace()
    pace.note(100, 1.0, new=False)
    assert pace.deadline is None
    pace.note(100, 1.1, new=True)
    pace.note(100, 1.15, new=True)
    assert pace.deadline == pytest.approx(1.1 + MAX_INTERVAL)
    pace.settle(1.2)
    assert pace.deadline is None


@pytest.mark.parametrize(("size", "interval"), [(100, MAX_INTERVAL), (10_000, MIN_INTERVAL)])
def test_the_faster_packets_come_the_sooner_they_are_told(size: int, interval: float) -> None:
    pace = FeedbackPace()
    pace.settle(1.0)
    pace.note(size, 1.05, new=True)
    pace.settle(1.1)
    pace.note(size, 2.0, new=True)
    assert pace.deadline == pytest.approx(2.0 + interval)
