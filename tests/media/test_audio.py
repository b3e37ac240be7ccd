"""How loud sound is (RFC 6464 §3)."""

import array

import pytest

from peer.media.audio import level_of, loudness_of
from tests.media.tones import tone


@pytest.mark.parametrize(
    ("pcm", "level"),
    [
        (bytes(1920), -127),
        (b"", -127),
        (array.array("h", [32767, -32768] * 480).tobytes(), 0),
        (array.array("h", [3277, -3277] * 480).tobytes(), -20),
        (array.array("h", [1, 0, 0, 0]).tobytes(), -96),
    ],
)
def test_levels(pcm: bytes, level: int) -> None:
    assert level_of(loudness_of(pcm)) == level


def test_a_tone_is_3_db_below_its_peak() -> None:
    assert level_of(loudness_of(tone(960).tobytes())) == pytest.approx(-12, abs=1)


@pytest.mark.parametrize("frequency", [100, 440, 800, 1000, 1600, 2000, 3200, 4000, 8000])
@pytest.mark.parametrize("channels", [1, 2])
def test_how_loud_a_tone_is_does_not_depend_on_how_high(frequency: int, channels: int) -> None:
    samples = [one for one in tone(960, frequency=frequency) for _ in range(channels)]
    assert level_of(loudness_of(array.array("h", samples).tobytes())) == pytest.approx(-12, abs=1)


@pytest.mark.parametrize("loud", [0, 1])
def test_both_channels_count(loud: int) -> None:
    pair = [0, 0]
    pair[loud] = 8192
    assert level_of(loudness_of(array.array("h", pair * 960).tobytes())) == pytest.approx(
        -15, abs=1
    )
