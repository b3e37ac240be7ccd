"""Messages of DATA chunks."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.sctp.reassembly import ContradictionError, Reassembly
from peer.sctp.wire import BEGIN, END, UNORDERED

Chunk = tuple[int, int, int, int, int, int, bytes]


def cut(
    messages: list[tuple[int, bool, list[bytes]]], first: int = 100
) -> tuple[list[Chunk], list[tuple[int, bytes]]]:
    """Cut messages, each a stream, whether ordered, and its parts, into chunks."""
    chunks: list[Chunk] = []
    numbers: dict[int, int] = {}
    for stream, ordered, parts in messages:
        number = numbers.get(stream, 0) if ordered else 0
        numbers[stream] = numbers.get(stream, 0) + ordered
        for index, part in enumerate(parts):
            flags = 0 if ordered else UNORDERED
            flags |= BEGIN if index == 0 else 0
            flags |= END if index == len(parts) - 1 else 0
            chunks.append((first + len(chunks), flags, stream, number, 53, 0, part))
    return chunks, [(stream, b"".join(parts)) for stream, _, parts in messages]


MESSAGES = st.lists(
    st.tuples(
        st.integers(0, 2), st.booleans(), st.lists(st.binary(min_size=1, max_size=4), min_size=1)
    ),
    max_size=12,
)


@given(MESSAGES, st.integers(0, 1 << 32))
def test_whatever_the_order_of_chunks_messages_are_whole_and_in_order(
    messages: list[tuple[int, bool, list[bytes]]], seed: int
) -> None:
    chunks, expected = cut(messages)
    shuffled = chunks[:]
    random.Random(seed).shuffle(shuffled)
    reassembly = Reassembly(1000)
    for chunk in shuffled:
        reassembly.add(*chunk)
    ready = [(message.stream, message.data) for message in reassembly.ordering.ready]
    assert sorted(ready) == sorted(expected)
    assert (reassembly.held, reassembly.count) == (0, 0)
    for stream in range(3):
        ordered = [
            b"".join(parts) for number, order, parts in messages if order and number == stream
        ]
        loose = [b"".join(parts) for number, order, parts in messages if not order]
        arrived = [data for number, data in ready if number == stream]
        rest = iter(arrived)
        assert all(data in rest for data in ordered) or loose


@given(MESSAGES, st.integers(0, 1 << 32), st.integers(0, 40))
def test_what_is_given_up_is_not_held(
    messages: list[tuple[int, bool, list[bytes]]], seed: int, share: int
) -> None:
    chunks, _ = cut(messages)
    arrived = random.Random(seed).sample(chunks, min(share, len(chunks)))
    reassembly = Reassembly(1000)
    for chunk in arrived:
        reassembly.add(*chunk)
    last = {(stream, False): number for _, flags, stream, number, *_ in chunks if not flags & 4}
    reassembly.forward(99, 100 + len(chunks), last)
    assert (reassembly.held, reassembly.count) == (0, 0)


def test_a_message_that_goes_on_after_the_point_is_kept() -> None:
    chunks, _ = cut([(0, True, [b"a", b"b"]), (1, True, [b"c", b"d", b"e"])])
    reassembly = Reassembly(1000)
    for index in (1, 2, 3):
        reassembly.add(*chunks[index])
    reassembly.forward(99, 102, {(0, False): 0})
    reassembly.add(*chunks[4])
    assert [message.data for message in reassembly.ordering.ready] == [b"cde"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, BEGIN, 0, 0), (2, BEGIN, 0, 0)),
        ((1, BEGIN, 0, 0), (2, 0, 1, 0)),
        ((1, BEGIN, 0, 0), (2, 0, 0, 1)),
        ((1, BEGIN, 0, 0), (2, UNORDERED, 0, 0)),
        ((1, END, 0, 0), (2, END, 0, 0)),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_neighbours_of_no_message(
    one: tuple[int, int, int, int], other: tuple[int, int, int, int], turned: bool
) -> None:
    reassembly = Reassembly(1000)
    first, second = (other, one) if turned else (one, other)
    reassembly.add(*first, 53, 0, b"x")
    with pytest.raises(ContradictionError):
        reassembly.add(*second, 53, 0, b"x")


def test_a_message_that_is_too_long_has_its_turn_and_is_not_kept() -> None:
    chunks, _ = cut([(5, True, [b"abcd", b"efgh", b"ijkl"]), (5, True, [b"next"])])
    reassembly = Reassembly(10)
    for chunk in chunks:
        reassembly.add(*chunk)
    assert reassembly.ordering.refused == [5]
    assert [message.data for message in reassembly.ordering.ready] == [b"next"]
    assert (reassembly.held, reassembly.count) == (0, 0)
