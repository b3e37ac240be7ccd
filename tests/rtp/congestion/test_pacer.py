"""When packets leave."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp.congestion import Pacer, Priority
from peer.rtp.congestion.pacer import BURST, FAST, LONG_BURST, MAX_WAIT
from peer.rtp.congestion.probe_results import ProbeCluster

RATE = 1_000_000.0


@dataclass(frozen=True)
class Packet:
    size: int
    name: str = ""


def nothing(size: int) -> Sequence[Packet]:
    return ()


def padding(size: int) -> Sequence[Packet]:
    return (Packet(min(1200, size), "padding"),)


def pacer(rate: float = RATE, filling: float = 0.0, *, pads: bool = False) -> Pacer[Packet]:
    made = Pacer[Packet](padding if pads else nothing)
    made.set_rates(rate, filling, 0.0)
    return made


def due(pacer: Pacer[Packet], now: float) -> list[tuple[Packet, int | None]]:
    """Return the packets that leave now, each with the probe it is part of."""
    return [(packet, one.probe) for one in pacer.due(now) for packet in one.packets]


def leave(pacer: Pacer[Packet], until: float, now: float = 0.0) -> list[tuple[float, Packet]]:
    """Let packets leave as they are due; returns when each did."""
    left = [(now, packet) for packet, _ in due(pacer, now)]
    while (deadline := pacer.deadline()) is not None and deadline <= until:
        released = due(pacer, max(now, deadline))
        now = max(now, deadline)
        if not released and pacer.deadline() == deadline:
            raise AssertionError("a deadline at which nothing happens")
        left += [(now, packet) for packet, _ in released]
    return left


def add(pacer: Pacer[Packet], count: int, priority: Priority, stream: int, now: float = 0) -> None:
    for index in range(count):
        pacer.add([Packet(1000, f"{stream}.{index}")], priority, stream, now)


def test_a_large_frame_leaves_at_the_rate() -> None:
    made = pacer()
    add(made, 50, Priority.VIDEO, 1)
    left = leave(made, 1.0)
    assert len(left) == 50
    for end in (0.1, 0.2, 0.3):
        sent = sum(packet.size for at, packet in left if at <= end)
        assert sent * 8 == pytest.approx(RATE * end, abs=8 * (RATE * 0.02 / 8 + 1000))
    assert left[-1][0] == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize(
    ("rate", "burst"), [(RATE, BURST), (FAST - 1, BURST), (FAST, LONG_BURST), (2e7, LONG_BURST)]
)
def test_no_more_leaves_at_once_than_a_burst(rate: float, burst: float) -> None:
    """And one packet more than fits; at high rates bursts are longer."""
    made, count = pacer(rate), math.ceil(burst * rate / 8000)
    add(made, 3 * count, Priority.VIDEO, 1)
    assert len(due(made, 0.0)) == count
    next_one = made.deadline()
    assert next_one is not None
    assert len(due(made, next_one)) == count


def test_little_leaves_at_once() -> None:
    made = pacer()
    add(made, 1, Priority.VIDEO, 1)
    assert len(due(made, 0.0)) == 1
    assert made.deadline() is None


def test_sound_never_waits_but_is_owed() -> None:
    made = pacer(300_000)
    add(made, 50, Priority.VIDEO, 1)
    leave(made, 0.1)
    for index in range(5):
        now = 0.1 + index * 0.001
        made.add([Packet(100, "sound")], Priority.AUDIO, 2, now)
        assert due(made, now)[0][0].name == "sound"
    alone, beside = pacer(), pacer()
    add(alone, 20, Priority.VIDEO, 1)
    add(beside, 20, Priority.AUDIO, 2)
    add(beside, 20, Priority.VIDEO, 1)
    assert leave(beside, 1.0)[-1][0] == pytest.approx(leave(alone, 1.0)[-1][0] + 0.16, abs=0.02)


def test_it_rests_until_what_is_owed_is_paid_unless_there_is_reason_to_hurry() -> None:
    made, hurried, probing = pacer(), pacer(), pacer()
    for each in (made, hurried, probing):
        add(each, 5, Priority.VIDEO, 1)
        assert not each.rests(0.0)
        each.due(0.0)
        assert each.rests(0.0)
    deadline = made.deadline()
    assert deadline is not None
    assert made.rests(deadline - 0.0001)
    assert not made.rests(deadline + 0.0001)
    add(hurried, int(MAX_WAIT * RATE / 8000), Priority.VIDEO, 1)
    probing.probe(ProbeCluster(1, 2 * RATE, 3000), 0.0)
    assert not hurried.rests(0.0)
    assert not probing.rests(0.0)


def test_repair_leaves_before_pictures_and_that_of_sound_before_all() -> None:
    made = pacer()
    add(made, 3, Priority.VIDEO, 1)
    add(made, 2, Priority.VIDEO_REPAIR, 2)
    add(made, 1, Priority.AUDIO_REPAIR, 3)
    names = [packet.name for _, packet in leave(made, 1.0)]
    assert names == ["3.0", "2.0", "2.1", "1.0", "1.1", "1.2"]


def test_streams_take_turns() -> None:
    made = pacer()
    add(made, 3, Priority.VIDEO, 1)
    add(made, 2, Priority.VIDEO, 2)
    names = [packet.name for _, packet in leave(made, 1.0)]
    assert names == ["1.0", "2.0", "1.1", "2.1", "1.2"]


def test_an_empty_queue_saves_nothing_up() -> None:
    made = pacer()
    add(made, 50, Priority.VIDEO, 1, now=10.0)
    left = leave(made, 11.0, now=10.0)
    assert sum(packet.size for at, packet in left if at == 10.0) <= RATE * 0.01 / 8 + 1000


@pytest.mark.parametrize("grain", [0.001, 0.015, 0.025])
def test_who_is_woken_late_makes_up_for_it(grain: float) -> None:
    made, now, sent = pacer(), 0.0, 0
    made.due(0.0)
    for step in range(int(2 / grain)):
        now = step * grain
        while made.octets < 5000:
            made.add([Packet(1000)], Priority.VIDEO, 1, now)
        deadline = made.deadline()
        if deadline is not None and deadline <= now:
            sent += sum(packet.size for packet, _ in due(made, now))
    assert 8 * sent / now == pytest.approx(RATE, rel=0.03)


def test_what_waits_too_long_leaves_faster() -> None:
    made = pacer(100_000)
    add(made, 100, Priority.VIDEO, 1)
    assert leave(made, 10.0)[-1][0] <= MAX_WAIT
    assert made.is_empty


def test_the_backlog_is_told_in_seconds() -> None:
    made = pacer()
    assert made.backlog() == 0
    add(made, 50, Priority.VIDEO, 1)
    assert made.backlog() == pytest.approx(0.4)
    made.drop(1)
    assert (made.octets, made.backlog(), made.is_empty) == (0, 0, True)


def test_a_probe_leaves_at_its_own_rate() -> None:
    made = pacer(300_000, pads=True)
    cluster = ProbeCluster(7, 1_800_000, 3375)
    made.probe(cluster, 0.0)
    made.add([Packet(800)], Priority.VIDEO, 1, 0.0)
    releases, now = [(0.0, *one) for one in due(made, 0.0)], 0.0
    while (deadline := made.deadline()) is not None and now < 0.2:
        now = deadline
        releases += [(now, *one) for one in due(made, now)]
    probing = [(at, packet) for at, packet, probe in releases if probe == 7]
    assert probing[0][1].size == 800
    assert len(probing) >= 5
    assert sum(packet.size for _, packet in probing) >= 3375
    span = probing[-1][0] - probing[0][0]
    sent = sum(packet.size for _, packet in probing[:-1])
    assert 8 * sent / span == pytest.approx(1_800_000, rel=0.15)


def test_a_probe_without_anything_to_send_waits_for_it_and_not_for_ever() -> None:
    made = pacer()
    made.probe(ProbeCluster(1, 900_000, 1687), 0.0)
    assert made.due(0.0) == []
    assert made.deadline() is None
    add(made, 1, Priority.VIDEO, 1, now=1.0)
    assert [probe for _, probe in due(made, 1.0)] == [1]
    # What comes next would be part of it, had it come in time.
    assert leave(made, 2.0, 1.0) == []
    add(made, 1, Priority.VIDEO, 1, now=2.0)
    assert [probe for _, probe in due(made, 2.0)] == [None]
    made = pacer()
    made.probe(ProbeCluster(1, 900_000, 1687), 0.0)
    add(made, 1, Priority.VIDEO, 1, now=6.0)
    assert [probe for _, probe in due(made, 6.0)] == [None]


def test_a_probe_that_is_sent_late_is_given_up() -> None:
    made = pacer(pads=True)
    made.probe(ProbeCluster(1, 900_000, 1687), 0.0)
    assert made.due(0.0)
    assert made.due(0.1) == []
    assert made.deadline() is None


def test_padding_fills_up_what_media_leaves() -> None:
    made = pacer(1_100_000, 1_000_000, pads=True)
    add(made, 10, Priority.VIDEO, 1)
    left = leave(made, 2.0)
    assert sum(packet.size for _, packet in left) * 8 / 2 == pytest.approx(1_000_000, rel=0.05)
    assert all(packet.name != "padding" for _, packet in left[:10])


def test_nothing_is_left_of_what_was_cleared() -> None:
    made = pacer()
    add(made, 10, Priority.VIDEO, 1)
    made.probe(ProbeCluster(1, 900_000, 1687), 0.0)
    made.clear()
    assert made.due(1.0) == []
    assert made.deadline() is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Priority)),
            st.integers(1, 3),
            st.integers(40, 1300),
            st.floats(0, 0.1),
        )
    )
)
def test_all_leave_once_and_in_the_order_of_their_stream(
    packets: list[tuple[Priority, int, int, float]],
) -> None:
    made, now, left = pacer(), 0.0, []
    for index, (priority, stream, size, passed) in enumerate(packets):
        now += passed
        made.add([Packet(size, f"{priority}.{stream}.{index}")], priority, stream, now)
        left += [packet.name for packet, _ in due(made, now)]
    left += [packet.name for _, packet in leave(made, now + 100, now)]
    expected = [f"{one[0]}.{one[1]}.{index}" for index, one in enumerate(packets)]
    assert sorted(left) == sorted(expected)
    for prefix in {name.rpartition(".")[0] for name in expected}:
        of_stream = [name for name in left if name.rpartition(".")[0] == prefix]
        assert of_stream == [name for name in expected if name.rpartition(".")[0] == prefix]
    assert made.is_empty
    assert made.octets == 0


def test_sound_passes_by_where_nothing_else_is_to_do_and_counts_as_if_it_had_waited() -> None:
    one, other = pacer(), pacer()
    for step in range(5):
        now = step * 0.001
        assert one.pass_by(Packet(1000), now)
        other.add([Packet(1000)], Priority.AUDIO, 1, now)
        assert len(due(other, now)) == 1
    for each in (one, other):
        add(each, 30, Priority.VIDEO, 2, 0.005)
    assert leave(one, 1.0, 0.005) == leave(other, 1.0, 0.005)


def test_sound_waits_its_turn_where_there_is_something_else() -> None:
    waiting, probing, filling = pacer(), pacer(pads=True), pacer(filling=RATE, pads=True)
    add(waiting, 1, Priority.VIDEO, 1)
    probing.probe(ProbeCluster(1, 2 * RATE, 3000), 0.0)
    never_told = Pacer[Packet](nothing)
    for each in (waiting, probing, filling, never_told):
        assert not each.pass_by(Packet(100), 0.0)
