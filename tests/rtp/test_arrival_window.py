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
