"""Whose turn it is."""

import pytest

from peer.sctp.message import DCEP, RELIABLE, Delivery, Fragment, OutgoingMessage
from peer.sctp.outgoing import SendQueue


class Queue(SendQueue):
    """A queue that is emptied by fragments of a size."""

    def __init__(self, *, mixed: bool = False) -> None:
        self.low: list[int] = []
        super().__init__(self.low.append)
        self.mixed = mixed

    def put(
        self, stream: int, size: int, protocol: int = 53, delivery: Delivery = RELIABLE
    ) -> OutgoingMessage:
        """Queue a message at time zero."""
        message = OutgoingMessage(self.stream(stream), protocol, bytes(size), delivery, 0.0)
        self.push(message)
        return message

    def cut(self, size: int, now: float = 0.0) -> tuple[int, int] | None:
        """Take a fragment; returns its stream and size."""
        message = self.next(now)
        if message is None:
            return None
        taken = min(size, len(message.data) - message.offset)
        self.take(message, taken)
        return message.stream.id, taken


def test_messages_of_streams_take_turns() -> None:
    queue = Queue()
    for stream in (0, 1, 2):
        for _ in range(2):
            queue.put(stream, 10)
    assert [queue.cut(10) for _ in range(7)] == [*((n, 10) for n in (0, 1, 2, 0, 1, 2)), None]
    assert queue.is_empty


def test_what_was_begun_before_a_restart_has_none_of_its_fragments() -> None:
    """Their TSNs are of the association before."""
    queue = Queue()
    message = queue.put(0, 30, delivery=Delivery(max_retransmits=0))
    queue.cut(10)
    assert message.fragments is not None
    message.fragments.append(Fragment(1, message, b"", 0, 10, 28))
    queue.restart_all()
    assert message.fragments == []
    assert queue.cut(30) == (0, 30)


def test_a_large_message_is_finished_first() -> None:
    queue = Queue()
    queue.put(0, 30)
    assert queue.cut(10) == (0, 10)
    queue.put(1, 5)
    assert [queue.cut(10) for _ in range(3)] == [(0, 10), (0, 10), (1, 5)]


def test_with_interleaving_it_does_not_hold_up_a_small_one() -> None:
    """RFC 8260 §2.1."""
    queue = Queue(mixed=True)
    queue.put(0, 100000)
    for _ in range(20):
        assert queue.cut(1000) == (0, 1000)
    queue.put(1, 100)
    assert (1, 100) in [queue.cut(1000) for _ in range(2)]


def test_priorities_share_by_weight() -> None:
    """RFC 8831 §6.4: 1 to 2 to 4 to 8."""
    queue = Queue(mixed=True)
    weights = (128, 256, 512, 1024)
    for stream, weight in enumerate(weights):
        queue.stream(stream).weight = weight
        queue.put(stream, 1 << 20)
    sent = [0] * 4
    for _ in range(1500):
        found = queue.cut(1000)
        assert found is not None
        sent[found[0]] += found[1]
    for amount, weight in zip(sent, weights, strict=True):
        assert amount == pytest.approx(1500000 * weight / 1920, rel=0.02)


def test_who_was_idle_has_saved_nothing() -> None:
    queue = Queue(mixed=True)
    queue.put(0, 100000)
    queue.put(1, 1000)
    for _ in range(40):
        queue.cut(1000)
    queue.put(1, 30000)
    first = [queue.cut(1000) for _ in range(20)]
    assert sum(1 for each in first if each is not None and each[0] == 1) in (9, 10, 11)


def test_opening_a_channel_goes_first() -> None:
    queue = Queue()
    for _ in range(3):
        queue.put(0, 10)
    queue.cut(10)
    queue.put(7, 12, DCEP)
    assert queue.cut(100) == (7, 12)


def test_numbers_are_given_when_messages_are_cut() -> None:
    """RFC 8260 §2.2: ordered ones apart from unordered ones, which DATA does not number."""
    for mixed in (False, True):
        queue = Queue(mixed=mixed)
        loose = Delivery(ordered=False)
        messages = [queue.put(0, 1, 53, how) for how in (RELIABLE, loose, RELIABLE, loose)]
        while queue.cut(1) is not None:
            pass
        numbers = [message.number for message in messages]
        assert numbers == ([0, 0, 1, 1] if mixed else [0, 0, 1, 0])


def test_what_waits_is_counted_and_the_threshold_told() -> None:
    queue = Queue()
    queue.stream(0).low = 15
    queue.put(0, 20)
    queue.put(0, 12, DCEP)
    queue.put(0, 1, 56)
    assert (queue.stream(0).amount, queue.amount) == (20, 20)
    queue.cut(4)
    assert queue.low == []
    queue.cut(1)
    assert queue.low == [0]
    while queue.cut(100) is not None:
        pass
    assert (queue.stream(0).amount, queue.amount, queue.low) == (0, 0, [0])


def test_what_is_too_old_before_it_was_begun_is_dropped() -> None:
    queue = Queue()
    queue.put(0, 10, 53, Delivery(lifetime=1.0))
    queue.put(0, 20)
    assert queue.cut(100, now=1.0) == (0, 20)
    assert queue.amount == 0


def test_a_stream_that_is_held_begins_nothing() -> None:
    queue = Queue()
    queue.hold(0, held=True)
    queue.put(0, 10)
    assert queue.cut(10) is None
    queue.hold(0, held=False)
    assert queue.cut(10) == (0, 10)


def test_dropping_what_waits_leaves_what_was_begun() -> None:
    queue = Queue()
    for size in (20, 30, 40):
        queue.put(0, size)
    queue.cut(5)
    queue.clear(0)
    assert queue.amount == 15
    assert [queue.cut(100), queue.cut(100)] == [(0, 15), None]


def test_a_burst_of_small_messages_takes_linear_time() -> None:
    queue = Queue()
    for number in range(100_000):
        queue.put(number % 1000, 1)
    count = 0
    while queue.cut(1) is not None:
        count += 1
    assert count == 100_000
