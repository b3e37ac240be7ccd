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
