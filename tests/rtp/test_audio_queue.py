"""What the audio buffers share: each packet once, in order, bounded."""

import pytest

from peer.rtp.audio_buffer import AudioBuffer
from peer.rtp.audio_delay import MAX_PACKETS
from peer.rtp.audio_eager import EagerAudioBuffer
from peer.rtp.audio_queue import MAX_PADDING

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


@BUFFERS
def test_padding_between_packets_is_no_loss(
    kind: type[AudioBuffer[int]] | type[EagerAudioBuffer[int]],
) -> None:
    """Browsers probe with it, in pauses too."""
    buffer = kind(48000)
    for number, time in ((0, 0), (3, FRAME), (5, 10 * FRAME), (6, 11 * FRAME)):
        now = 5.0 + time / 48000
        buffer.pull(now)
        buffer.insert(number, time, FRAME, number, now)
        for padding in {0: (1, 2, 2), 3: (4,)}.get(number, ()):
            buffer.pad(padding, 5.0)
    buffer.pull(5.5)
    assert buffer.statistics.concealed == 0
    assert buffer.statistics.comfort == 8 * FRAME


@BUFFERS
def test_a_copy_is_that_of_the_packet_before_the_padding(
    kind: type[AudioBuffer[int]] | type[EagerAudioBuffer[int]],
) -> None:
    buffer = kind(48000)
    buffer.target.floor = 0.06
    for number in (0, 1):
        buffer.insert(number, number * FRAME, FRAME, number, 5.0 + number / 50)
    for padding in (3, 4):
        buffer.pad(padding, 5.0)
    # Number 2 got lost.
    for age in range(3):
        time = (3 - age) * FRAME
        buffer.insert(5, time, FRAME, 5 - age, 5.06, age=age)
    heard = [decision.packet for decision in buffer.pull(5.2) if decision.packet is not None]
    assert heard in ([0, 1, 4, 5], [4, 5])
    assert buffer.statistics.concealed == 0
    assert (buffer.statistics.fec_received, buffer.statistics.fec_discarded) == (2, 1)


@BUFFERS
def test_padding_takes_bounded_memory(
    kind: type[AudioBuffer[int]] | type[EagerAudioBuffer[int]],
) -> None:
    buffer = kind(48000)
    for number in range(10 * MAX_PADDING):
        buffer.pad(number, 5.0)
    assert len(buffer._padding) == MAX_PADDING
