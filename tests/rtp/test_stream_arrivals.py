"""Telling a sender when the packets of each of its streams arrived (RFC 8888)."""

from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import CongestionFeedback, StreamArrivalRecorder, write_compound
from peer.rtp.arrival_window import MAX_INTERVAL, MAX_SPAN
from peer.rtp.congestion_feedback import OFFSETS, OVER_RANGE
from peer.rtp.stream_arrivals import MAX_STREAMS

NTP = 1 << 32
"""A second."""


def told(messages: list[CongestionFeedback]) -> dict[tuple[int, int], float | None]:
    """Return by SSRC and sequence number when each packet arrived, by the clock of the reports."""
    found: dict[tuple[int, int], float | None] = {}
    for message in messages:
        for ssrc, base, arrivals in message.streams:
            for place, arrival in enumerate(arrivals):
                at = None if arrival is None else message.time / 65536 - arrival.offset / OFFSETS
                found[ssrc, (base + place) & 0xFFFF] = at
    return found


def test_each_stream_is_told_of_by_its_own_numbers() -> None:
    recorder = StreamArrivalRecorder()
    assert recorder.deadline() is None
    recorder.add(7, 0xFFFF, 100, 10.0)
    recorder.add(8, 500, 100, 10.0)
    recorder.add(7, 1, 100, 10.05)
    recorder.add(7, 1, 100, 10.06)
    assert recorder.deadline() == 10.0 + MAX_INTERVAL
    messages = recorder.feedback(99, 20 * NTP, 10.1)
    assert [message.sender for message in messages] == [99]
    found = {key: time and round(time, 2) for key, time in told(messages).items()}
    assert found == {(7, 0xFFFF): 19.9, (7, 0): None, (7, 1): 19.95, (8, 500): 19.9}
    assert recorder.deadline() is None
    assert recorder.feedback(99, 20 * NTP, 10.2) == []


def test_streams_of_which_nothing_came_are_left_out() -> None:
    recorder = StreamArrivalRecorder()
    recorder.add(7, 1, 100, 1.0)
    recorder.add(8, 1, 100, 1.0)
    recorder.feedback(99, NTP, 1.1)
    recorder.add(8, 2, 100, 1.2)
    assert list(told(recorder.feedback(99, NTP, 1.3))) == [(8, 2)]


def test_what_came_longer_ago_than_the_format_can_tell() -> None:
    recorder = StreamArrivalRecorder()
    recorder.add(7, 1, 100, 1.0)
    (message,) = recorder.feedback(99, 20 * NTP, 11.0)
    (arrival,) = message.streams[0].arrivals
    assert arrival is not None
    assert arrival.offset == OVER_RANGE


def test_a_jump_costs_no_more_than_the_span_of_a_report_in_messages_that_are_small() -> None:
    recorder = StreamArrivalRecorder()
    recorder.add(7, 0, 100, 1.0)
    recorder.add(7, 30_000, 100, 1.0)
    messages = recorder.feedback(99, NTP, 1.1)
    assert len(told(messages)) == MAX_SPAN + 1
    assert max(len(write_compound(message)) for message in messages) <= 1160


def test_of_too_many_streams_the_one_that_began_longest_ago_is_forgotten() -> None:
    recorder = StreamArrivalRecorder()
    for ssrc in range(MAX_STREAMS + 1):
        recorder.add(ssrc, 1, 100, 1.0)
    streams = {ssrc for ssrc, _ in told(recorder.feedback(99, NTP, 1.1))}
    assert streams == set(range(1, MAX_STREAMS + 1))


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(-5, 9), st.booleans()), min_size=1, max_size=200
    )
)
def test_every_arrival_is_told_in_messages_that_are_small(
    steps: list[tuple[int, int, bool]],
) -> None:
    recorder, now = StreamArrivalRecorder(), 5.0
    numbers = dict.fromkeys(range(21), 70_000)
    seen: set[tuple[int, int]] = set()
    waiting: set[tuple[int, int]] = set()
    for ssrc, step, ask in steps:
        now += 0.001
        numbers[ssrc] += step
        recorder.add(ssrc, numbers[ssrc] & 0xFFFF, 100, now)
        if (ssrc, numbers[ssrc]) not in seen:
            waiting.add((ssrc, numbers[ssrc] & 0xFFFF))
        seen.add((ssrc, numbers[ssrc]))
        if ask:
            messages = recorder.feedback(99, NTP, now)
            found = told(messages)
            assert all(len(write_compound(message)) <= 1160 for message in messages)
            assert all(found[each] is not None for each in waiting)
            waiting.clear()
