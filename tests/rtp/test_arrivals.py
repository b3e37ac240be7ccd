"""Telling a sender when its packets arrived."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import ArrivalRecorder, TransportFeedback, write_compound
from peer.rtp.arrival_window import MAX_INTERVAL, MAX_SPAN, MIN_INTERVAL, WINDOW
from peer.rtp.arrivals import MAX_STATUSES


def times(messages: list[TransportFeedback]) -> dict[int, float | None]:
    """Return by sequence number when each packet arrived, in seconds."""
    found: dict[int, float | None] = {}
    for message in messages:
        for place, arrival in enumerate(message.arrivals):
            at = None if arrival is None else message.reference * 0.064 + arrival / 4000
            found[(message.base + place) & 0xFFFF] = at
    return found


def test_each_arrival_is_told_within_a_quarter_of_a_millisecond() -> None:
    recorder = ArrivalRecorder()
    recorder.add(0xFFFE, 100, 10.0)
    recorder.add(0xFFFF, 100, 10.0123)
    recorder.add(2, 100, 10.02)
    assert recorder.deadline() == 10.0 + MAX_INTERVAL
    told = times(recorder.feedback(1, 2, 10.1))
    assert list(told) == [0xFFFE, 0xFFFF, 0, 1, 2]
    assert told[0] is told[1] is None
    assert told[0xFFFE] == pytest.approx(10.0, abs=0.00025)
    assert told[0xFFFF] == pytest.approx(10.0123, abs=0.00025)
    assert told[2] == pytest.approx(10.02, abs=0.00025)


def test_nothing_new_means_nothing_to_tell() -> None:
    recorder = ArrivalRecorder()
    assert recorder.deadline() is None
    assert recorder.feedback(1, 2, 1.0) == []
    recorder.add(5, 100, 1.0)
    assert len(recorder.feedback(1, 2, 1.1)) == 1
    assert recorder.deadline() is None
    assert recorder.feedback(1, 2, 1.2) == []


def test_a_packet_that_comes_late_is_told_with_those_after_it() -> None:
    recorder = ArrivalRecorder()
    recorder.add(1, 100, 1.0)
    recorder.add(3, 100, 1.01)
    recorder.feedback(1, 2, 1.1)
    recorder.add(2, 100, 1.15)
    (message,) = recorder.feedback(1, 2, 1.2)
    assert (message.base, message.number, len(message.arrivals)) == (2, 1, 2)
    assert None not in message.arrivals


def test_of_a_packet_that_comes_twice_the_first_counts() -> None:
    recorder = ArrivalRecorder()
    recorder.add(1, 100, 1.0)
    recorder.add(1, 100, 1.05)
    assert times(recorder.feedback(1, 2, 1.1))[1] == pytest.approx(1.0, abs=0.00025)


def test_a_pause_too_long_for_the_format_makes_two_messages() -> None:
    recorder = ArrivalRecorder()
    recorder.add(1, 100, 1.0)
    recorder.add(2, 100, 20.0)
    messages = recorder.feedback(1, 2, 20.1)
    assert [message.base for message in messages] == [1, 2]
    assert times(messages)[2] == pytest.approx(20.0, abs=0.00025)


def test_a_jump_costs_no_more_than_the_span_of_a_report() -> None:
    recorder = ArrivalRecorder()
    recorder.add(0, 100, 1.0)
    recorder.add(30_000, 100, 1.01)
    messages = recorder.feedback(1, 2, 1.1)
    assert sum(len(message.arrivals) for message in messages) == MAX_SPAN + 1
    assert max(len(message.arrivals) for message in messages) == MAX_STATUSES


def test_the_faster_packets_come_the_more_often_they_are_told_of() -> None:
    def interval(size: int) -> float:
        recorder = ArrivalRecorder()
        now = 0.0
        for number in range(1000):
            now += 0.01
            recorder.add(number, size, now)
            if (deadline := recorder.deadline()) is not None and deadline <= now:
                recorder.feedback(1, 2, now)
        recorder.feedback(1, 2, now)
        recorder.add(1000, size, now)
        deadline = recorder.deadline()
        assert deadline is not None
        return deadline - now

    assert interval(20) == pytest.approx(MAX_INTERVAL)
    assert interval(1200) == pytest.approx(MIN_INTERVAL)


@given(
    st.lists(
        st.tuples(st.integers(-20, 60), st.floats(0, 0.3), st.booleans()),
        min_size=1,
        max_size=120,
    )
)
def test_every_arrival_is_told(steps: list[tuple[int, float, bool]]) -> None:
    """But of what is older than all that is remembered, which may have been told before."""
    recorder, now, number = ArrivalRecorder(), 5.0, 70_000
    seen: dict[int, float] = {}
    waiting: set[int] = set()
    floor = 0
    for step, pause, ask in steps:
        now += pause
        number = max(0, number + step)
        recorder.add(number & 0xFFFF, 100, now)
        if number not in seen and number >= floor:
            waiting.add(number & 0xFFFF)
            seen[number] = now
        if ask:
            messages = recorder.feedback(1, 2, now)
            assert len(write_compound(*messages)) <= 1200 * max(1, len(messages))
            told = times(messages)
            assert all(told[each] is not None for each in waiting)
            waiting.clear()
            old = (one for one, arrival in seen.items() if arrival < now - WINDOW)
            floor = max(floor, max(old, default=-1) + 1)
