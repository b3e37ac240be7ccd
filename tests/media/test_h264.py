"""H.264 in real time."""

from itertools import islice

import pytest

from peer.media.h264 import MAX_SLICE, H264VideoEncoder
from peer.media.video import VideoSettings
from peer.rtp.payloads.annexb import split_units
from tests.media.pictures import decoded, difference, encode, keys, kilobits, moving

MODE_1 = {"packetization-mode": "1"}


def make(bitrate: int = 1_000_000, level_id: str = "42e01f") -> H264VideoEncoder:
    return H264VideoEncoder(VideoSettings({**MODE_1, "profile-level-id": level_id}, bitrate))


def test_pictures_are_decoded_again() -> None:
    made = encode(make(), moving(), 30, keys=(10,))
    assert keys(made) == [0, 10]
    frames = decoded("h264", made)
    assert len(frames) == 30
    assert difference(frames[-1], next(islice(moving(), 29, None))) < 12


def test_the_rate_is_followed_at_once_and_without_a_key_frame() -> None:
    encoder, pictures = make(500_000), moving()
    assert keys(encode(encoder, pictures, 60)) == [0]
    for rate in (100_000, 400_000, 1_500_000, 200_000):
        encoder.set_rate(rate, 30.0)
        encode(encoder, pictures, 30)
        made = encode(encoder, pictures, 60)
        assert keys(made) == []
        assert kilobits(made) == pytest.approx(rate / 1000, rel=0.25)


def test_more_pictures_have_less_each() -> None:
    encoder, pictures = make(400_000), moving()
    encoder.set_rate(400_000, 60.0)
    encode(encoder, pictures, 60)
    assert kilobits(encode(encoder, pictures, 60)) == pytest.approx(200, rel=0.25)


def test_pictures_are_left_out_where_the_rate_is_too_low_for_them() -> None:
    made = encode(make(10_000), moving(640, 360), 90, keys=(60,))
    assert made.count(None) > 20
    assert keys(made) == [0, 60]


@pytest.mark.parametrize(
    ("size", "kept"), [((321, 241), (320, 240)), ((17, 34), (16, 34)), ((3, 2), (2, 2))]
)
def test_odd_sides_lose_a_line_and_another_size_begins_with_a_key_frame(
    size: tuple[int, int], kept: tuple[int, int]
) -> None:
    encoder = make()
    made = encode(encoder, moving(), 3) + encode(encoder, moving(*size), 3)
    assert keys(made) == [0, 3]
    sizes = {(frame.width, frame.height) for frame in decoded("h264", made)}
    assert sizes == {(320, 180), kept}


@pytest.mark.parametrize(
    ("level_id", "profile"),
    [("42e01f", 66), ("4d001f", 77), ("640032", 100), ("f4000a", 66), ("", 66), ("xyz", 66)],
)
def test_the_profile_is_the_one_that_was_agreed(level_id: str, profile: int) -> None:
    (made,) = encode(make(level_id=level_id), moving(), 1)
    assert made is not None
    assert split_units(made.data)[0][1] == profile


@pytest.mark.parametrize(("level_id", "level"), [("42e01f", 31), ("42e00b", 11), ("640028", 40)])
def test_the_level_is_the_one_that_the_peer_takes(level_id: str, level: int) -> None:
    """Whatever size and rate libx264 believes in (RFC 6184 §8.1)."""
    (made,) = encode(make(level_id=level_id), moving(), 1)
    assert made is not None
    sets = [unit for unit in split_units(made.data) if unit[0] & 0x1F == 7]
    assert [unit[3] for unit in sets] == [level]


def test_in_mode_0_each_slice_fits_into_a_packet() -> None:
    """RFC 6184 §6.2: no fragments there."""
    encoder = H264VideoEncoder(VideoSettings({}, 3_000_000))
    for made in encode(encoder, moving(640, 360), 5):
        assert made is not None
        units = split_units(made.data)
        assert len(units) > 4
        assert max(map(len, units)) <= MAX_SLICE
