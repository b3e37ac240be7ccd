"""Sound at an even pace that is played faster where it is late, and slower where it is to wait."""

from itertools import pairwise

from peer.rtp.audio_buffer import STRETCH_INTERVAL, STRETCHED_FROM, AudioBuffer
from peer.rtp.audio_queue import Action
from tests.rtp.audio_line import FRAME, RATE, START, Sent, run, speech

MS = RATE // 1000


def test_late_speech_without_a_pause_is_played_faster() -> None:
    buffer = AudioBuffer[int](RATE)
    packets = speech(
        1500, delay=lambda n: max(0.0, 0.2 - (n - 500) * 0.02) if 500 <= n < 510 else 0.0
    )
    played = run(buffer, packets, until=30.0, period=8 * MS)
    delays, counts = played.delays(), buffer.statistics
    assert len(delays) >= 1499
    assert max(delays.values()) <= 0.25
    # The target is up for ten seconds, because it may happen again.
    assert delays[1498] <= 0.02 + STRETCHED_FROM + 0.001
    assert counts.removed >= 200 * MS - STRETCHED_FROM * RATE
    assert counts.inserted == 0
    # Each frame follows the one before, on the sender's time and what is late of it.
    ends = [d.time + d.ticks for d in played.decisions]
    assert [d.time for d in played.decisions[1:]] == ends[:-1]


def test_sound_is_stretched_seldom() -> None:
    buffer = AudioBuffer[int](RATE)
    packets = speech(1500, delay=lambda n: 0.3 if n < 50 else 0.0)
    played = run(buffer, packets, until=30.0, period=5 * MS)
    times = [when for when, _ in played.stretched]
    assert len(times) > 10
    assert min(b - a for a, b in pairwise(times)) >= STRETCH_INTERVAL


def test_a_delay_that_is_to_grow_does_so_without_a_gap() -> None:
    """From 20 ms to 120 ms within 3 s, in speech without a pause."""
    buffer = AudioBuffer[int](RATE)
    before = run(buffer, speech(100), until=2.0, period=8 * MS)
    buffer.target.floor = 0.12
    more = [Sent(n, n * FRAME, START + n * 0.02) for n in range(100, 500)]
    played = run(buffer, more, until=9.9, period=8 * MS)
    counts = buffer.statistics
    assert not before.stretched
    assert counts.concealed == 0
    assert counts.inserted >= 0.1 * RATE - STRETCHED_FROM * RATE
    assert played.delays()[250] >= 0.12 - STRETCHED_FROM
    assert max(played.delays().values()) <= 0.12


def test_what_follows_something_made_up_is_not_stretched() -> None:
    buffer = AudioBuffer[int](RATE)
    buffer.target.floor = 0.06
    run(buffer, speech(100), until=2.0)
    buffer.target.floor = 0.12
    more = [Sent(n, n * FRAME, START + n * 0.02) for n in range(101, 200)]
    played = run(buffer, more, until=3.9, period=8 * MS)
    made_up = next(i for i, d in enumerate(played.decisions) if d.action is not Action.DECODE)
    assert played.decisions[made_up + 1].stretch == 0
    assert played.stretched
