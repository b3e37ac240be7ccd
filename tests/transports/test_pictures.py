"""The size of a picture by its header."""

import random
import struct
from fractions import Fraction

import av
import pytest
from av import VideoFrame

from peer.transports.pictures import MAX_PARAMETER_SETS, announced_pictures


def encoded(codec: str, width: int, height: int, form: str = "yuv420p", **options: str) -> bytes:
    """Encode a picture that needs no other."""
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, form
    context.time_base = Fraction(1, 30)
    context.options = options
    frame = VideoFrame(width, height, form)
    for plane in frame.planes:
        # What was in memory before may be noise, of many bytes.
        plane.update(bytes(plane.buffer_size))
    frame.pts = 0
    return b"".join(map(bytes, (*context.encode(frame), *context.encode(None))))


@pytest.mark.parametrize(("width", "height"), [(16, 16), (641, 359), (1920, 1080), (4096, 2304)])
def test_vp8(width: int, height: int) -> None:
    (picture,) = announced_pictures("VP8", encoded("libvpx", width, height))
    assert (picture.width, picture.height) == (width, height)
    assert picture.held_bytes == width * height * 3 // 2 * 5


@pytest.mark.parametrize("preset", ["ultrafast", "veryslow"])
@pytest.mark.parametrize("form", ["yuv420p", "yuv422p", "yuv444p"])
@pytest.mark.parametrize(("width", "height"), [(32, 32), (640, 368), (1920, 1088)])
def test_h264(width: int, height: int, form: str, preset: str) -> None:
    data = encoded("libx264", width, height, form, preset=preset)
    (picture,) = announced_pictures("H264", data)
    assert (picture.width, picture.height) == (width, height)
    samples = {"yuv420p": 1.5, "yuv422p": 2, "yuv444p": 3}[form]
    references = picture.held_bytes / (width * height * samples) - 3
    assert references in range(1, 17)


def test_h264_in_fields_and_with_scaling_lists() -> None:
    data = encoded("libx264", 640, 512, **{"x264-params": "interlaced=1:cqm=jvt"})
    (picture,) = announced_pictures("H264", data)
    assert (picture.width, picture.height) == (640, 512)


@pytest.mark.parametrize(
    ("name", "codec"), [("VP9", "libvpx-vp9"), ("AV1", "libsvtav1"), ("H265", "libx265")]
)
def test_the_others(name: str, codec: str) -> None:
    (picture,) = announced_pictures(name, encoded(codec, 640, 368))
    assert (picture.width, picture.height) == (640, 368)
    assert picture.held_bytes > 8 * 640 * 368 * 3 // 2


def test_a_picture_that_needs_others_says_nothing() -> None:
    assert announced_pictures("VP8", b"\x01" + bytes(20)) == []
    assert announced_pictures("H264", b"\0\0\0\1\x41" + bytes(20)) == []
    assert announced_pictures("opus", b"\0\0\0\1\x67") == []


def test_headers_that_cannot_be_read() -> None:
    data = encoded("libx264", 64, 64)
    begin = data.index(b"\0\0\1\x67")
    with pytest.raises(ValueError, match="past the end"):
        announced_pictures("H264", data[begin : begin + 8])
    one = data[begin : data.index(b"\0\0\1", begin + 4)]
    assert len(announced_pictures("H264", one * MAX_PARAMETER_SETS)) == MAX_PARAMETER_SETS
    with pytest.raises(ValueError, match="too many"):
        announced_pictures("H264", one * (MAX_PARAMETER_SETS + 1))


def test_noise_is_read_or_refused() -> None:
    noise = random.Random(1)
    for _ in range(3000):
        body = noise.randbytes(noise.randrange(60))
        try:
            announced_pictures("H264", b"\0\0\1\x67" + bytes([noise.choice((66, 100))]) + body)
        except ValueError:
            continue
    size = struct.pack("<HH", 0xFFFF, 0xFFFF)
    (picture,) = announced_pictures("VP8", b"\0\0\0\x9d\1\x2a" + size)
    assert picture.pixels == 16383 * 16383
