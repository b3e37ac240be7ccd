"""VP8 and VP9 in real time."""

import os
from itertools import islice

import pytest

from peer.media.video import VideoSettings
from peer.media.vpx import VpxVideoEncoder, _threads
from tests.media.pictures import decoded, difference, encode, keys, kilobits, moving

CODECS = {"vp8": "libvpx", "vp9": "vp9"}
both = pytest.mark.parametrize("codec", CODECS)


@both
def test_pictures_are_decoded_again(codec: str) -> None:
    encoder = VpxVideoEncoder(codec, VideoSettings())
    made = encode(encoder, moving(), 30, keys=(10,))
    assert keys(made) == [0, 10]
    frames = decoded(CODECS[codec], made)
    assert (frames[-1].width, frames[-1].height) == (320, 180)
    assert difference(frames[-1], next(islice(moving(), 29, None))) < 12


@both
def test_the_rate_is_followed_at_once_and_without_a_key_frame(codec: str) -> None:
    """From 50 kbit/s to several Mbit/s, in a second, and within a tenth after it."""
    encoder, pictures = VpxVideoEncoder(codec, VideoSettings(bitrate=500_000)), moving()
    assert keys(encode(encoder, pictures, 60)) == [0]
    for rate in (100_000, 1_500_000, 50_000, 400_000):
        encoder.set_rate(rate, 30.0)
        encode(encoder, pictures, 30)
        made = encode(encoder, pictures, 60)
        assert keys(made) == []
        assert kilobits(made) == pytest.approx(rate / 1000, rel=0.25)


@both
def test_pictures_are_left_out_where_the_rate_is_too_low_for_them(codec: str) -> None:
    encoder = VpxVideoEncoder(codec, VideoSettings(bitrate=50_000))
    made = encode(encoder, moving(640, 360), 90)
    assert made.count(None) > 20
    assert keys(made) == [0]


@both
@pytest.mark.parametrize("size", [(321, 241), (17, 33), (2, 2)])
def test_another_size_begins_with_a_key_frame(codec: str, size: tuple[int, int]) -> None:
    """Also one with odd sides."""
    encoder = VpxVideoEncoder(codec, VideoSettings())
    made = encode(encoder, moving(), 3) + encode(encoder, moving(*size), 3)
    assert keys(made) == [0, 3]
    frames = decoded(CODECS[codec], made)
    assert {(frame.width, frame.height) for frame in frames} == {(320, 180), size}


@both
def test_the_quantizer_tells_how_coarse_a_picture_is(codec: str) -> None:
    pairs = []
    for rate in (3_000_000, 100_000):
        made = encode(VpxVideoEncoder(codec, VideoSettings(bitrate=rate)), moving(), 30)
        pairs.append([one.quantizer or 0 for one in made[5:] if one is not None])
    fine, coarse = pairs
    assert max(fine) < min(coarse) <= (127 if codec == "vp8" else 255)


@both
def test_more_pictures_have_less_each(codec: str) -> None:
    encoder, pictures = VpxVideoEncoder(codec, VideoSettings(bitrate=400_000)), moving()
    encode(encoder, pictures, 60)
    encoder.set_rate(400_000, 60.0)
    encode(encoder, pictures, 60)
    assert kilobits(encode(encoder, pictures, 60)) == pytest.approx(200, rel=0.25)


def test_how_many_threads_a_picture_is_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, threads in ((1, 1), (4, 2), (8, 3), (16, 8)):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        assert _threads(1920 * 1080) == threads
        assert _threads(640 * 480) == 1
