"""What is left to error correction that was sent."""

from peer.transports.leaving import LeavingPacket
from peer.transports.sent_sums import MAX_SUMS, SentSums

NONE: frozenset[int] = frozenset()


def sums(*groups: range) -> SentSums:
    """Note sums of these packets, which leave with the numbers 100, 101 and so on."""
    made = SentSums()
    for number, group in enumerate(groups, 100):
        packet = LeavingPacket(b"sum", 3)
        made.add(packet, group)
        packet.leave(number, 0)
    return made


def test_what_one_sum_brings_is_left_to_it() -> None:
    assert sums(range(1, 5)).note_lost([2], NONE) == []
    assert sums(range(1, 5)).note_lost([2, 9], NONE) == [9]
    assert sums(range(1, 5)).note_lost([2, 3], NONE) == [2, 3]
    assert SentSums().note_lost([2], NONE) == [2]


def test_one_that_is_brought_helps_another_sum() -> None:
    assert sums(range(1, 5), range(4, 8)).note_lost([3, 4], NONE) == []
    assert sums(range(1, 5), range(4, 8)).note_lost([3, 4, 7], NONE) == [3, 4, 7]
    assert sums(range(1, 5), range(4, 8), range(7, 9)).note_lost([3, 4, 7, 9], NONE) == [9]


def test_a_sum_that_is_lost_brings_nothing() -> None:
    assert sums(range(1, 5)).note_lost([2], frozenset([100])) == [2]
    later = sums(range(1, 5), range(5, 9))
    assert later.note_lost([2, 6], NONE) == []
    assert later.note_lost([], frozenset([100])) == [2]
    assert later.note_lost([], frozenset([100])) == []


def test_another_loss_takes_away_what_was_to_be_brought() -> None:
    later = sums(range(1, 5))
    assert later.note_lost([2], NONE) == []
    assert later.note_lost([3], NONE) == [2, 3]
    assert later.note_lost([4], NONE) == [], "what is sent again is there for the sum"


def test_few_sums_are_remembered_and_their_packets_with_them() -> None:
    later = sums(range(1, 5))
    assert later.note_lost([2], NONE) == []
    for _ in range(MAX_SUMS):
        later.add(LeavingPacket(b"sum", 3), range(10, 12))
    assert later.note_lost([3], NONE) == [3]
    later.note_lost([10], NONE)
    later.clear()
    assert later.note_lost([], frozenset([1])) == []
