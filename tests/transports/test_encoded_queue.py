"""Encoded frames that wait for a program."""

from hypothesis import given
from hypothesis import strategies as st

from peer.transports.encoded_queue import MAX_FRAMES, EncodedQueue
from tests.transports.test_encoded_media import picture, sound


def test_frames_leave_in_order() -> None:
    queue: EncodedQueue[int] = EncodedQueue()
    for number in range(3):
        assert queue.put(picture("delta" if number else "key"), number) == []
    assert [entry[1] for entry in (queue.get(), queue.get(), queue.get()) if entry] == [0, 1, 2]
    assert queue.get() is None


def test_the_oldest_group_of_pictures_makes_room() -> None:
    queue: EncodedQueue[int] = EncodedQueue()
    for number in range(MAX_FRAMES):
        queue.put(picture("delta" if number % 20 else "key"), number)
    assert queue.put(picture("key"), MAX_FRAMES) == list(range(20))
    assert not queue.needs_key
    found = queue.get()
    assert found is not None
    assert found[1] == 20


def test_without_another_group_all_is_dropped_up_to_the_next_key_frame() -> None:
    queue: EncodedQueue[int] = EncodedQueue()
    for number in range(MAX_FRAMES):
        queue.put(picture("delta" if number else "key"), number)
    assert queue.put(picture("delta"), MAX_FRAMES) == list(range(MAX_FRAMES + 1))
    assert queue.needs_key
    assert queue.put(picture("delta"), 100) == [100]
    assert queue.put(picture("key"), 101) == []
    assert (queue.needs_key, len(queue)) == (False, 1)


def test_the_oldest_sound_makes_room() -> None:
    queue: EncodedQueue[int] = EncodedQueue()
    dropped = [one for number in range(MAX_FRAMES + 2) for one in queue.put(sound(), number)]
    assert (dropped, len(queue), queue.needs_key) == ([0, 1], MAX_FRAMES, False)
    assert queue.clear() == list(range(2, MAX_FRAMES + 2))


@given(st.lists(st.sampled_from(["key", "delta", "read"]), max_size=300))
def test_what_is_read_can_be_decoded(steps: list[str]) -> None:
    """A picture that needs another has the one before it; each is read, dropped or waits."""
    queue: EncodedQueue[int] = EncodedQueue()
    kinds = [step for step in steps if step != "read"]
    queue.needs_key = True
    number, last, gone = 0, -2, 0
    for step in steps:
        if step != "read":
            gone += len(queue.put(picture(step), number))
            number += 1
        elif (entry := queue.get()) is not None:
            gone += 1
            assert kinds[entry[1]] == "key" or entry[1] == last + 1
            last = entry[1]
        assert len(queue) <= MAX_FRAMES
    assert gone + len(queue) == number
