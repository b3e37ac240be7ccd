"""When pictures are shown."""

from collections.abc import Sequence

import pytest

from peer.rtp.frame_buffer import VideoFrame
from peer.rtp.playout_delay import MAX_HELD, MAX_HELD_BYTES, FramePlayout, VideoDelay
from tests.rtp.test_frame_buffer import line
from tests.rtp.video_line import FRAME, RATE, START, Sent, flat, pictures


def feed(
    delay: VideoDelay, count: int, *, late: float = 0.0, every: int = 1, begin: int = 0
) -> None:
    for index in range(begin, begin + count):
        extra = late if index % every == 0 else 0.0
        delay.note(index * FRAME, START + index / 30 + extra, is_repaired=False)


def test_on_a_clean_line_only_decoding_and_showing_take_time() -> None:
    delay = VideoDelay(RATE)
    for _ in range(20):
        delay.note_decoding(0.004)
    feed(delay, 60)
    assert delay.current == pytest.approx(0.014)
    assert delay.render(FRAME) == pytest.approx(START + 1 / 30 + 0.014)
    assert delay.decode(FRAME) == pytest.approx(START + 1 / 30)


def test_most_frames_are_waited_for() -> None:
    delay = VideoDelay(RATE)
    feed(delay, 300, late=0.05, every=10)
    assert delay.target == pytest.approx(0.06)
    rare = VideoDelay(RATE)
    feed(rare, 300, late=0.05, every=50)
    assert rare.target == pytest.approx(0.01)


def test_the_delay_moves_slowly() -> None:
    delay = VideoDelay(RATE)
    feed(delay, 30)
    delay.floor = 0.21
    feed(delay, 30, begin=30)
    assert delay.current == pytest.approx(0.11, abs=0.001)
    feed(delay, 60, begin=60)
    assert delay.current == pytest.approx(0.21)
    delay.floor = 0.0
    delay.sync_delay = 0.15
    feed(delay, 60, begin=120)
    assert delay.current == pytest.approx(0.16)
    assert delay.unsynchronized == pytest.approx(0.01)


def test_repairs_are_waited_for_while_they_happen() -> None:
    delay = VideoDelay(RATE)
    delay.round_trip = 0.1
    feed(delay, 30)
    delay.note(30 * FRAME, START + 1.1, is_repaired=True)
    assert delay.target == pytest.approx(0.15)
    delay.round_trip = 1.0
    assert delay.target == pytest.approx(0.29)
    feed(delay, 330, begin=31)
    assert delay.target == pytest.approx(0.01)
    for index in (370, 380, 390):
        delay.note(index * FRAME, START + index / 30 + 0.1, is_repaired=True)
    feed(delay, 1700, begin=391)
    assert delay.target == pytest.approx(0.29)
    feed(delay, 200, begin=2091)
    assert delay.target == pytest.approx(0.01)


def test_where_the_picture_stood_still_anyway_the_delay_jumps() -> None:
    delay = VideoDelay(RATE)
    delay.round_trip = 0.2
    feed(delay, 30)
    delay.note(30 * FRAME, START + 1.2, is_repaired=True)
    assert delay.current == pytest.approx(0.2)
    feed(delay, 30, begin=31)
    assert delay.current == pytest.approx(0.29)


def test_few_pictures_a_second_are_not_measured() -> None:
    delay = VideoDelay(RATE)
    for index in range(40):
        late = 0.3 if index % 3 else 0.0
        delay.note(index * RATE // 4, START + index / 4 + late, is_repaired=False)
    assert delay.target == pytest.approx(0.01)


def test_the_sender_limits_the_delay() -> None:
    delay = VideoDelay(RATE)
    delay.limit(0.4, 0.2)
    delay.limit(0.1, 0.2)
    feed(delay, 1)
    assert delay.current == pytest.approx(0.1)
    delay.floor = 0.5
    feed(delay, 60, begin=1)
    assert delay.current == pytest.approx(0.2)
    wanted = []
    for maximum in (0.5, 0.6):
        delay.limit(0.0, maximum)
        wanted.append(delay.is_immediate)
    assert wanted == [True, False]


def test_where_frames_leave_at_once_the_sender_does_not_hold_them_back() -> None:
    delay = VideoDelay(RATE, even=False)
    delay.limit(0.1, 0.2)
    feed(delay, 60)
    assert delay.current == 0
    delay.floor = 0.5
    feed(delay, 200, begin=60)
    assert delay.current == pytest.approx(0.2)


def at_once(round_trip: float, *repaired: int) -> VideoDelay:
    """Frames that leave at once, 30 a second for a minute; some come a round trip later."""
    delay = VideoDelay(RATE, even=False)
    delay.round_trip = round_trip
    for index in range(max(repaired) + 1):
        is_repaired = index in repaired
        late = round_trip if is_repaired else 0.0
        delay.note(index * FRAME, START + index / 30 + late, is_repaired=is_repaired)
    return delay


@pytest.mark.parametrize(
    ("round_trip", "repaired", "held"),
    [
        (0.1, [150, 210, 270], 0.0),
        (0.1, range(0, 300, 15), 0.14),
        (0.2, [270], 0.0),
        (0.2, [150, 270], 0.28),
        (0.2, [0, 900], 0.0),
        (0.2, [0, 900, 1700], 0.28),
        (0.2, [0, 900, 1900], 0.0),
    ],
)
def test_where_frames_leave_at_once_they_wait_where_repairs_would_stop_the_picture(
    round_trip: float, repaired: Sequence[int], held: float
) -> None:
    """Often, or for so long that each is a freeze."""
    assert at_once(round_trip, *repaired).target == pytest.approx(held)


def test_samples_are_forgotten() -> None:
    delay = VideoDelay(RATE)
    for index in range(5000):
        delay.note(index, START + index / 1000, is_repaired=False)
    assert len(delay._samples) == len(delay._sorted) <= 1201
    delay.note(90 * RATE, START + 90, is_repaired=False)
    assert len(delay._samples) == len(delay._sorted) == 1


def frames(count: int) -> list[VideoFrame[Sent]]:
    return [frame for _, frame in line().run(flat(pictures(count))).frames]


def test_frames_are_held_until_they_are_to_be_decoded() -> None:
    playout = FramePlayout[Sent](RATE)
    playout.delay.floor = 0.1
    assert playout.deadline() is None
    for frame in frames(3):
        playout.insert(frame)
    deadline = START + 0.1 - 0.01
    assert playout.deadline() == pytest.approx(deadline)
    deadline += 0.0001
    assert playout.pull(deadline - 0.001) == []
    assert [frame.time for frame in playout.pull(deadline)] == [0]
    assert [frame.time for frame in playout.pull(deadline + 1)] == [FRAME, 2 * FRAME]
    assert playout.dropped == 0
    assert playout.emitted == 3
    arrivals = START + 1 / 30
    assert playout.waited == pytest.approx(3 * deadline + 2 - 3 * arrivals, abs=0.05)


def test_late_frames_that_nobody_needs_are_left_out() -> None:
    playout = FramePlayout[Sent](RATE)
    for index, frame in enumerate(frames(4)):
        frame.is_reference = index % 2 == 0
        playout.insert(frame)
    assert [frame.time for frame in playout.pull(START + 1)] == [0, 2 * FRAME, 3 * FRAME]
    assert playout.dropped == 1


def test_no_more_than_a_number_of_frames_is_held() -> None:
    playout = FramePlayout[Sent](RATE)
    playout.delay.floor = 9.0
    for frame in frames(2 * MAX_HELD):
        playout.insert(frame)
        playout.pull(frame.completed)
    assert len(playout._held) == MAX_HELD
    playout.delay.limit(0.0, 0.1)
    assert len(playout.pull(START + 4)) == MAX_HELD


def test_large_frames_are_fewer() -> None:
    playout = FramePlayout[Sent](RATE)
    playout.delay.floor = 9.0
    for frame in frames(3):
        frame.data = bytes(MAX_HELD_BYTES // 2)
        playout.insert(frame)
    assert len(playout.pull(START + 0.1)) == 1
