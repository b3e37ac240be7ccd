"""Somebody's voice, made up: vowels in syllables and words, over the noise of a room."""

import array
import math
import random

RATE = 16_000
NOISE = 30
"""Loudness of the room."""
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))
"""Formants of a, i, o, u in Hz."""


def noise(seconds: float) -> bytes:
    """Nobody speaks."""
    return _hiss(random.Random(0), seconds).tobytes()


def speak(seconds: float, seed: int = 1) -> bytes:
    """Somebody speaks: syllables of a fifth of a second, and gaps, longer ones between words."""
    chance, samples = random.Random(seed), array.array("h")
    while len(samples) < RATE * seconds:
        samples += _syllable(chance, chance.uniform(0.12, 0.25))
        samples += _hiss(chance, chance.choice([0.04, 0.06, 0.15]))
    return samples[: round(RATE * seconds)].tobytes()


def _hiss(chance: random.Random, seconds: float) -> "array.array[int]":
    return array.array("h", [round(chance.gauss(0, NOISE)) for _ in range(round(RATE * seconds))])


def _syllable(chance: random.Random, seconds: float) -> "array.array[int]":
    """A vowel: pulses of the glottis, and what resonates."""
    pitch, formants = chance.uniform(100, 220), chance.choice(VOWELS)
    count = round(RATE * seconds)
    found = [0.0] * count
    for strength, formant in zip((1.0, 0.5, 0.25), formants, strict=True):
        radius, before, last = 0.97, 0.0, 0.0
        turn = 2 * radius * math.cos(2 * math.pi * formant / RATE)
        for number in range(count):
            pulse = strength if number * pitch % RATE < pitch else 0.0
            before, last = last, pulse + turn * last - radius * radius * before
            found[number] += last
    loudest = max(map(abs, found))
    return array.array(
        "h",
        [
            round(9000 * value / loudest * math.sin(math.pi * (number + 0.5) / count) ** 0.3)
            for number, value in enumerate(found)
        ],
    )
