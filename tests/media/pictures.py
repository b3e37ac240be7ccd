"""Pictures to try codecs with."""

import io
import random
from collections.abc import Iterator
from fractions import Fraction
from functools import cache

import av
from av import VideoFrame

from peer.media import EncodedPicture, VideoEncoder
from peer.media.ffmpeg import FFmpegVideoDecoder

RATE = 30
MAX_PIXELS = 1 << 20


@cache
def _texture() -> bytes:
    """Lines of smooth noise, without end."""
    chance, level, texture = random.Random(7), 128.0, bytearray()
    for _ in range(1 << 16):
        level += chance.uniform(-24, 24) + (128 - level) / 8
        texture.append(max(16, min(235, round(level))))
    return bytes(texture)


def moving(width: int = 320, height: int = 180) -> Iterator[VideoFrame]:
    """Pictures whose lines move at different speeds, so that much of each is new."""
    texture = _texture()
    for number in range(1 << 30):
        picture = VideoFrame(width, height, "yuv420p")
        for index, plane in enumerate(picture.planes):
            stride, lines = plane.line_size, plane.buffer_size // plane.line_size
            begins = [
                (line // 8 * 1499 + line + number * (1 + line // 8 % 5)) % (1 << 15)
                for line in range(lines)
            ]
            if index:
                begins = [begin // 4 for begin in begins]
            plane.update(b"".join([texture[begin : begin + stride] for begin in begins]))
        picture.pts, picture.time_base = number, Fraction(1, RATE)
        yield picture


def encode(
    encoder: VideoEncoder, pictures: Iterator[VideoFrame], count: int, *, keys: tuple[int, ...] = ()
) -> list[EncodedPicture | None]:
    """Encode so many pictures, those with the numbers in `keys` as key frames."""
    return [encoder.encode(next(pictures), key=number in keys) for number in range(count)]


def keys(made: list[EncodedPicture | None]) -> list[int]:
    """The numbers of key frames."""
    return [number for number, one in enumerate(made) if one is not None and one.is_key]


def kilobits(made: list[EncodedPicture | None]) -> float:
    """What they take in a second."""
    return sum(8 * len(one.data) for one in made if one is not None) * RATE / len(made) / 1000


def decoded(name: str, made: list[EncodedPicture | None]) -> list[VideoFrame]:
    """The pictures that one of FFmpeg's decoders makes of frames."""
    decoder = FFmpegVideoDecoder(name, MAX_PIXELS)
    return [
        frame
        for number, one in enumerate(made)
        if one is not None
        for frame in decoder.decode(one.data, number)
    ]


def difference(one: VideoFrame, other: VideoFrame) -> float:
    """How far the brightness of two pictures of one size is apart, of 255, on average."""
    total = 0
    mine, theirs = one.planes[0], other.planes[0]
    first, second = bytes(mine), bytes(theirs)
    for line in range(one.height):
        row = first[line * mine.line_size :][: one.width]
        total += sum(
            abs(a - b)
            for a, b in zip(row, second[line * theirs.line_size :][: one.width], strict=True)
        )
    return total / one.width / one.height


def from_telephone(picture: VideoFrame, degrees: int) -> VideoFrame:
    """Return a picture from a file that says how far it is to be turned counter-clockwise."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as written:
        stream = written.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, "yuv420p"
        stream.set_display_rotation(degrees)
        for packet in (*stream.encode(picture), *stream.encode(None)):
            written.mux(packet)
    file.seek(0)
    with av.open(file, "r") as read:
        return next(read.decode(video=0))
