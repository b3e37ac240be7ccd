"""Rebuilding what is lost."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from peer.rtp.fec import FecDrop, Recovery, make_parity, read_ulpfec, write_ulpfec
from peer.rtp.fec.recovery import MAX_SIZE, MAX_WAITING, WINDOW

from .lossy import SSRC, packet, packets


def recovery() -> Recovery:
    return Recovery(SSRC, lambda data: data, Counter())


def stream(count: int, first: int = 0) -> list[bytes]:
    return [packet(first + index, bytes((index & 0xFF,)) * 9) for index in range(count)]


@given(packets(most=48), st.data())
def test_any_single_loss_is_made_good_in_any_order(group: list[bytes], data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, len(group) - 1))
    parity = read_ulpfec(write_ulpfec(make_parity(group)))
    assert not isinstance(parity, FecDrop)
    there = [one for index, one in enumerate(group) if index != lost]
    turn = data.draw(st.integers(0, len(there)))
    one = recovery()
    found = []
    for arrived in there[:turn]:
        found += one.add(arrived)
    if turn or not there:
        # Nothing says before the first packet where the numbers are.
        one.add(packet(parity.numbers[0] - 1, b""))
    found += one.add_parity(parity)
    for arrived in there[turn:]:
        found += one.add(arrived)
    if turn or not there:
        assert found == [group[lost]]
        assert one.used == 1


def test_what_is_rebuilt_helps_to_rebuild_another() -> None:
    group, one = stream(4), recovery()
    one.add(group[0])
    assert one.add_parity(make_parity(group[1:4])) == []
    assert one.add_parity(make_parity(group[1:3])) == []
    assert one.add(group[2]) == [group[1], group[3]]
    assert one.used == 2


def test_a_parity_of_which_nothing_is_missing_is_not_used() -> None:
    group, one = stream(3), recovery()
    for arrived in group:
        one.add(arrived)
    assert one.add_parity(make_parity(group)) == []
    assert one.used == 0
    assert not one.drops


def test_a_packet_that_comes_after_all_is_no_loss() -> None:
    group, one = stream(3), recovery()
    one.add(group[0])
    one.add_parity(make_parity(group))
    assert one.add(group[2]) == [group[1]]
    assert one.add(group[1]) == []
    assert one.used == 1


def test_sums_are_of_what_was_there_before_it_left() -> None:
    """What arrives has other bytes, which `blank` takes back."""
    group = stream(3)
    one = Recovery(SSRC, lambda data: data.replace(b"\xff", b"\0"), Counter())
    one.add(group[0][:-1] + b"\xff")
    one.add_parity(make_parity(group))
    assert one.add(group[2]) == [group[1]]


def test_only_the_latest_packets_are_remembered() -> None:
    group, one = stream(WINDOW + 2), recovery()
    for arrived in group[2:]:
        one.add(arrived)
    assert one.add_parity(make_parity(group[1:3])) == []
    assert one.drops == {FecDrop.OUT_OF_WINDOW: 1}
    ahead = [packet(number + 2 * WINDOW, b"") for number in (0, 1)]
    assert one.add_parity(make_parity(ahead)) == []
    assert one.drops == {FecDrop.OUT_OF_WINDOW: 2}
    assert len(one._packets) == WINDOW


def test_what_waits_for_packets_that_are_too_old_is_forgotten() -> None:
    group, one = stream(2 * WINDOW), recovery()
    one.add(group[0])
    one.add_parity(make_parity(group[1:3]))
    for arrived in group[3 : WINDOW + 1]:
        one.add(arrived)
    assert len(one._waiting) == 1
    one.add(group[WINDOW + 1])
    assert not one._waiting


def test_numbers_that_begin_anew_far_behind_are_protected_too() -> None:
    before, after, one = stream(4, first=20_000), stream(5, first=7), recovery()
    for arrived in before[:3]:
        one.add(arrived)
    # A single packet is a late one.
    one.add(after[0])
    assert one.add_parity(make_parity(after[2:4])) == []
    assert one.add_parity(make_parity(before)) == [before[3]]
    one.add(after[1])
    one.add(after[2])
    assert one.add_parity(make_parity(after[1:4])) == [after[3]]


def test_what_is_repeated_too_late_pushes_nothing_out() -> None:
    packets, one = stream(3 * WINDOW), recovery()
    old, new = packets[:WINDOW], packets[2 * WINDOW :]
    for arrived in new[:3] + new[4:]:
        one.add(arrived)
    for late in old:
        one.add(late, repeated=True)
    assert one.add_parity(make_parity(new[2:6])) == [new[3]]


def test_what_is_repeated_late_begins_nothing_anew() -> None:
    old, new, one = stream(3), stream(3, first=2 * WINDOW), recovery()
    one.add(new[0])
    for packet_ in old:
        one.add(packet_, repeated=True)
    one.add(new[2])
    assert one.add_parity(make_parity(new)) == [new[1]]


def test_few_parities_wait() -> None:
    group, one = stream(WINDOW), recovery()
    one.add(group[0])
    for first in range(1, MAX_WAITING + 2):
        one.add_parity(make_parity(group[first : first + 2]))
    assert len(one._waiting) == MAX_WAITING
    assert one.drops == {FecDrop.TOO_MANY_WAIT: 1}


def test_large_packets_are_not_remembered() -> None:
    one = recovery()
    one.add(packet(0, b""))
    large = packet(1, bytes(MAX_SIZE))
    one.add(large)
    assert one.add_parity(make_parity([packet(0, b""), large])) == [large]


def test_a_sum_that_does_not_fit_the_packets_gives_none() -> None:
    """Somebody has changed them on their way."""
    group, one = stream(3), recovery()
    parity = make_parity(group)
    one.add(group[0])
    one.add(packet(1, b"longer than it was"))
    assert one.add_parity(parity) == []
    assert one.drops == {FecDrop.PARTIAL: 1}
    one.add_parity(parity._replace(length=parity.length ^ 1 ^ 9, numbers=(2,)))
    assert one.drops[FecDrop.INCONSISTENT] == 1


@given(st.lists(st.binary(min_size=1, max_size=60) | st.integers(0, 40), max_size=60))
def test_whatever_comes_it_gives_packets_or_nothing(arrivals: list[bytes | int]) -> None:
    one = recovery()
    for arrived in arrivals:
        if isinstance(arrived, int):
            found = one.add(packet(arrived, b"payload"))
        else:
            parity = read_ulpfec(b"\0\0" + arrived)
            found = [] if isinstance(parity, FecDrop) else one.add_parity(parity)
        assert all(len(each) >= 12 for each in found)
    assert len(one._waiting) <= MAX_WAITING
