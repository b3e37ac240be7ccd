"""The duration of the sound in a payload, codec by codec."""

import pytest

from peer.rtp.payloads.audio import Sound, sound_reader


@pytest.mark.parametrize(
    ("mime_type", "clock_rate", "channels", "payload", "ticks"),
    [
        ("audio/PCMU", 8000, 1, bytes(160), 160),
        ("audio/PCMA", 8000, 1, bytes(240), 240),
        ("audio/G722", 8000, 1, bytes(160), 160),
        ("audio/L16", 44100, 2, bytes(4 * 441), 441),
        ("audio/opus", 48000, 2, b"\x08\x80bc", 960),
    ],
)
def test_durations(
    mime_type: str, clock_rate: int, channels: int, payload: bytes, ticks: int
) -> None:
    read = sound_reader(mime_type, clock_rate, channels)
    assert read is not None
    assert read(payload) == Sound(ticks)


def test_opus_tells_of_its_copy_and_of_silence() -> None:
    read = sound_reader("audio/opus", 48000, 2)
    assert read is not None
    assert read(b"\x09\x40\x00\x40\x00") == Sound(1920, 960)
    assert read(b"\x08") == Sound(960, 0, is_dtx=True)
    assert read(b"") is None


def test_comfort_noise_has_no_duration() -> None:
    read = sound_reader("audio/CN", 8000)
    assert read is not None
    assert read(b"\x40") == Sound(0, 0, is_dtx=True)
    assert read(b"") is None


@pytest.mark.parametrize("payload", [b"", bytes(3), bytes(4 * 9601)])
def test_payloads_of_no_whole_or_of_endless_samples_are_malformed(payload: bytes) -> None:
    read = sound_reader("audio/L16", 48000, 2)
    assert read is not None
    assert read(payload) is None


def test_unknown_codecs() -> None:
    assert sound_reader("audio/telephone-event", 8000) is None
    assert sound_reader("audio/PCMU", 0) is None
    assert sound_reader("audio/L16", 999) is None
