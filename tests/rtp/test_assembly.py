"""Runs of packets that become frames."""

from itertools import permutations

import pytest

from peer.rtp.assembly import MAX_NUMBERS, Assembly
from peer.rtp.payloads.vp8 import Vp8Depayloader
from tests.rtp.video_line import START, Sent, picture

DEPAYLOADER = Vp8Depayloader()


def insert(assembly: Assembly[Sent], sent: Sent) -> None:
    assembly.insert(
        sent.number,
        sent.index,
        sent.payload,
        sent,
        DEPAYLOADER,
        sent.arrival,
        marker=sent.marker,
        repaired=sent.repaired,
    )


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_run_grows_from_both_ends(order: tuple[int, ...]) -> None:
    assembly = Assembly[Sent]()
    packets = picture(3, 100, packets=4)
    for index in order:
        assert not assembly.complete
        insert(assembly, packets[index].later(index / 10))
    (run,) = assembly.completed
    assert assembly.complete == {100: run}
    assert (run.first, run.last, run.time) == (100, 103, 3)
    assert run.packets == [packet.later(n / 10) for n, packet in enumerate(packets)]
    assert run.completed - run.arrival == pytest.approx(0.3)


def test_what_left_is_forgotten() -> None:
    assembly = Assembly[Sent]()
    for index in range(10):
        for sent in picture(index, index * 3):
            insert(assembly, sent)
    for index in range(5):
        assembly.leave(assembly.complete[index * 3])
    assert assembly.floor == 14
    assert assembly.release(20) == 2
    assert sorted(assembly.complete) == [21, 24, 27]
    assert not assembly.has_gap
    assert assembly.release(29) == 3
    assert not assembly._numbers
    assert assembly._size == 0
    insert(assembly, picture(9, 27)[0])
    assert assembly.late == 1


def test_markers_are_believed_after_a_picture_was_given_up_in_the_middle() -> None:
    assembly = Assembly[Sent]()
    packets = picture(3, 100, packets=4)
    for sent in packets[:2]:
        insert(assembly, sent)
    assembly.clear(101)
    for sent in [*packets[2:], *picture(4, 104)]:
        insert(assembly, sent)
    assert {first: run.is_broken for first, run in assembly.complete.items()} == {
        102: True,
        104: False,
    }


def test_where_markers_mean_nothing_one_before_packets_without_payload_does() -> None:
    """Padding and error correction follow pictures."""
    assembly = Assembly[Sent]()
    rest = Sent(1, 0, b"\x00rest", True, START)
    for sent in (*picture(0, 0, packets=1), rest, *picture(1, 2)):
        insert(assembly, sent)
    assert list(assembly.complete) == [0]
    insert(assembly, Sent(5, 1, b"", False, START))
    assert list(assembly.complete) == [0, 2]


def test_a_number_far_ahead_does_not_fit_until_all_is_forgotten() -> None:
    assembly = Assembly[Sent]()
    insert(assembly, picture(0, 0)[0])
    assert not assembly.is_full(MAX_NUMBERS - 100)
    assert assembly.is_full(MAX_NUMBERS + 100)
    assert assembly.clear(1 << 40) == 0
    assert not assembly.is_full(1 << 40)
