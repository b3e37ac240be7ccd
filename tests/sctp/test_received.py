"""Which TSNs have come, and SACKs."""

import random
import struct

from hypothesis import given
from hypothesis import strategies as st

from peer.sctp.received import MAX_BLOCKS, Received


def read(chunk: bytes) -> tuple[int, int, list[tuple[int, int]], list[int]]:
    """Take a SACK apart: cumulative TSN, window, gap blocks, duplicates."""
    kind, _, length, cumulative, window, gaps, duplicates = struct.unpack_from("!BBHLLHH", chunk)
    assert (kind, length) == (3, len(chunk))
    assert len(chunk) == 16 + 4 * (gaps + duplicates)
    pairs = [struct.unpack_from("!HH", chunk, 16 + 4 * index) for index in range(gaps)]
    told = struct.unpack_from(f"!{duplicates}L", chunk, 16 + 4 * gaps)
    return cumulative, window, [(first, last) for first, last in pairs], list(told)


def test_what_is_in_order_is_acknowledged_in_sixteen_bytes() -> None:
    received = Received(99)
    assert received.add(100)
    assert received.add(101)
    assert read(received.sack(7)) == (101, 7, [], [])


def test_gaps_and_duplicates_are_told() -> None:
    received = Received(0xFFFFFFFE)
    for tsn in (0xFFFFFFFF, 0x100000001, 0x100000002, 0x100000004):
        assert received.add(tsn)
    assert not received.add(0x100000002)
    assert not received.add(0xFFFFFFFF)
    assert read(received.sack(-5)) == (0xFFFFFFFF, 0, [(2, 3), (5, 5)], [2, 0xFFFFFFFF])
    # each is told once
    assert read(received.sack(1))[3] == []


@given(st.integers(0, 1 << 32), st.integers(1, 300))
def test_any_order_and_any_duplicates_come_to_the_same(seed: int, count: int) -> None:
    chance = random.Random(seed)
    tsns = list(range(1000, 1000 + count)) * 2
    chance.shuffle(tsns)
    received = Received(999)
    seen: set[int] = set()
    for tsn in tsns:
        assert received.has(tsn) == (tsn in seen)
        assert received.add(tsn) == (tsn not in seen)
        seen.add(tsn)
        cumulative, _, blocks, _ = read(received.sack(0))
        told = {cumulative + each for one in blocks for each in range(one[0], one[1] + 1)}
        beyond = {tsn for tsn in seen if tsn > cumulative}
        assert told == beyond or (len(blocks) == MAX_BLOCKS and told < beyond)
        assert cumulative + 1 not in seen
    assert (received.cumulative, received.gaps) == (999 + count, 0)


def test_going_on_past_what_is_missing() -> None:
    received = Received(0)
    for tsn in (3, 4, 8):
        received.add(tsn)
    received.advance(2)
    assert (received.cumulative, received.gaps) == (4, 1)
    received.advance(3)
    assert received.cumulative == 4
    received.advance(9)
    assert (received.cumulative, received.gaps) == (9, 0)
