"""How long packets wait in queues."""

import pytest

from peer.rtp import QueueDelay
from peer.rtp.queue_delay import SEND_TIME_BITS, SEND_TIME_UNITS


def stamp(sent: float) -> int:
    """What a packet says that is sent then."""
    return int(sent * SEND_TIME_UNITS) & (1 << SEND_TIME_BITS) - 1


def feed(queue: QueueDelay, begin: float, *waits: float) -> list[float]:
    """Packets each 10 ms, beside the time they wait for; returns what is told at each."""
    sent = [begin + index / 100 for index in range(len(waits))]
    return [queue.note(stamp(at), at + 7.02 + wait) for at, wait in zip(sent, waits, strict=True)]


def test_a_queue_that_grows_is_seen_while_it_does() -> None:
    """Also where the stamps begin anew, after 64 seconds."""
    queue = QueueDelay()
    told = feed(queue, 63.5, *[0.0] * 50, *[index / 100 for index in range(30)])
    assert told[:50] == pytest.approx([0.0] * 50, abs=1e-5)
    assert told[-1] == pytest.approx(0.22, abs=1e-5)
    assert feed(queue, 64.3, 0.3, 0.01) == pytest.approx([0.23, 0.01], abs=1e-5)


def test_single_packets_that_are_late_say_nothing() -> None:
    queue = QueueDelay()
    late = [0.2 if index % 4 else 0.0 for index in range(100)]
    assert feed(queue, 1.0, *late) == pytest.approx([0.0] * 100, abs=1e-5)


def test_where_it_never_was_faster_of_late_there_is_no_queue() -> None:
    queue = QueueDelay()
    feed(queue, 1.0, *[0.0] * 100)
    told = feed(queue, 2.0, *[0.2] * 300)
    assert (told[20], told[-1]) == pytest.approx((0.2, 0.0), abs=1e-5)
