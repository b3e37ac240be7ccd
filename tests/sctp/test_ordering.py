"""Whole messages in their turn."""

from hypothesis import given
from hypothesis import strategies as st

from peer.sctp.ordering import MAX_WAITING_AHEAD, Message, Ordering
from peer.sctp.wire import UNORDERED


def test_numbers_wrap() -> None:
    ordering = Ordering(0xFFFF)
    for last in (30000, 60000, 65533):
        ordering.skip({3: last})
    for number in (0, 65535, 65534):
        ordering.put(0, 3, number, 51, bytes([number & 255]))
    assert ordering.ready == [
        Message(3, 51, b"\xfe"),
        Message(3, 51, b"\xff"),
        Message(3, 51, b"\x00"),
    ]
    assert (ordering.held, ordering.count) == (0, 0)


def test_unordered_messages_wait_for_nothing() -> None:
    ordering = Ordering(0xFFFF)
    ordering.put(0, 0, 1, 51, b"late")
    ordering.put(UNORDERED, 0, 0, 51, b"now")
    assert [message.data for message in ordering.ready] == [b"now"]
    assert (ordering.held, ordering.count) == (4, 1)


def test_a_number_that_was_used_is_stale() -> None:
    ordering = Ordering(0xFFFF)
    ordering.put(0, 0, 0, 51, b"a")
    ordering.put(0, 0, 0, 51, b"b")
    ordering.put(0, 0, 5, 51, b"c")
    ordering.put(0, 0, 5, 51, b"d")
    assert ordering.stale == 2
    assert [message.data for message in ordering.ready] == [b"a"]


def test_going_on_past_what_was_given_up() -> None:
    ordering = Ordering(0xFFFF)
    for number in (1, 3, 4, 9):
        ordering.put(0, 0, number, 51, bytes([number]))
    ordering.skip({0: 2})
    assert [message.data for message in ordering.ready] == [b"\x01", b"\x03", b"\x04"]
    # what is behind or told again, and streams that never were, cost nothing
    for last in (4, 1):
        ordering.skip({0: last, 5: 65535})
        assert len(ordering.ready) == 3
    ordering.skip({0: 8})
    assert ordering.ready[-1].data == b"\x09"


@given(
    st.sets(st.integers(0, 60), max_size=20), st.lists(st.integers(0, 60), min_size=1, max_size=5)
)
def test_going_on_any_number_of_times(waiting: set[int], lasts: list[int]) -> None:
    """Across the wrap, and whether more is passed than waits or less."""
    base, expected = 65500, 65500
    ordering = Ordering(0xFFFF)
    for last in (32000, 64000, base - 1):
        ordering.skip({3: last})
    for ahead in waiting:
        ordering.put(0, 3, (base + ahead) & 0xFFFF, 51, bytes([ahead]))
    for last in lasts:
        ordering.skip({3: (base + last) & 0xFFFF})
        expected = max(expected, base + last + 1)
    while expected - base in waiting:
        expected += 1
    come = [message.data[0] for message in ordering.ready]
    assert come == sorted(ahead for ahead in waiting if base + ahead < expected)
    assert ordering.count == len(waiting) - len(come)


def test_a_number_too_far_ahead_is_none() -> None:
    """RFC 8260 §2.2.2: each number has a TSN, and 65535 of those are under way at most."""
    ordering = Ordering(0xFFFFFFFF)
    ordering.put(0, 0, MAX_WAITING_AHEAD, 51, b"a")
    ordering.put(0, 0, MAX_WAITING_AHEAD + 1, 51, b"b")
    assert (ordering.count, ordering.stale) == (1, 1)


def test_a_reset_begins_anew() -> None:
    ordering = Ordering(0xFFFF)
    for stream in (0, 1):
        ordering.put(0, stream, 0, 51, b"a")
        ordering.put(0, stream, 2, 51, b"waits")
    ordering.reset(frozenset({0, 7}))
    assert (ordering.held, ordering.count) == (5, 1)
    ordering.put(0, 0, 0, 51, b"again")
    assert ordering.ready[-1] == Message(0, 51, b"again")
    ordering.reset(None)
    assert (ordering.held, ordering.count) == (0, 0)
