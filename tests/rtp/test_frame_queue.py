"""A decoder that is slower than the frames come."""

from peer.rtp.frame_buffer import VideoFrame
from peer.rtp.frame_queue import MAX_BYTES, MAX_FRAMES, FrameQueue
from tests.rtp.test_frame_buffer import line
from tests.rtp.video_line import FRAME, Sent, flat, pictures


def frames(count: int, *keys: int, needed: int = 1) -> list[VideoFrame[Sent]]:
    """Frames of which one in `needed` is needed by others."""
    made = [frame for _, frame in line().run(flat(pictures(count, keys=(0, *keys)))).frames]
    for index, frame in enumerate(made):
        frame.is_reference = index % needed == 0
    return made


def left(queue: FrameQueue[Sent]) -> list[int]:
    indexes = []
    while (frame := queue.get()) is not None:
        indexes.append(frame.time // FRAME)
    return indexes


def put(queue: FrameQueue[Sent], *some: VideoFrame[Sent], now: float = 5.0) -> None:
    for frame in some:
        queue.put(frame, now)


def test_frames_wait_in_order() -> None:
    queue = FrameQueue[Sent]()
    put(queue, *frames(MAX_FRAMES))
    assert len(queue) == MAX_FRAMES
    assert left(queue) == list(range(MAX_FRAMES))
    assert queue.dropped == 0


def test_a_full_queue_goes_on_at_the_newest_key_frame() -> None:
    queue = FrameQueue[Sent]()
    put(queue, *frames(MAX_FRAMES + 1, 3, MAX_FRAMES - 2))
    assert left(queue) == [MAX_FRAMES - 2, MAX_FRAMES - 1, MAX_FRAMES]
    assert (queue.dropped, queue.needs_key) == (MAX_FRAMES - 2, False)


def test_all_that_waited_for_a_packet_sent_again_may_come_at_once() -> None:
    """A second of pictures, which a decoder that is fast enough takes before the next comes."""
    queue = FrameQueue[Sent]()
    put(queue, *frames(31))
    assert left(queue) == list(range(31))
    assert (queue.dropped, queue.needs_key) == (0, False)


def test_large_frames_are_fewer() -> None:
    queue = FrameQueue[Sent]()
    some = frames(3)
    for frame in some:
        frame.data = bytes(MAX_BYTES // 2)
    needs_key = []
    for frame in some:
        put(queue, frame)
        needs_key.append(queue.needs_key)
    assert needs_key == [False, False, True]
    some[0].data = bytes(MAX_BYTES + 1)
    put(queue, some[0])
    assert left(queue) == [0]


def test_frames_that_no_other_needs_go_next() -> None:
    queue = FrameQueue[Sent]()
    put(queue, *frames(MAX_FRAMES + 1, needed=2))
    assert left(queue) == list(range(0, MAX_FRAMES + 1, 2))
    assert queue.dropped == MAX_FRAMES // 2


def test_else_all_wait_for_a_key_frame() -> None:
    queue = FrameQueue[Sent]()
    key = MAX_FRAMES + 3
    made = frames(key + 2, key)
    put(queue, *made[1:key])
    assert left(queue) == []
    assert queue.needs_key
    put(queue, *made[key:])
    assert left(queue) == [key, key + 1]
    assert (queue.dropped, queue.needs_key) == (key - 1, False)


def test_frames_wait_a_quarter_of_a_second_at_most() -> None:
    queue = FrameQueue[Sent]()
    made = frames(5, 4)
    put(queue, *made[:3])
    put(queue, made[3], now=5.3)
    assert queue.needs_key
    put(queue, made[4], now=5.3)
    assert left(queue) == [4]


def test_what_follows_a_lost_frame_is_of_use_from_the_next_key_frame_on() -> None:
    queue = FrameQueue[Sent]()
    put(queue, *frames(6, 4))
    assert queue.get() is not None
    queue.lose()
    assert left(queue) == [4, 5]
    assert (queue.dropped, queue.needs_key) == (3, False)
    queue.lose()
    assert queue.needs_key
    put(queue, *frames(3, 2)[1:])
    assert left(queue) == [2]
