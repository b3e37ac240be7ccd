"""Messages of I-DATA chunks."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.sctp.interleaved import InterleavedReassembly
from peer.sctp.reassembly import ContradictionError
from peer.sctp.wire import BEGIN, END, MASK, UNORDERED


@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(1, 5)), max_size=12),
    st.integers(0, 1 << 32),
)
def test_chunks_of_many_messages_in_any_order(
    messages: list[tuple[int, bool, int]], seed: int
) -> None:
    numbers: dict[tuple[int, bool], int] = {}
    chunks = []
    expected = []
    for index, (stream, ordered, parts) in enumerate(messages):
        number = numbers.get((stream, ordered), 0)
        numbers[stream, ordered] = number + 1
        data = [bytes([index, place]) for place in range(parts)]
        expected.append((stream, b"".join(data)))
        for place, part in enumerate(data):
            flags = 0 if ordered else UNORDERED
            flags |= BEGIN if place == 0 else 0
            flags |= END if place == parts - 1 else 0
            chunks.append((0, flags, stream, number, 53 if place == 0 else 0, place, part))
    random.Random(seed).shuffle(chunks)
    reassembly = InterleavedReassembly(100)
    for chunk in chunks:
        reassembly.add(*chunk)
    ready = [(message.stream, message.data) for message in reassembly.ordering.ready]
    assert sorted(ready) == sorted(expected)
    assert all(message.protocol == 53 for message in reassembly.ordering.ready)
    assert (reassembly.held, reassembly.count) == (0, 0)
    for stream in range(3):
        in_order = [
            data
            for (_, ordered, _), (number, data) in zip(messages, expected, strict=True)
            if ordered and number == stream
        ]
        assert [data for number, data in ready if data in in_order] == in_order


def test_what_is_given_up_is_not_held() -> None:
    """RFC 8260 §2.3.1: ordered and unordered messages are named apart."""
    reassembly = InterleavedReassembly(100)
    reassembly.add(1, BEGIN, 0, 0, 53, 0, b"a")
    reassembly.add(2, BEGIN | UNORDERED, 0, 0, 53, 0, b"b")
    reassembly.add(3, BEGIN | END, 0, 1, 53, 0, b"c")
    reassembly.forward(0, 1, {(0, False): 0})
    assert [message.data for message in reassembly.ordering.ready] == [b"c"]
    assert reassembly.held == 1
    reassembly.forward(1, 2, {(0, True): 0})
    assert (reassembly.held, reassembly.count) == (0, 0)


@pytest.mark.parametrize(
    ("flags", "place"),
    [(0, 1), (0, 4), (END, 5), (BEGIN, 0)],
    ids=["twice", "late", "end", "begin"],
)
def test_fragments_that_contradict_each_other(flags: int, place: int) -> None:
    reassembly = InterleavedReassembly(100)
    reassembly.add(1, BEGIN, 0, 0, 53, 0, b"a")
    reassembly.add(2, 0, 0, 0, 0, 1, b"b")
    reassembly.add(3, END, 0, 0, 0, 3, b"d")
    with pytest.raises(ContradictionError):
        reassembly.add(4, flags, 0, 0, 53, place, b"x")


def test_an_end_before_what_has_come_already_contradicts_it() -> None:
    reassembly = InterleavedReassembly(100)
    reassembly.add(1, BEGIN, 0, 0, 53, 0, b"a")
    reassembly.add(2, 0, 0, 0, 0, 5, b"b")
    with pytest.raises(ContradictionError):
        reassembly.add(3, END, 0, 0, 0, 2, b"c")


def test_a_message_that_is_too_long_has_its_turn_and_is_not_kept() -> None:
    reassembly = InterleavedReassembly(4)
    reassembly.add(1, BEGIN, 7, 0, 53, 0, b"abc")
    reassembly.add(2, 0, 7, 0, 0, 1, b"def")
    assert (reassembly.held, reassembly.ordering.refused) == (0, [7])
    reassembly.add(3, END, 7, 0, 0, 2, b"g")
    reassembly.add(4, BEGIN | END, 7, 1, 53, 0, b"next")
    assert [message.data for message in reassembly.ordering.ready] == [b"next"]


def test_a_reset_begins_anew() -> None:
    reassembly = InterleavedReassembly(100)
    reassembly.add(1, BEGIN | END, 0, 0, 53, 0, b"a")
    reassembly.add(2, BEGIN, 0, 1, 53, 0, b"b")
    reassembly.add(3, BEGIN, 1, 0, 53, 0, b"other")
    reassembly.reset(frozenset({0}))
    assert reassembly.held == 5
    reassembly.add(4, BEGIN | END, 0, 0, 53, 0, b"again")
    assert [message.data for message in reassembly.ordering.ready] == [b"a", b"again"]
    reassembly.reset(None)
    assert reassembly.held == 0


@given(
    st.sets(st.integers(-9, 9).map(lambda each: each & MASK)),
    st.integers(-9, 9),
    st.sampled_from([0, 1 << 31]),
)
def test_numbers_up_to_another_wrap(numbers: set[int], last: int, base: int) -> None:
    reassembly = InterleavedReassembly(100)
    numbers = {(number + base) & MASK for number in numbers}
    last = (last + base) & MASK
    for number in numbers:
        reassembly.add(0, BEGIN | UNORDERED, 0, number, 53, 0, b"x")
    reassembly.forward(0, 1, {(0, True): last})
    gone = {number for number in numbers if (last - number) & MASK < 1 << 31}
    assert reassembly.count == reassembly.held == len(numbers) - len(gone)
    # Those that are left can be ended.
    for number in numbers - gone:
        reassembly.add(0, END | UNORDERED, 0, number, 53, 1, b"y")
    assert len(reassembly.ordering.ready) == len(numbers - gone)
    assert reassembly.count == 0
