"""What the audio buffers share: each packet once, in order, bounded."""

import pytest

from peer.rtp.audio_buffer import AudioBuffer
from peer.rtp.audio_delay import MAX_PACKETS
from peer.rtp.audio_eager import EagerAudioBuffer

FRAME = 960
BUFFERS = pytest.mark.parametrize("kind", [AudioBuffer, EagerAudioBuffer])


@BUFFERS
def test_packets_wait_in_a_bounded_queue(
    kind: type[AudioBuffer[int]] | type[EagerAudioBuffer[int]],
) -> None:
    buffer = kind(48000)
    for number in range(10 * MAX_PACKETS):
        buffer.insert(number * 2, number * 2 * FRAME, FRAME, number, 5.0)
        assert len(buffer._times) == len(buffer._held) <= MAX_PACKETS
    assert buffer.statistics.flushed == 9 * MAX_PACKETS


@BUFFERS
def test_packets_far_behind_are_late_and_those_far_ahead_cost_nothing(
    kind: type[AudioBuffer[int]] | type[EagerAudioBuffer[int]],
) -> None:
    buffer = kind(48000)
    buffer.insert(1000, 0, FRAME, 0, 5.0)
    buffer.pull(5.03)
    buffer.insert(1, -900 * FRAME, FRAME, 0, 5.1)
    buffer.insert(1 << 40, FRAME, FRAME, 0, 5.1)
    assert buffer.statistics.late == 1
    assert buffer._seen == 1


@BUFFERS
def test_a_jump_of_the_numbers_is_no_loss(
    kind: type[AudioBuffer[int]] | type[EagerAudioBuffer[int]],
) -> None:
    """Another source took over: its numbers have nothing to do with those before."""
    buffer = kind(48000)
    for number, time in ((0, 0), (1, FRAME), (1 << 16, 3 * FRAME), ((1 << 16) + 1, 4 * FRAME)):
        now = 5.0 + time / 48000
        buffer.pull(now)
        buffer.insert(number, time, FRAME, number, now)
    buffer.pull(5.2)
    assert buffer.statistics.concealed == 0
    assert buffer.statistics.emitted == 4 * FRAME
