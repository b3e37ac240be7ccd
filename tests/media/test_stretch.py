"""Sound made longer or shorter by a period of its pitch."""

import array
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.media.stretch import stretch
from tests.media.tones import crossings, loudness, speech, tone

RATES = [8000, 16000, 48000]
"""Those of the telephone, of G.722 and of Opus."""


def noise(samples: int) -> "array.array[int]":
    generator = random.Random(1)
    return array.array("h", (generator.randint(-8000, 8000) for _ in range(samples)))


def largest_step(pcm: bytes) -> int:
    samples = memoryview(pcm).cast("h").tolist()
    return max(abs(b - a) for a, b in itertools.pairwise(samples))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("frequency", [80, 125, 200])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_tone_gets_a_period_more_or_less(rate: int, frequency: int, sign: int) -> None:
    pcm = tone(rate // 50, rate, frequency).tobytes()
    made = stretch(pcm, rate, 1, sign * rate // 50)
    period = sign * (len(made) - len(pcm)) / 2 / rate
    # A multiple of it is as good.
    assert (period * frequency) % 1 == pytest.approx(0, abs=0.06) or (
        period * frequency
    ) % 1 == pytest.approx(1, abs=0.06)
    assert 0.0025 <= period <= 0.016
    assert largest_step(made) <= 1.1 * largest_step(tone(rate, rate, frequency).tobytes())
    assert loudness(made) == pytest.approx(loudness(pcm), rel=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_speech_is_changed_without_a_click(rate: int) -> None:
    pcm = speech(rate, rate).tobytes()
    packet = 2 * rate // 50
    pieces = [pcm[at : at + packet] for at in range(0, len(pcm), packet)]
    shorter = b"".join(stretch(piece, rate, 1, -rate // 50) for piece in pieces)
    longer = b"".join(stretch(piece, rate, 1, rate // 50) for piece in pieces)
    assert len(shorter) < 0.75 * len(pcm)
    assert len(longer) > 1.25 * len(pcm)
    for made in (shorter, longer):
        assert largest_step(made) <= 1.2 * largest_step(pcm)
        pitch = crossings(made) / (len(made) / 2 / rate)
        assert pitch == pytest.approx(crossings(pcm), rel=0.15)


@pytest.mark.parametrize("rate", RATES)
def test_what_has_no_pitch_is_left_alone(rate: int) -> None:
    pcm = noise(rate // 50).tobytes()
    for by in (-rate // 50, rate // 50):
        assert stretch(pcm, rate, 1, by) is pcm


def test_in_a_hurry_less_alike_will_do() -> None:
    voice = speech(960)
    hoarse = array.array(
        "h", (a + b // 2 for a, b in zip(voice, noise(960), strict=True))
    ).tobytes()
    assert stretch(hoarse, 48000, 1, -960) is hoarse
    assert len(stretch(hoarse, 48000, 1, -960, likeness=0.3)) < len(hoarse)


def test_in_silence_anything_goes() -> None:
    pcm = array.array("h", [(-1) ** n * (n % 30) for n in range(960)]).tobytes()
    assert len(stretch(pcm, 48000, 1, -480)) == len(pcm) - 2 * 480
    assert len(stretch(bytes(1920), 48000, 1, 480)) == 1920 + 2 * 480


def test_both_channels_are_changed_alike() -> None:
    left, right = tone(960, 48000, 200), tone(960, 48000, 400)
    pcm = array.array("h", itertools.chain(*zip(left, right, strict=True))).tobytes()
    made = memoryview(stretch(pcm, 48000, 2, -480)).cast("h").tolist()
    alone = memoryview(stretch(left.tobytes(), 48000, 1, -480)).cast("h").tolist()
    assert made[::2] == alone
    assert len(made) == 2 * len(alone)


def test_of_a_long_packet_one_period_is_changed() -> None:
    pcm = tone(48000 * 12 // 100, 48000, 200).tobytes()
    assert 0 < len(pcm) - len(stretch(pcm, 48000, 1, -48000)) <= 2 * 720


@given(
    st.binary(max_size=400).map(lambda data: data[: len(data) // 4 * 4]),
    st.sampled_from(RATES),
    st.sampled_from([1, 2]),
    st.integers(-1000, 1000),
    st.sampled_from([1, 2, 3]),
)
def test_any_sound(pcm: bytes, rate: int, channels: int, by: int, step: int) -> None:
    made = stretch(pcm, rate, channels, by, likeness=0.0, step=step)
    more = (len(made) - len(pcm)) / 2 / channels
    assert min(0, by) <= more <= max(0, by)
    assert more % step == 0
    assert len(made) % (2 * channels) == 0
