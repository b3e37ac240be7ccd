"""One time line for a track, through all that its sources do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp.timeline import MAX_SOURCES, Place, TimeLine

RATE = 48000
FRAME = 960


class Feed:
    """Packets of 20 ms, one after the other, into a time line."""

    def __init__(self, line: TimeLine, rate: int = RATE) -> None:
        self.line = line
        self.rate = rate
        self.now = 100.0
        self.ssrc = 1
        self.number = 65530
        self.timestamp = 0xFFFFF000

    def send(self, count: int = 1) -> Place | None:
        """Send packets; returns where the last one belongs."""
        place = None
        for _ in range(count):
            place = self.line.place(
                self.ssrc, self.number & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.rate, self.now
            )
            self.now += 0.02
            self.number += 1
            self.timestamp += self.rate // 50
        return place

    def time(self, count: int = 1) -> int:
        """The same, of the last one's time."""
        place = self.send(count)
        assert place is not None
        return place.time


def test_times_begin_at_0_and_go_on_through_the_wraps() -> None:
    feed = Feed(TimeLine(RATE))
    assert feed.line.ssrc is None
    assert [feed.send() for _ in range(20)] == [
        Place(65530 + index, index * FRAME) for index in range(20)
    ]


def test_packets_out_of_order_have_their_place() -> None:
    line = TimeLine(RATE)
    Feed(line).send(10)
    assert line.place(1, 65532, 0xFFFFF000 + 2 * FRAME, RATE, 100.3) == Place(65532, 2 * FRAME)
    assert line.place(1, 65529, 0xFFFFF000 - FRAME, RATE, 100.3) == Place(65529, -FRAME)


@pytest.mark.parametrize("step", [-0x70000000, -48001, -1921, 2**30])
def test_a_clock_that_starts_again_goes_on_where_it_was(step: int) -> None:
    """Sound has no reason to step back, and nothing explains steps ahead of the real time."""
    line = TimeLine(RATE)
    feed = Feed(line)
    time = feed.time(10)
    for _ in range(3):
        feed.timestamp += step
        assert feed.time() == time + FRAME
        time = feed.time(10)
    assert line.restarts == 3


def test_a_clock_that_starts_again_after_a_pause_keeps_the_pause() -> None:
    feed = Feed(TimeLine(RATE))
    time = feed.time(10)
    feed.now += 3.0
    feed.timestamp -= 500_000
    assert feed.time() == time + 3 * RATE + FRAME


def test_a_pause_is_as_long_as_the_sender_says() -> None:
    feed = Feed(TimeLine(RATE))
    time = feed.time(10)
    feed.now += 60.0
    feed.timestamp += 60 * RATE
    assert feed.time() == time + 60 * RATE + FRAME


def test_a_sender_that_is_ahead_of_real_time_is_followed_for_ten_seconds() -> None:
    feed = Feed(TimeLine(RATE))
    time = feed.time(10)
    feed.timestamp += 9 * RATE
    assert feed.time() == time + 9 * RATE + FRAME


@pytest.mark.parametrize("step", [0.3, 1.0, 9.0])
def test_steps_ahead_add_up_to_ten_seconds_at_most(step: float) -> None:
    """Who takes a second with each packet would have a track of fifty for each that passes."""
    line = TimeLine(RATE)
    feed = Feed(line)
    begin = feed.time()
    for _ in range(500):
        feed.timestamp += round(step * RATE)
        time = feed.time()
    assert time - begin <= (500 * 0.02 + 10.1) * RATE
    assert feed.time(50) - time == 50 * FRAME


def test_other_sources_are_not_ahead_of_it_by_more() -> None:
    line, time = TimeLine(RATE), 0
    for ssrc in range(1, 40):
        feed = Feed(line)
        feed.ssrc, feed.now = ssrc, ssrc / 10
        feed.send(2)
        feed.timestamp += 5 * RATE
        time = feed.time(2)
    assert time <= (4 + 10.1) * RATE


def test_a_sender_whose_clock_is_fast_is_followed_for_ever() -> None:
    line = TimeLine(RATE)
    feed = Feed(line)
    for _ in range(10 * 3600):
        feed.now += 1 - 2e-4
        feed.timestamp += RATE
        feed.send()
    assert line.restarts == 0


def test_pictures_are_sent_in_another_order_than_shown() -> None:
    line = TimeLine(90000, max_step_back=0.5)
    times = [0, 12000, 3000, 6000, 9000]
    places = [line.place(1, index, 5 + time, 90000, index / 30) for index, time in enumerate(times)]
    assert places == [Place(index, time) for index, time in enumerate(times)]
    assert line.restarts == 0


def test_another_source_takes_over_when_its_first_packet_comes() -> None:
    line = TimeLine(RATE)
    feed = Feed(line)
    time = feed.time(10)
    feed.ssrc, feed.number, feed.timestamp = 2, 7, 123456789
    feed.now += 0.1
    place = feed.send()
    assert place is not None
    assert place.time == time + FRAME + 4800
    assert place.number & 0xFFFF == 7
    assert place.number > 65540 + 0x8000
    assert feed.time(5) == time + 6 * FRAME + 4800
    assert (line.changes, line.ssrc) == (1, 2)


def test_a_source_that_may_not_take_over_yet_changes_nothing() -> None:
    line = TimeLine(90000, max_step_back=0.5)
    assert line.place(1, 5, 0, 90000, 1.0, may_take_over=False) == Place(5, 0)
    assert line.place(2, 9, 70000, 90000, 1.1, may_take_over=False) is None
    assert line.place(1, 6, 9000, 90000, 1.1) == Place(6, 9000)
    assert line.place(2, 10, 79000, 90000, 1.2) == Place((1 << 16) + 10, 18000)
    assert (line.changes, line.dropped) == (1, 1)


def test_capture_times_anchor_a_new_source() -> None:
    captured = {1: 0xFFFFF000 + 9 * FRAME, 2: 1000 - 3 * FRAME}
    times = TimeLine(
        RATE,
        capture_times=lambda ssrc, timestamp: (
            50.0 + ((timestamp - captured[ssrc] + 2**31 & 0xFFFFFFFF) - 2**31) / RATE
        ),
    )
    feed = Feed(times)
    time = feed.time(10)
    feed.ssrc, feed.number, feed.timestamp = 2, 7, 1000
    assert feed.time() == time + 3 * FRAME


@pytest.mark.parametrize("capture", [None, 1e9])
def test_capture_times_that_are_missing_or_absurd_are_not_used(capture: float | None) -> None:
    line = TimeLine(RATE, capture_times=lambda ssrc, timestamp: capture if ssrc == 2 else 0.0)
    feed = Feed(line)
    time = feed.time(10)
    feed.ssrc = 2
    assert feed.time() == time + FRAME


def test_the_time_of_a_new_source_is_never_before_the_old_one_s() -> None:
    line = TimeLine(RATE, capture_times=lambda ssrc, timestamp: -0.5 if ssrc == 2 else 0.0)
    feed = Feed(line)
    time = feed.time(10)
    feed.ssrc = 2
    assert feed.time() == time + 1


def test_the_rest_of_an_old_source_does_not_take_back() -> None:
    line = TimeLine(RATE)
    old, new = Feed(line), Feed(line)
    old.send(10)
    new.ssrc, new.now = 2, old.now
    for _ in range(100):
        new.send()
        assert old.send() is None
    assert line.changes == 1
    assert line.dropped == 100
    # What was under way when the other took over still has its place.
    assert line.place(1, 65535, 0xFFFFF000 + 5 * FRAME, RATE, new.now) == Place(65535, 5 * FRAME)


def test_an_old_source_that_was_silent_takes_over_again() -> None:
    line = TimeLine(RATE)
    old, new = Feed(line), Feed(line)
    old.send(10)
    new.ssrc, new.now = 2, old.now
    new.send(100)
    old.now = new.now
    assert old.send() is not None
    assert line.changes == 2


def test_an_old_source_takes_over_again_when_the_new_one_falls_silent() -> None:
    line = TimeLine(RATE)
    old, new = Feed(line), Feed(line)
    old.send(10)
    new.ssrc, new.now = 2, old.now
    new.send()
    assert [old.send() is None for _ in range(60)] == [True] * 51 + [False] * 9
    assert line.changes == 2


def test_a_few_sources_are_remembered() -> None:
    line = TimeLine(RATE)
    feed = Feed(line)
    for ssrc in range(1000):
        feed.ssrc = ssrc
        feed.send()
    assert len(line._sources) == MAX_SOURCES


def test_a_source_that_said_bye_may_go_on_or_begin_anew() -> None:
    line = TimeLine(RATE)
    feed = Feed(line)
    time = feed.time(10)
    line.end(feed.ssrc)
    assert feed.time() == time + FRAME
    line.end(feed.ssrc)
    feed.number, feed.timestamp = 30000, 77
    place = feed.send()
    assert place is not None
    assert place.time == time + 2 * FRAME
    line.end(99)


def test_another_clock_rate_on_the_same_source() -> None:
    """RFC 7160 §4.3: the time goes on, whether the timestamps do or start anew."""
    feed = Feed(TimeLine(RATE))
    time = feed.time(10)
    feed.rate = 8000
    feed.timestamp += 160 - 960
    assert feed.time() == time + FRAME
    assert feed.time(5) == time + 6 * FRAME
    feed.rate = 48000
    feed.timestamp = 0x10000000
    assert feed.time() == time + 7 * FRAME


def test_other_clocks_do_not_add_up_errors() -> None:
    line = TimeLine(8000)
    feed = Feed(line, rate=44100)
    assert feed.time(5001) == 5000 * 882 * 8000 // 44100
    assert (line.ticks(960, 48000), line.ticks(160, 8000)) == (160, 160)


def test_numbers_that_begin_anew_are_believed_at_the_second_packet() -> None:
    line = TimeLine(RATE)
    feed = Feed(line)
    time = feed.time(10)
    feed.number -= 20000
    feed.timestamp = 0x10000000
    assert feed.send() is None
    place = feed.send()
    assert place is not None
    assert place.time == time + 2 * FRAME
    assert place.number > 65540
    assert feed.time() == time + 3 * FRAME


def test_one_packet_of_far_behind_changes_nothing() -> None:
    line = TimeLine(RATE)
    feed = Feed(line)
    time = feed.time(10)
    assert line.place(1, 40000, 0x10000000, RATE, feed.now) is None
    assert feed.time() == time + FRAME
    assert line.place(1, 40001, 0x10000000 + FRAME, RATE, feed.now) is None
    assert line.restarts == 0


def test_packets_that_are_sent_again_never_begin_anew() -> None:
    line = TimeLine(90000, max_step_back=0.5)
    for index in range(2000):
        line.place(1, index, index * 90, 90000, index / 1000)
    for index in range(500, 600):
        place = line.place(1, index, index * 90, 90000, 2.0, repaired=True)
        assert place == Place(index, index * 90)


@pytest.mark.parametrize("ahead", [3001, 10_000, 32_766])
def test_numbers_far_ahead_are_taken_at_once(ahead: int) -> None:
    feed = Feed(TimeLine(RATE))
    time = feed.time(10)
    feed.number += ahead
    assert feed.send() == Place(65540 + ahead, time + FRAME)


def test_what_leaves_begins_at_0_and_increases() -> None:
    line = TimeLine(RATE)
    assert [line.leave(time) for time in (500, 1460, 1460, 1000, 2420)] == [0, 960, 961, 962, 1920]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.integers(0, 0xFFFF),
            st.integers(0, 0xFFFFFFFF),
            st.sampled_from([8000, 48000]),
            st.floats(0, 5),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_any_packets_have_a_place_near_the_real_time(
    packets: list[tuple[int, int, int, int, float, bool]],
) -> None:
    line = TimeLine(RATE)
    now, left = 0.0, -1
    for ssrc, number, timestamp, rate, pause, repaired in packets:
        now += pause
        place = line.place(ssrc, number, timestamp, rate, now, repaired=repaired)
        if place is None:
            continue
        # Ten seconds ahead at most, and a frame for each that began anew: never the 2^32 of a wrap.
        assert place.time <= (now + 11 + 0.2 * len(packets)) * RATE
        pts = line.leave(place.time)
        assert pts > left
        left = pts
    assert len(line._sources) <= MAX_SOURCES


def test_a_packet_without_a_time_has_a_number_and_moves_nothing() -> None:
    line = TimeLine(RATE)
    assert line.number(1, 5) is None
    feed = Feed(line)
    before = feed.send(10)
    assert before is not None
    number = feed.number & 0xFFFF
    assert line.number(1, number) == line.number(1, number) == before.number + 1
    assert line.number(1, number - 3 & 0xFFFF) == before.number - 2
    assert line.number(2, number) is None
    feed.number += 1
    assert feed.send() == Place(before.number + 2, before.time + FRAME)
