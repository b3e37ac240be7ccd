"""Sound that leaves as soon as it can."""

import random
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.rtp.audio_eager import HOLD, EagerAudioBuffer, Gap
from peer.rtp.audio_queue import REPAIR_MARGIN, Action
from tests.rtp.audio_line import FRAME, RATE, START, Played, Sent, run, speech

MS = RATE // 1000


def asking(
    buffer: EagerAudioBuffer[int], round_trip: float = HOLD - REPAIR_MARGIN
) -> EagerAudioBuffer[int]:
    """Have missing packets asked for."""
    buffer.repairs, buffer.missing.round_trip = True, round_trip
    return buffer


def actions(played: Played) -> list[Action]:
    return [decision.action for decision in played.decisions]


def test_what_is_in_order_leaves_at_once() -> None:
    buffer = EagerAudioBuffer[int](RATE)
    played = run(buffer, speech(500), until=10.0)
    assert {round(delay, 6) for delay in played.delays().values()} == {0.0}
    assert played.ticks == 500 * FRAME
    assert buffer.deadline() is None


def test_a_packet_out_of_order_is_waited_for() -> None:
    buffer = EagerAudioBuffer[int](RATE)
    played = run(buffer, speech(500, delay=lambda n: 0.035 if n in (100, 400) else 0.0), until=10.0)
    assert actions(played) == [Action.DECODE] * 500
    delays = played.delays()
    assert delays[100] == delays[400] == pytest.approx(0.035)
    assert delays[101] == pytest.approx(0.015)
    assert delays[102] == pytest.approx(0.0)


def test_a_lost_packet_holds_the_others_for_40_ms_while_it_may_come() -> None:
    buffer = asking(EagerAudioBuffer[int](RATE))
    played = run(buffer, speech(500, lost=[400]), until=10.0)
    delays = played.delays()
    assert delays[401] == pytest.approx(HOLD)
    assert delays[402] == pytest.approx(HOLD - 0.02)
    assert delays[403] == pytest.approx(0.0)
    assert [d.ticks for d in played.of(Action.CONCEAL)] == [FRAME]
    assert played.ticks == 500 * FRAME
    assert buffer.statistics.concealed == FRAME


def test_gaps_that_follow_each_other_do_not_add_up() -> None:
    """Nothing is held longer than from its own gap on, however many there are."""
    buffer = asking(EagerAudioBuffer[int](RATE))
    lost = [n for n in range(100, 400) if n % 2]
    played = run(buffer, speech(500, lost=lost), until=12.0)
    assert max(played.delays().values()) <= HOLD + 0.0001
    assert played.ticks == 500 * FRAME


def test_where_nothing_can_bring_it_a_lost_packet_is_not_waited_for() -> None:
    buffer = EagerAudioBuffer[int](RATE)
    played = run(buffer, speech(4000, lost=[600, 3600], fec=True), until=80.0)
    assert {round(delay, 6) for delay in played.delays().values()} == {0.0}
    assert [(d.time, d.ticks, d.packet) for d in played.of(Action.FEC)] == [
        (600 * FRAME, FRAME, 601),
        (3600 * FRAME, FRAME, 3601),
    ]
    assert buffer.statistics.concealed == 0


def test_what_is_asked_for_and_comes_in_time_is_heard() -> None:
    buffer = asking(EagerAudioBuffer[int](RATE), 0.02)
    packets = speech(4000)
    lost = packets.pop(3600)
    played = run(buffer, packets, until=80.0, repairs=[lost])
    assert actions(played) == [Action.DECODE] * 4000
    assert {number for _, number in played.asked} == {3600}
    # Asked when the next one came, and there a round trip later.
    assert played.delays()[3600] == pytest.approx(0.04)
    assert played.delays()[3603] == pytest.approx(0.0)


def test_what_cannot_come_in_time_is_not_asked_for_nor_waited_for() -> None:
    buffer = asking(EagerAudioBuffer[int](RATE), HOLD - REPAIR_MARGIN + 0.001)
    played = run(buffer, speech(4000, lost=[3600]), until=80.0)
    assert not played.asked
    assert {round(delay, 6) for delay in played.delays().values()} == {0.0}


def test_what_a_copy_brings_is_neither_asked_for_nor_waited_for() -> None:
    buffer = asking(EagerAudioBuffer[int](RATE), 0.02)
    packets = speech(4000, lost=[3600], fec=True)
    copy = Sent(3651, 3650 * FRAME, START + 3651 * 0.02 - 0.0001, age=1)
    del packets[3649]
    played = run(buffer, [*packets, copy], until=80.0)
    assert played.delays()[3650] == pytest.approx(0.0199)
    assert played.delays()[3651] == pytest.approx(0.0)
    assert [d.time for d in played.of(Action.FEC)] == [3600 * FRAME]
    assert not played.asked


def test_several_lost_packets_are_filled_in_one_go() -> None:
    buffer = EagerAudioBuffer[int](RATE)
    lost = range(600, 603)
    played = run(buffer, speech(700, lost=lost, fec=True), until=20.0)
    around = [d for d in played.decisions if 599 * FRAME < d.time <= 603 * FRAME]
    assert [(d.action, d.ticks, d.packet) for d in around] == [
        (Action.CONCEAL, 2 * FRAME, None),
        (Action.FEC, FRAME, 603),
        (Action.DECODE, FRAME, 603),
    ]


@pytest.mark.parametrize(
    ("gap", "filled", "skipped"),
    [
        (Gap.CONCEAL, [(Action.CONCEAL, 120 * MS), (Action.SILENCE, 180 * MS)], 0),
        (Gap.SILENCE, [(Action.SILENCE, 300 * MS)], 0),
        (Gap.STEP, [], 300 * MS),
    ],
)
def test_what_becomes_of_a_gap_is_a_choice(
    gap: Gap, filled: list[tuple[Action, int]], skipped: int
) -> None:
    buffer = EagerAudioBuffer[int](RATE, gap=gap)
    played = run(buffer, speech(700, lost=range(600, 615)), until=20.0)
    assert [(d.action, d.ticks) for d in played.decisions if d.packet is None] == filled
    counts = buffer.statistics
    assert counts.skipped == skipped
    assert counts.concealed == sum(ticks for _, ticks in filled)
    assert counts.silent_concealed == sum(t for action, t in filled if action is Action.SILENCE)
    assert played.decisions[-1].time == 699 * FRAME


@pytest.mark.parametrize("gap", [Gap.SILENCE, Gap.CONCEAL])
def test_a_long_gap_is_not_filled_in_one_go(gap: Gap) -> None:
    buffer = EagerAudioBuffer[int](RATE, gap=gap)
    played = run(buffer, speech(2000, lost=range(600, 1600)), until=60.0)
    assert sum(one.ticks for one in played.decisions if one.packet is None) == RATE
    assert buffer.statistics.skipped == 19 * RATE


def test_pauses_of_the_sender_are_filled_when_they_end() -> None:
    packets = [
        *speech(10),
        Sent(10, 30 * FRAME, START + 0.6),
        Sent(11, 1000 * FRAME, START + 20.0),
    ]
    buffer = EagerAudioBuffer[int](RATE)
    played = run(buffer, packets, until=30.0)
    assert [(d.action, d.ticks) for d in played.decisions[10:]] == [
        (Action.COMFORT, 20 * FRAME),
        (Action.DECODE, FRAME),
        (Action.DECODE, FRAME),
    ]
    assert played.times[-3] == START + 0.6
    assert buffer.statistics.concealed == 0
    assert buffer.statistics.skipped == 969 * FRAME


def test_comfort_noise_packets_leave_nothing_themselves() -> None:
    packets = [
        *speech(10),
        Sent(10, 10 * FRAME, START + 0.2, ticks=0, is_dtx=True),
        Sent(11, 30 * FRAME, START + 0.6),
    ]
    played = run(EagerAudioBuffer[int](RATE), packets, until=1.0)
    assert actions(played)[9:] == [Action.DECODE, Action.COMFORT, Action.DECODE]


def test_what_comes_too_late_is_dropped() -> None:
    buffer = EagerAudioBuffer[int](RATE)
    played = run(buffer, speech(500, delay=lambda n: 0.2 if n == 100 else 0.0), until=10.0)
    assert 100 not in played.delays()
    assert buffer.statistics.late == 1


def test_the_end_is_not_held_back() -> None:
    buffer = asking(EagerAudioBuffer[int](RATE))
    played = run(buffer, speech(100, lost=[98]), until=1.99, end=True)
    assert played.delays()[99] == pytest.approx(0.0)


@pytest.mark.parametrize("percent", [2, 5, 10])
def test_loss(percent: int) -> None:
    generator = random.Random(percent)
    lost = [n for n in range(3000) if generator.random() < percent / 100]
    buffer = asking(EagerAudioBuffer[int](RATE))
    played = run(buffer, speech(3000, lost=lost), until=70.0)
    assert buffer.statistics.concealed <= (len(lost) + 1) * FRAME
    delays = sorted(played.delays().values())
    assert delays[len(delays) * 99 // 100] <= HOLD + 0.02
    gaps = [b - a for a, b in pairwise(played.times)]
    longest = max(
        len(list(group))
        for gone, group in groupby(map(set(lost).__contains__, range(3000)))
        if gone
    )
    assert max(gaps) <= HOLD + (longest + 1) * 0.02 + 1e-9


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.floats(0, 0.3), st.sampled_from([0, 0, 0, 960, 96_000])),
        max_size=60,
    ),
    st.booleans(),
    st.sampled_from(Gap),
    st.booleans(),
)
def test_any_network(
    packets: list[tuple[bool, float, int]], fec: bool, gap: Gap, repairs: bool
) -> None:
    """The times of what leaves are the sender's: they add up, less what was skipped."""
    sent, time = [], 0
    for number, (lost, delay, pause) in enumerate(packets):
        if not lost:
            fec_ticks = FRAME if fec else 0
            sent.append(Sent(number, time, START + time / RATE + delay, FRAME, fec_ticks))
        time += FRAME + pause
    buffer = EagerAudioBuffer[int](RATE, gap=gap)
    if repairs:
        asking(buffer)
    played = run(buffer, sent, until=time / RATE + 2.0)
    assert not buffer._times
    assert buffer.deadline() is None
    if played.decisions:
        first, last = played.decisions[0], played.decisions[-1]
        span = last.time + last.ticks - first.time
        assert span == played.ticks + buffer.statistics.skipped
