"""Pictures through FFmpeg."""

import av
import pytest
from av import VideoFrame

from peer.media.ffmpeg import (
    AV1,
    H264,
    H265,
    PATIENCE,
    VP8,
    VP9,
    FFmpegVideoDecoder,
    FFmpegVideoEncoder,
    Wrapped,
    is_there,
)
from peer.media.video import VideoSettings
from tests.media.pictures import MAX_PIXELS, RATE, encode, keys, kilobits, moving

DECODERS = {VP8: "libvpx", VP9: "vp9", H264: "h264", AV1: "libdav1d", H265: "hevc"}
each = pytest.mark.parametrize("wrapped", DECODERS, ids=lambda wrapped: str(wrapped.name))


@each
def test_pictures_are_encoded_and_decoded(wrapped: Wrapped) -> None:
    """Of another size than before as well; one frame in is one picture out."""
    encoder = FFmpegVideoEncoder(wrapped, VideoSettings(bitrate=5_000_000))
    decoder = FFmpegVideoDecoder(DECODERS[wrapped], MAX_PIXELS)
    sizes: list[tuple[int, int]] = []
    for size in ((320, 180), (130, 66), (64, 48)):
        made = encode(encoder, moving(*size), 6, keys=(4,))
        assert keys(made) == [0, 4]
        for number, one in enumerate(made):
            assert one is not None
            (frame,) = decoder.decode(one.data, 3000 * number)
            assert frame.pts == 3000 * number
            sizes.append((frame.width, frame.height))
    assert sizes == 6 * [(320, 180)] + 6 * [(130, 66)] + 6 * [(64, 48)]


@each
def test_odd_sides(wrapped: Wrapped) -> None:
    encoder = FFmpegVideoEncoder(wrapped, VideoSettings())
    (made,) = encode(encoder, moving(131, 67), 1)
    assert made is not None
    (frame,) = FFmpegVideoDecoder(DECODERS[wrapped], MAX_PIXELS).decode(made.data, 0)
    assert (frame.width, frame.height) == ((130, 66) if wrapped.even else (131, 67))


@each
def test_another_rate_waits_for_its_key_frame(wrapped: Wrapped) -> None:
    """For one that is due, or for a while: a small change for as long as there is none."""
    encoder, pictures = FFmpegVideoEncoder(wrapped, VideoSettings(bitrate=600_000)), moving()
    assert keys(encode(encoder, pictures, 5)) == [0]
    encoder.set_rate(500_000, RATE)
    assert keys(encode(encoder, pictures, 90)) == []
    encoder.set_rate(200_000, RATE)
    (patience,) = keys(encode(encoder, pictures, 65))
    assert abs(patience - PATIENCE * RATE) <= 5
    made = encode(encoder, pictures, 60)
    assert keys(made) == []
    assert kilobits(made[30:]) < 350
    encoder.set_rate(900_000, RATE)
    assert keys(encode(encoder, pictures, 90, keys=(3,))) == [3]


@pytest.mark.parametrize("wrapped", [H264, AV1, H265], ids=lambda wrapped: str(wrapped.name))
def test_pictures_are_left_out_where_the_rate_is_too_low_for_them(wrapped: Wrapped) -> None:
    encoder = FFmpegVideoEncoder(wrapped, VideoSettings(bitrate=15_000))
    made = encode(encoder, moving(640, 360), 60, keys=(50,))
    assert None in made
    assert keys(made) == [0, 50]


def test_the_tracks_picture_is_left_as_it_is() -> None:
    """It may be with the encoders of other connections as well."""
    encoder = FFmpegVideoEncoder(H264, VideoSettings())
    picture = next(moving())
    before = (picture.pts, picture.time_base, picture.pict_type, bytes(picture.planes[0]))
    encoder.encode(picture, key=True)
    after = (picture.pts, picture.time_base, picture.pict_type, bytes(picture.planes[0]))
    assert before == after


@each
def test_pictures_that_are_too_large_are_not_decoded(wrapped: Wrapped) -> None:
    (made,) = encode(FFmpegVideoEncoder(wrapped, VideoSettings()), moving(320, 192), 1)
    assert made is not None
    assert len(FFmpegVideoDecoder(DECODERS[wrapped], 320 * 192).decode(made.data, 0)) == 1
    with pytest.raises(av.FFmpegError):
        FFmpegVideoDecoder(DECODERS[wrapped], 320 * 191).decode(made.data, 0)


def test_what_cannot_be() -> None:
    with pytest.raises(av.FFmpegError):
        FFmpegVideoDecoder("libvpx", MAX_PIXELS).decode(b"noise", 0)
    with pytest.raises((av.FFmpegError, ValueError)):
        FFmpegVideoEncoder(VP8, VideoSettings()).encode(VideoFrame(), key=False)
    assert is_there("libvpx", "r")
    assert not is_there("libdav1d", "w")
    assert not is_there("none", "r")


def test_nothing_is_written_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    for wrapped in DECODERS:
        encoder = FFmpegVideoEncoder(wrapped, VideoSettings())
        encode(encoder, moving(), 2)
        encoder.encode(next(moving(64, 48)), key=True)
        del encoder
    assert capfd.readouterr() == ("", "")
