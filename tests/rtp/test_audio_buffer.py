"""Sound at an even pace, decision by decision in virtual time."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.rtp.audio_buffer import MAX_FILL, STRETCHED_FROM, AudioBuffer
from peer.rtp.audio_delay import MAX_PACKETS
from peer.rtp.audio_queue import Action
from tests.rtp.audio_line import FRAME, RATE, START, Sent, run, speech

MS = RATE // 1000


def test_a_clean_line_adds_one_packet() -> None:
    buffer = AudioBuffer[int](RATE)
    played = run(buffer, speech(500), until=9.99)
    assert {round(delay, 6) for delay in played.delays().values()} == {0.02}
    assert played.ticks == 499 * FRAME
    assert played.made_up() == 0
    assert [decision.time for decision in played.decisions] == [n * FRAME for n in range(499)]
    gaps = {round(b - a, 6) for a, b in pairwise(played.times)}
    assert gaps == {0.02}


def test_nothing_is_due_before_the_first_packet() -> None:
    buffer = AudioBuffer[int](RATE)
    assert buffer.deadline() is None
    assert buffer.pull(5.0) == []
    buffer.insert(0, 0, FRAME, 0, 5.0)
    assert buffer.deadline() == pytest.approx(5.02)
    assert buffer.pull(5.01) == []


def test_the_end_of_speech_is_heard_and_fades() -> None:
    buffer = AudioBuffer[int](RATE)
    played = run(buffer, speech(10), until=1.0)
    assert len(played.of(Action.DECODE)) == 10
    assert played.delays()[9] == pytest.approx(0.02)
    assert sum(decision.ticks for decision in played.of(Action.CONCEAL)) == 120 * MS
    assert played.decisions[-1].action is Action.SILENCE
    assert played.ticks == pytest.approx(0.98 * RATE, abs=FRAME)


def test_after_bye_what_waits_is_played_and_nothing_more() -> None:
    buffer = AudioBuffer[int](RATE)
    played = run(buffer, speech(10, delay=lambda n: 0.2 - n * 0.02), until=5.0, end=True)
    assert [decision.action for decision in played.decisions] == [Action.DECODE] * 10
    assert buffer.deadline() is None


@pytest.mark.parametrize("ticks", [480, 960, 1920, 5760])
def test_push_to_talk(ticks: int) -> None:
    """Three packets now and then, of any length: each is heard one packet after it came."""
    packets = [
        Sent(
            3 * burst + n, burst * 2 * RATE + n * ticks, START + burst * 2 + n * ticks / RATE, ticks
        )
        for burst in range(5)
        for n in range(3)
    ]
    buffer = AudioBuffer[int](RATE)
    played = run(buffer, packets, until=10.0)
    left = dict(zip((d.packet for d in played.decisions), played.times, strict=True))
    for packet in packets:
        assert left[packet.number] - packet.arrival <= ticks / RATE + 0.02


def test_a_lost_packet_is_taken_from_the_copy_in_the_next() -> None:
    buffer = AudioBuffer[int](RATE)
    run(buffer, speech(500, lost=[200], fec=True), until=10.0)
    # For this one the next packet came in the very moment it was due.
    assert buffer.statistics.concealed == 10 * MS
    buffer = AudioBuffer[int](RATE)
    played = run(buffer, speech(500, lost=[200, 300, 320], fec=True), until=10.0)
    assert buffer.statistics.concealed == 10 * MS
    copies = played.of(Action.FEC)
    assert [(d.time - 10 * MS, d.ticks, d.packet) for d in copies] == [
        (lost * FRAME, FRAME, lost + 1) for lost in (200, 300, 320)
    ]
    assert buffer.statistics.fec_received == 497
    assert buffer.statistics.concealment_events == 1


def test_of_several_lost_packets_the_last_is_in_the_next() -> None:
    buffer = AudioBuffer[int](RATE)
    buffer.target.floor = 0.2
    played = run(buffer, speech(200, lost=[100, 101, 102], fec=True), until=4.0)
    around = [d for d in played.decisions if 99 * FRAME <= d.time <= 103 * FRAME]
    assert [(d.action, d.ticks, d.packet) for d in around] == [
        (Action.DECODE, FRAME, 99),
        (Action.CONCEAL, FRAME, None),
        (Action.CONCEAL, FRAME, None),
        (Action.FEC, FRAME, 103),
        (Action.DECODE, FRAME, 103),
    ]
    assert buffer.statistics.concealed == 2 * FRAME
    assert buffer.statistics.concealment_events == 1


def test_a_lost_packet_without_copy_is_concealed_in_its_place() -> None:
    buffer = AudioBuffer[int](RATE)
    played = run(buffer, speech(500, lost=[200]), until=9.99)
    assert played.made_up() == FRAME
    assert played.ticks == 499 * FRAME
    assert buffer.statistics.inserted == 0
    assert {round(delay, 6) for delay in played.delays().values()} == {0.02}


def test_a_packet_that_comes_while_others_are_concealed_is_used() -> None:
    buffer = AudioBuffer[int](RATE)
    buffer.target.floor = 0.1
    late = {101: 0.09}
    played = run(
        buffer,
        speech(200, lost=[100], delay=lambda n: late.get(n, 0.0)),
        until=4.0,
    )
    assert played.delays()[101] == pytest.approx(0.1)
    assert played.made_up() == FRAME


def test_late_speech_is_heard_and_catches_up() -> None:
    """The network stands still for 200 ms, then all comes at once."""
    buffer = AudioBuffer[int](RATE)
    played = run(
        buffer,
        speech(
            1500,
            delay=lambda n: max(0.0, 0.2 - (n - 500) * 0.02) if 500 <= n < 510 else 0.0,
            is_quiet=lambda n: n % 5 == 0,
        ),
        until=30.0,
    )
    delays = played.delays()
    assert played.made_up() == 200 * MS
    assert set(range(480, 530)) - set(delays) <= set(range(480, 530, 5))
    assert delays[499] == pytest.approx(0.02)
    assert max(delays.values()) == pytest.approx(0.14 + 0.06, abs=0.061)
    assert delays[1498] == pytest.approx(0.02)
    counts = buffer.statistics
    assert (counts.concealed, counts.inserted, counts.removed) == (200 * MS, 0, 200 * MS)
    assert (counts.interruptions, counts.interruption) == (1, 200 * MS)
    assert counts.late == 0
    # What was inserted was left out again: the times are the sender's.
    assert played.decisions[-1].time == 1499 * FRAME


def test_sound_that_is_very_late_is_left_out() -> None:
    buffer = AudioBuffer[int](RATE)
    played = run(
        buffer,
        speech(1500, delay=lambda n: max(0.0, 1.0 - (n - 500) * 0.02) if n >= 500 else 0.0),
        until=30.0,
    )
    assert max(played.delays().values()) <= 2 * 0.4 + 0.1 + 0.02
    assert buffer.statistics.removed > 0


@pytest.mark.parametrize("drift", [-200e-6, 200e-6])
@pytest.mark.parametrize(("silent", "period"), [(5, 0), (30_000, 8 * MS)])
def test_the_clocks_of_two_machines_may_run_apart(drift: float, silent: int, period: int) -> None:
    """Ten minutes, a fifth of it silent, or none: nothing that can be heard is cut."""
    buffer = AudioBuffer[int](RATE)
    played = run(
        buffer,
        speech(30_000, delay=lambda n: n * 0.02 * drift, is_quiet=lambda n: n % silent == 0),
        until=600.0,
        period=period,
    )
    left = {d.packet: t for d, t in zip(played.decisions, played.times, strict=True)}
    loud = [n for n in range(29_900) if n % silent]
    assert all(n in left for n in loud)
    delays = [left[n] - (START + n * 0.02 * (1 + drift)) for n in loud]
    assert min(delays) >= 0.02 - (STRETCHED_FROM + 0.001 if period else 0.004)
    assert max(delays) <= 0.041
    assert played.ticks == pytest.approx(600 * RATE, abs=0.13 * RATE)


@pytest.mark.parametrize("seed", range(3))
def test_jitter_of_40_ms_is_hardly_heard(seed: int) -> None:
    generator = random.Random(seed)
    buffer = AudioBuffer[int](RATE)
    run(buffer, speech(3000, delay=lambda n: generator.random() * 0.04), until=59.0)
    assert buffer.statistics.concealed / 59 < 0.002 * RATE


@pytest.mark.parametrize(("percent", "limit"), [(2, 20), (5, 50), (10, 100)])
def test_loss_with_jitter(percent: int, limit: int) -> None:
    """Milliseconds of sound missing in a second, with Opus's own error correction."""
    generator = random.Random(percent)
    lost = [n for n in range(3000) if generator.random() < percent / 100]
    buffer = AudioBuffer[int](RATE)
    run(
        buffer,
        speech(3000, delay=lambda n: generator.random() * 0.02, lost=lost, fec=True),
        until=59.0,
    )
    assert buffer.statistics.concealed / 59 / MS < limit / 4


def test_packets_out_of_order_are_waited_for_once_they_are_many() -> None:
    buffer = AudioBuffer[int](RATE)
    played = run(
        buffer,
        speech(3000, delay=lambda n: 0.03 if n % 20 == 3 else 0.0, is_quiet=lambda n: n % 5 == 0),
        until=59.0,
    )
    assert buffer.statistics.concealed <= 2 * FRAME
    assert played.made_up() <= 2 * FRAME


def test_a_pause_of_the_sender_is_no_loss() -> None:
    """Discontinuous transmission: a packet each 400 ms, their numbers in sequence."""
    talk = speech(50)
    last = 50 * FRAME
    pause = [
        Sent(50 + n, last + n * 20 * FRAME, START + 1 + n * 0.4, is_dtx=True) for n in range(25)
    ]
    buffer = AudioBuffer[int](RATE)
    played = run(buffer, talk + pause, until=10.5)
    counts = buffer.statistics
    assert counts.concealed == counts.concealment_events == 0
    assert counts.comfort > 9 * RATE
    assert played.ticks == pytest.approx(10.5 * RATE, abs=2 * FRAME)
    assert len(played.of(Action.COMFORT)) < 500


def test_a_sender_that_says_nothing_at_all_for_five_seconds() -> None:
    talk = speech(50) + [
        Sent(n, n * FRAME + 5 * RATE, START + 5 + n * 0.02) for n in range(50, 100)
    ]
    buffer = AudioBuffer[int](RATE)
    played = run(buffer, talk, until=7.0)
    counts = buffer.statistics
    assert counts.concealed == 0
    assert played.ticks == pytest.approx(7.0 * RATE, abs=2 * FRAME)
    delays = [
        t - START - d.time / RATE
        for d, t in zip(played.decisions, played.times, strict=True)
        if d.action is Action.DECODE
    ]
    assert max(delays) == pytest.approx(0.02, abs=0.001)


def test_a_pause_is_filled_for_a_minute_then_time_steps_ahead() -> None:
    talk = speech(50) + [
        Sent(n, n * FRAME + 100 * RATE, START + 100 + n * 0.02) for n in range(50, 100)
    ]
    buffer = AudioBuffer[int](RATE)
    played = run(buffer, talk, until=102.0)
    assert played.ticks == pytest.approx((MAX_FILL + 2) * RATE, abs=4 * FRAME)
    assert played.decisions[-1].time == pytest.approx(102 * RATE, abs=2 * FRAME)
    assert buffer.statistics.skipped == pytest.approx((40) * RATE, abs=4 * FRAME)
    assert len(played.of(Action.DECODE)) >= 98


def test_comfort_noise_begins_a_pause() -> None:
    packets = [
        *speech(10),
        Sent(10, 10 * FRAME, START + 0.2, ticks=0, is_dtx=True),
        Sent(11, 30 * FRAME, START + 0.6),
    ]
    buffer = AudioBuffer[int](RATE)
    played = run(buffer, packets, until=0.635)
    assert [d.action for d in played.decisions[10:]] == [Action.COMFORT] * 20 + [Action.DECODE]
    assert buffer.statistics.concealed == 0


def test_packets_without_sound_are_no_loss() -> None:
    """Telephone events (RFC 4733) have numbers of the stream and all the time of their begin."""
    packets = [
        *speech(10),
        *(
            Sent(10 + n, 10 * FRAME, START + 0.2 + n * 0.02, ticks=0, is_dtx=True)
            for n in range(10)
        ),
        *(Sent(20 + n, (20 + n) * FRAME, START + 0.4 + n * 0.02) for n in range(10)),
    ]
    buffer = AudioBuffer[int](RATE)
    played = run(buffer, packets, until=0.61)
    assert len(played.of(Action.DECODE)) == 20
    assert buffer.statistics.concealed == buffer.statistics.inserted == 0
    assert played.decisions[-1].time == 29 * FRAME
    assert played.times[-1] == pytest.approx(START + 0.6)


def test_a_copy_in_another_packet_is_used_when_the_packet_is_lost() -> None:
    buffer = AudioBuffer[int](RATE)
    packets = speech(100, lost=[50])
    copies = [Sent(n + 1, n * FRAME, START + (n + 1) * 0.02 - 0.001, age=1) for n in range(99)]
    buffer.target.floor = 0.05
    played = run(buffer, packets + copies, until=1.9)
    assert played.made_up() == 0
    assert 50 in played.delays()
    assert buffer.statistics.fec_received == 95
    assert buffer.statistics.fec_discarded == 94


def test_the_original_takes_the_place_of_its_copy() -> None:
    buffer = AudioBuffer[str](RATE)
    buffer.insert(6, 0, FRAME, "copy", START, age=1)
    buffer.insert(5, 0, FRAME, "original", START)
    buffer.insert(6, 0, FRAME, "copy", START, age=1)
    buffer.insert(5, 0, FRAME, "again", START)
    assert [d.packet for d in buffer.pull(START + 0.02)] == ["original"]
    assert (buffer.statistics.duplicates, buffer.statistics.fec_discarded) == (1, 2)


def test_late_and_repeated_packets_are_counted_apart() -> None:
    buffer = AudioBuffer[int](RATE)
    packets = speech(100)
    again = [Sent(50, 50 * FRAME, START + 1.5), Sent(51, 51 * FRAME, START + 1.04)]
    late = [Sent(60, 60 * FRAME, START + 1.6)]
    run(buffer, [p for p in packets if p.number != 60] + again + late, until=2.0)
    assert (buffer.statistics.duplicates, buffer.statistics.late) == (2, 1)


def test_the_two_hundred_and_first_packet_begins_anew() -> None:
    buffer = AudioBuffer[int](RATE)
    for n in range(MAX_PACKETS + 1):
        buffer.insert(n, n * FRAME, FRAME, n, START)
    assert buffer.statistics.flushed == MAX_PACKETS
    assert buffer.deadline() == pytest.approx(START + buffer.target.seconds)
    assert [d.packet for d in buffer.pull(buffer.deadline() or 0.0)] == [MAX_PACKETS]


def test_a_reader_that_sleeps_finds_sound_of_now() -> None:
    buffer = AudioBuffer[int](RATE)
    for n in range(300):
        now = START + n * 0.02
        buffer.insert(n, n * FRAME, FRAME, n, now)
        if n < 10:
            buffer.pull(now)
    played = buffer.pull(START + 6.0)
    assert len(played) <= 3
    assert played[-1].time >= 299 * FRAME - 100 * MS
    assert buffer.statistics.skipped > 3 * RATE


def test_the_application_s_floor_is_reached_in_silence() -> None:
    buffer = AudioBuffer[int](RATE)
    run(buffer, speech(100), until=2.0)
    buffer.target.floor = 0.1
    more = [Sent(n, n * FRAME, START + n * 0.02, is_quiet=n % 5 == 0) for n in range(100, 500)]
    played = run(buffer, more, until=10.0)
    assert max(played.delays().values()) == pytest.approx(0.1, abs=0.003)
    assert buffer.statistics.concealed <= FRAME
    buffer.target.floor = 0.0
    assert buffer.delay == pytest.approx(0.1, abs=0.003)


def test_the_delays_of_packets_are_added_up() -> None:
    """W3C webrtc-stats: jitterBufferDelay in seconds for each sample."""
    buffer = AudioBuffer[int](RATE)
    buffer.target.floor = 0.06
    run(buffer, speech(100), until=1.059)
    counts = buffer.statistics
    assert counts.emitted == 50 * FRAME
    assert counts.delay == pytest.approx(0.06 * 48_000)
    assert counts.target_delay == pytest.approx(0.06 * 48_000)
    assert counts.minimum_delay == pytest.approx(0.02 * 48_000)


NETWORKS = st.lists(
    st.tuples(
        st.sampled_from(["send", "lose", "twice"]),
        st.floats(0, 0.4),
        st.sampled_from([480, 960, 2880]),
        st.sampled_from([0, 0, 0, 960, 48_000]),
        st.booleans(),
    ),
    max_size=80,
)


@settings(deadline=None)
@given(NETWORKS, st.booleans(), st.sampled_from([0, 240, 720]))
def test_any_network(
    packets: list[tuple[str, float, int, int, bool]], fec: bool, period: int
) -> None:
    """What leaves never overlaps, nothing is decoded twice, and sound adds up to its times."""
    sent, time = [], 0
    for number, (fate, delay, ticks, pause, quiet) in enumerate(packets):
        arrival = START + time / RATE + delay
        packet = Sent(number, time, arrival, ticks, ticks if fec else 0, quiet)
        if fate != "lose":
            sent.append(packet)
        if fate == "twice":
            sent.append(Sent(number, time, arrival + 0.05, ticks))
        time += ticks + pause
    buffer = AudioBuffer[int](RATE)
    played = run(buffer, sent, until=time / RATE + 2.0, period=period)
    counts = buffer.statistics
    assert counts.received == played.ticks
    assert not buffer._times
    if played.decisions:
        first, last = played.decisions[0], played.decisions[-1]
        span = last.time + last.ticks - first.time
        assert played.ticks <= span
        assert span - played.ticks <= counts.removed + counts.skipped
