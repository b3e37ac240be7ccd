"""Concealment for codecs without one of their own."""

import array
import itertools

import pytest

from peer.media.conceal import FADE, Concealer
from tests.media.tones import crossings, loudness, speech, tone


@pytest.mark.parametrize(("rate", "frequency"), [(8000, 200), (8000, 125), (16000, 250)])
def test_a_tone_goes_on_without_a_step(rate: int, frequency: int) -> None:
    concealer = Concealer(rate, 1)
    heard = tone(rate // 10, rate, frequency)
    concealer.hear(heard.tobytes())
    gap = concealer.conceal(rate // 50)
    samples = memoryview(heard.tobytes()[-40:] + gap).cast("h").tolist()
    largest = max(abs(b - a) for a, b in itertools.pairwise(heard.tolist()))
    assert max(abs(b - a) for a, b in itertools.pairwise(samples)) < 2 * largest
    assert crossings(gap) == pytest.approx(frequency / 50, abs=1)
    assert loudness(gap) > 0.7 * loudness(heard.tobytes())


def test_it_fades_to_silence_within_100_ms() -> None:
    concealer = Concealer(8000, 1)
    concealer.hear(speech(1600, 8000).tobytes())
    levels = [loudness(concealer.conceal(160)) for _ in range(8)]
    assert levels[0] > levels[2] > levels[4] > 0
    assert levels[6] == levels[7] == 0
    assert FADE == 0.1


def test_every_gap_begins_with_what_was_heard_last() -> None:
    concealer = Concealer(8000, 1)
    concealer.hear(tone(1600, 8000, 200).tobytes())
    for _ in range(8):
        concealer.conceal(160)
    concealer.hear(tone(160, 8000, 200).tobytes())
    assert loudness(concealer.conceal(160)) > 1000


@pytest.mark.parametrize("channels", [1, 2])
def test_what_comes_after_a_gap_joins_it_without_a_step(channels: int) -> None:
    concealer = Concealer(8000, channels)
    wave = [sample for sample in tone(800, 8000, 200) for _ in range(channels)]
    concealer.hear(array.array("h", wave).tobytes())
    gap = concealer.conceal(100)
    # Half a period off.
    after = [sample for sample in tone(160, 8000, 200, start=120) for _ in range(channels)]
    heard = concealer.hear(array.array("h", after).tobytes())
    samples = memoryview(gap[-2 * channels :] + heard).cast("h").tolist()[::channels]
    largest = max(abs(b - a) for a, b in itertools.pairwise(wave[::channels]))
    assert max(abs(b - a) for a, b in itertools.pairwise(samples)) < 1.5 * largest
    assert samples[41:] == after[40 * channels :: channels]
    assert concealer.hear(b"") == b""
    assert concealer.hear(gap) == gap


def test_both_channels_go_on() -> None:
    concealer = Concealer(8000, 2)
    left = tone(800, 8000, 200)
    stereo = b"".join(left[i : i + 1].tobytes() + bytes(2) for i in range(800))
    concealer.hear(stereo)
    gap = memoryview(concealer.conceal(160)).cast("h").tolist()
    assert max(map(abs, gap[0::2])) > 1000
    assert set(gap[1::2]) == {0}


@pytest.mark.parametrize("heard", [b"", bytes(2), bytes(400)])
def test_nothing_heard_is_silence(heard: bytes) -> None:
    concealer = Concealer(8000, 1)
    concealer.hear(heard)
    assert concealer.conceal(160) == bytes(320)
