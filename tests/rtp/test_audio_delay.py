"""How long sound is held back."""

from itertools import pairwise

import pytest

from peer.rtp.audio_delay import CEILING, TargetDelay

RATE = 48000
FRAME = 960


def feed(
    target: TargetDelay, count: int, *, late: dict[int, float] | None = None, begin: int = 0
) -> None:
    """Packets of 20 ms, some of them late."""
    delays = late or {}
    now = 0.0
    for index in range(begin, begin + count):
        now = max(now, 5.0 + index * 0.02 + delays.get(index, 0.0))
        target.note(index * FRAME, FRAME, now, in_order=True)


def test_a_packet_is_the_least() -> None:
    target = TargetDelay(RATE)
    feed(target, 500)
    assert target.seconds == pytest.approx(0.02)
    assert target.ideal(960) == pytest.approx(5.0 + 0.02 + 0.02)
    longer = TargetDelay(RATE)
    longer.note(0, 2880, 5.0, in_order=True)
    assert longer.seconds == pytest.approx(0.06)


def test_it_rises_at_once_and_falls_slowly() -> None:
    target = TargetDelay(RATE)
    feed(target, 100, late={99: 0.1})
    assert target.seconds == pytest.approx(0.105)
    values = []
    for second in range(2, 20):
        feed(target, 50, begin=second * 50)
        values.append(target.seconds)
    assert values[:5] == [pytest.approx(0.105)] * 5
    assert all(0 <= a - b < 0.0201 for a, b in pairwise(values))
    assert values[-1] == pytest.approx(0.02)


def test_one_half_second_of_twenty_may_be_late() -> None:
    target = TargetDelay(RATE)
    feed(target, 600)
    feed(target, 100, begin=600, late={650: 0.1})
    assert target.seconds == pytest.approx(0.02)
    feed(target, 100, begin=700, late={750: 0.1})
    assert target.seconds >= 0.1


def test_the_clocks_of_two_machines_may_run_apart() -> None:
    target = TargetDelay(RATE)
    for index in range(30_000):
        target.note(index * FRAME, FRAME, 5.0 + index * 0.02 * 1.0001, in_order=True)
    assert target.seconds == pytest.approx(0.02)


def test_jitter_alone_asks_for_no_more_than_the_ceiling() -> None:
    target = TargetDelay(RATE)
    feed(target, 100, late={99: 1.0})
    assert target.seconds == CEILING


def test_what_the_application_and_lip_synchronisation_want() -> None:
    target = TargetDelay(RATE)
    feed(target, 100)
    target.floor = 0.5
    assert target.seconds == 0.5
    target.sync_delay = 0.2
    assert target.seconds == pytest.approx(0.7)
    assert target.unsynchronized == 0.5
    assert target.minimum == pytest.approx(0.02)
    target.floor = 4.0
    assert target.seconds == pytest.approx(0.75 * 200 * 0.02)
    target.floor = target.sync_delay = 0.0
    assert target.seconds == pytest.approx(0.02)


def test_packets_out_of_order_are_waited_for_when_they_are_many() -> None:
    """A twentieth of all come 30 ms late: 30 ms cost less than losing five percent."""
    target = TargetDelay(RATE)
    for index in range(500):
        late = index % 20 == 3
        target.note(index * FRAME, FRAME, 5.0 + index * 0.02, in_order=not late)
        if late:
            target._reordered[-1] = (5.0 + index * 0.02, 0.03)
            target._weigh_reordering()
    feed(target, 1, begin=500)
    assert target.reordering
    assert target.seconds == pytest.approx(0.035)


def test_a_few_packets_out_of_order_are_not_worth_waiting_for() -> None:
    target = TargetDelay(RATE)
    feed(target, 500)
    target.note(490 * FRAME, FRAME, 5.0 + 490 * 0.02 + 0.1, in_order=False)
    assert target.seconds == pytest.approx(0.02)
    feed(target, 600, begin=500)
    assert not target.reordering


def test_losses_make_room_for_the_packet_that_follows() -> None:
    target = TargetDelay(RATE)
    feed(target, 100)
    target.note_loss(7.0)
    feed(target, 1, begin=100)
    assert target.seconds == pytest.approx(0.025)
    feed(target, 600, begin=101)
    assert target.seconds == pytest.approx(0.02)


def test_a_pause_forgets_who_was_the_fastest() -> None:
    target = TargetDelay(RATE)
    feed(target, 100)
    target.note(300 * FRAME, FRAME, 5.0 + 6.2, in_order=True)
    assert target.seconds == pytest.approx(0.02)
