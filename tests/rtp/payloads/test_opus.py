"""Opus packets without decoding them (RFC 6716 §3, §4.2.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp.payloads.opus import MAX_DURATION, OpusPacket, has_voice, read_opus


def toc(config: int, code: int = 0, *, stereo: bool = False) -> bytes:
    return bytes((config << 3 | stereo << 2 | code,))


def read(payload: bytes) -> OpusPacket:
    packet = read_opus(payload)
    assert packet is not None
    return packet


@pytest.mark.parametrize(
    ("config", "ticks"),
    [(0, 480), (3, 2880), (5, 960), (11, 2880), (12, 480), (15, 960), (16, 120), (31, 960)],
)
def test_the_duration_of_each_configuration(config: int, ticks: int) -> None:
    assert read(toc(config) + b"ab").ticks == ticks
    assert read(toc(config, 1) + b"abcd").ticks == 2 * ticks


def test_two_frames_of_different_size() -> None:
    assert read(toc(1, 2) + b"\x03abcde").ticks == 1920
    assert read_opus(toc(1, 2) + b"\x06abcde") is None
    assert read_opus(toc(1, 2)) is None
    assert read_opus(toc(1, 2) + b"\xfc") is None


def test_two_frames_of_equal_size_need_an_even_number_of_bytes() -> None:
    assert read_opus(toc(1, 1) + b"abc") is None


def test_many_frames() -> None:
    assert read(toc(16, 3) + bytes((48,)) + bytes(48)).ticks == MAX_DURATION
    assert read_opus(toc(16, 3) + bytes((49,)) + bytes(49)) is None
    assert read_opus(toc(16, 3) + bytes((0,))) is None
    assert read_opus(toc(16, 3) + bytes((3,)) + bytes(4)) is None
    assert read_opus(toc(16, 3)) is None


def test_many_frames_of_different_size() -> None:
    assert read(toc(1, 3) + bytes((0x83, 1, 2)) + b"abbccc").frames == 3
    assert read(toc(1, 3) + bytes((0x81,)) + b"abc").frames == 1
    assert read_opus(toc(1, 3) + bytes((0x83, 1, 9)) + b"abbccc") is None
    assert read_opus(toc(1, 3) + bytes((0x83, 1))) is None


def test_padding() -> None:
    assert read(toc(1, 3) + bytes((0x42, 3)) + b"aabb" + bytes(3)).frames == 2
    assert read(toc(1, 3) + bytes((0x41, 255, 1)) + b"aa" + bytes(255)).frames == 1
    assert read_opus(toc(1, 3) + bytes((0x41, 9)) + b"aa") is None
    assert read_opus(toc(1, 3) + bytes((0x41, 255))) is None


def test_a_frame_is_no_longer_than_1275_bytes() -> None:
    assert read_opus(toc(1) + bytes(1275)) is not None
    assert read_opus(toc(1) + bytes(1276)) is None
    assert read_opus(toc(1, 3) + b"\x81" + bytes(1276)) is None


@pytest.mark.parametrize(
    ("config", "stereo", "flag"),
    [
        (1, False, 0x40),  # 20 ms: voice activity, flag
        (0, False, 0x40),  # 10 ms: the same
        (2, False, 0x20),  # 40 ms: two bits of voice activity
        (3, False, 0x10),
        (13, False, 0x40),  # hybrid
        (1, True, 0x10),  # of the side channel
        (3, True, 0x01),
    ],
)
def test_where_the_copy_of_the_frame_before_is_announced(
    config: int, stereo: bool, flag: int
) -> None:
    assert read(toc(config, stereo=stereo) + bytes((flag, 0, 0))).has_fec
    others = 0xFF & ~flag
    if stereo:
        bits = max(1, read(toc(config) + b"ab").ticks // 960) + 1
        others &= ~(0x80 >> (bits - 1))
    assert not read(toc(config, stereo=stereo) + bytes((others, 0, 0))).has_fec


def test_celt_and_frames_without_data_have_no_copy() -> None:
    assert not read(toc(20) + b"\xff\xff").has_fec
    assert not read(toc(1) + b"\xff").has_fec
    assert read(toc(1, 2) + b"\x02\x40\x00\x00").has_fec
    assert not read(toc(1, 2) + b"\x01\x40\x00\x00").has_fec


@pytest.mark.parametrize(
    ("config", "stereo", "flags"),
    [
        (1, False, (0x80,)),
        (2, False, (0x80, 0x40)),
        (3, False, (0x80, 0x40, 0x20)),
        (1, True, (0x80, 0x20)),
        (3, True, (0x80, 0x40, 0x20, 0x08, 0x04, 0x02)),
    ],
)
def test_where_a_voice_is_told_of(config: int, stereo: bool, flags: tuple[int, ...]) -> None:
    """RFC 6716 §4.2.3."""
    for bit in range(8):
        payload = toc(config, stereo=stereo) + bytes((1 << bit, 0, 0))
        assert has_voice(payload) == (1 << bit in flags)


def test_what_does_not_tell_may_be_a_voice() -> None:
    assert has_voice(toc(20) + b"\0\0")
    assert has_voice(toc(1, 3) + b"\x02\0\0")
    assert not has_voice(toc(20) + b"\0")
    assert not has_voice(b"")


def test_packets_of_discontinuous_transmission() -> None:
    assert read(toc(1)).is_dtx
    assert read(toc(1) + b"a").is_dtx
    assert not read(toc(1) + b"ab").is_dtx


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    packet = read_opus(payload)
    assert packet is None or 0 < packet.ticks <= MAX_DURATION
