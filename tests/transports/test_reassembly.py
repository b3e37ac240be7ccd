"""Putting messages together."""

import random
from dataclasses import dataclass

import pytest
from aiortc.rtcsctptransport import InboundStream
from hypothesis import given
from hypothesis import strategies as st

from peer.transports.reassembly import MessageTooLongError, Reassembly
from tests.attacks.cost import cpu

LAST, FIRST, UNORDERED = 1, 2, 4
LIMIT = 1000


@dataclass(eq=False)
class Piece:
    """A fragment."""

    tsn: int
    flags: int
    stream_seq: int = 0
    user_data: bytes = b"x"
    stream_id: int = 3
    protocol: int = 53


def messages(stream: Reassembly) -> list[bytes]:
    """Take out the messages that are whole and in order."""
    return [data for _, _, data in stream.pop_messages()]


def cut(tsn: int, sequence: int, *parts: bytes, flags: int = 0) -> list[Piece]:
    """Cut a message into fragments."""
    pieces = [Piece(tsn + n & 0xFFFFFFFF, flags, sequence, part) for n, part in enumerate(parts)]
    pieces[0].flags |= FIRST
    pieces[-1].flags |= LAST
    return pieces


def test_messages_come_out_in_order() -> None:
    stream = Reassembly(LIMIT)
    first, second = cut(0xFFFFFFFF, 0, b"a", b"b", b"c"), cut(2, 1, b"d")
    for piece in (second[0], first[2], first[0]):
        stream.add_chunk(piece)
        assert messages(stream) == []
    assert (stream.held_fragments, stream.held_bytes) == (3, 3)
    assert {piece.user_data for piece in stream.reassembly} == {b"a", b"c"}
    stream.add_chunk(first[1])
    assert list(stream.pop_messages()) == [(3, 53, b"abc"), (3, 53, b"d")]
    assert (stream.held_fragments, stream.held_bytes, stream.sequence_number) == (0, 0, 2)


def test_unordered_messages_wait_for_nobody() -> None:
    stream = Reassembly(LIMIT)
    stream.add_chunk(cut(5, 1, b"late")[0])
    for piece in cut(10, 0, b"a", b"b", flags=UNORDERED):
        stream.add_chunk(piece)
    assert messages(stream) == [b"ab"]


def test_fragments_of_different_messages_stay_apart() -> None:
    stream = Reassembly(LIMIT)
    for piece in (Piece(1, FIRST, 0), Piece(2, FIRST | LAST, 1), Piece(3, LAST, 2)):
        stream.add_chunk(piece)
    assert messages(stream) == []
    stream.sequence_number = 1
    assert messages(stream) == [b"x"]
    assert stream.held_fragments == 2


def test_a_message_that_is_too_long() -> None:
    stream = Reassembly(LIMIT)
    pieces = cut(1, 0, bytes(600), bytes(400))
    for piece in pieces:
        stream.add_chunk(piece)
    assert messages(stream) == [bytes(LIMIT)]
    begun, on, _ = cut(3, 1, bytes(600), bytes(401), b"")
    stream.add_chunk(on)
    with pytest.raises(MessageTooLongError):
        stream.add_chunk(begun)


def test_giving_up() -> None:
    """RFC 3758 §3.6: what is missing nothing of before goes on."""
    stream = Reassembly(LIMIT)
    lost = cut(1, 0, b"aa", b"bb", b"cc")
    kept = cut(4, 1, b"d", b"e", b"f")
    blocked = cut(3, 9, b"gg")
    for piece in (lost[1], blocked[0], *kept[:2]):
        stream.add_chunk(piece)
    assert stream.prune_chunks(5) == 4
    assert (stream.held_fragments, stream.held_bytes) == (2, 2)
    stream.sequence_number = 1
    stream.add_chunk(kept[2])
    assert messages(stream) == [b"def"]


@given(
    st.lists(st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=5), max_size=8),
    st.randoms(use_true_random=False),
    st.integers(0, 0xFFFFFFFF),
)
def test_any_order_gives_the_messages_as_aiortcs_does(
    bodies: list[list[bytes]], chance: random.Random, tsn: int
) -> None:
    pieces = []
    for sequence, parts in enumerate(bodies):
        flags = UNORDERED if chance.randrange(3) == 0 else 0
        pieces += cut(tsn, sequence, *parts, flags=flags)
        tsn = tsn + len(parts) & 0xFFFFFFFF
    ordered = [piece for piece in pieces if not piece.flags & UNORDERED]
    for number, sequence in enumerate(sorted({piece.stream_seq for piece in ordered})):
        for piece in ordered:
            if piece.stream_seq == sequence:
                piece.stream_seq = number
    chance.shuffle(pieces)
    stream, theirs = Reassembly(LIMIT), InboundStream()
    ours_got: list[bytes] = []
    theirs_got: list[bytes] = []
    for piece in pieces:
        stream.add_chunk(piece)
        ours_got += messages(stream)
        theirs.add_chunk(piece)  # type: ignore[arg-type]
        theirs_got += [data for _, _, data in theirs.pop_messages()]
    assert sorted(ours_got) == sorted(theirs_got)
    assert (stream.held_fragments, stream.held_bytes) == (0, 0)


@pytest.mark.parametrize("step", [1, -1])
def test_each_fragment_costs_little(step: int) -> None:
    stream = Reassembly(1 << 20)
    pieces = [Piece(tsn, 0) for tsn in range(1, 20000)][::step]
    for piece in pieces:
        stream.add_chunk(piece)
    assert cpu(lambda: messages(stream), 100) < 0.0005
