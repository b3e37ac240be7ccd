"""Pictures turned the way they are to be looked at."""

from fractions import Fraction

import pytest
from av import VideoFrame

from peer.media.upright import Upright, rotation
from tests.media.pictures import from_telephone

WIDTH, HEIGHT = 64, 32


def corner() -> VideoFrame:
    """A dark picture whose left upper quarter is bright."""
    picture = VideoFrame(WIDTH, HEIGHT, "yuv420p")
    for index, plane in enumerate(picture.planes):
        stride, lines = plane.line_size, plane.buffer_size // plane.line_size
        bright = (b"\xeb" * (WIDTH // 2)).ljust(stride, b"\x10")
        rows = [bright if line < lines // 2 else b"\x10" * stride for line in range(lines)]
        plane.update(b"".join(rows) if index == 0 else b"\x80" * plane.buffer_size)
    picture.pts, picture.time_base = 7, Fraction(1, 30)
    return picture


def bright_corner(picture: VideoFrame) -> str:
    """Where the bright quarter is."""
    plane, found = picture.planes[0], []
    for name, line in (("upper", picture.height // 4), ("lower", picture.height * 3 // 4)):
        for side, column in (("left", picture.width // 4), ("right", picture.width * 3 // 4)):
            if bytes(plane)[line * plane.line_size + column] > 128:
                found.append(f"{side} {name}")
    (corner,) = found
    return corner


@pytest.mark.parametrize(
    ("degrees", "where", "size"),
    [
        (0, "left upper", (64, 32)),
        (90, "left lower", (32, 64)),
        (180, "right lower", (64, 32)),
        (-180, "right lower", (64, 32)),
        (-90, "right upper", (32, 64)),
        (270, "right upper", (32, 64)),
        (3, "left upper", (64, 32)),
    ],
)
def test_pictures_are_turned_counter_clockwise(
    degrees: float, where: str, size: tuple[int, int]
) -> None:
    upright = Upright()
    for _ in range(2):
        picture = corner()
        turned = upright.turn(picture, degrees)
        assert bright_corner(turned) == where
        assert (turned.width, turned.height) == size
        assert (turned.pts, turned.time_base) == (7, Fraction(1, 30))
        assert (picture.pts, picture.time_base) == (7, Fraction(1, 30))


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_how_far_a_picture_is_to_be_turned_counts_clockwise(degrees: int) -> None:
    assert rotation(from_telephone(corner(), -degrees)) == degrees


def test_what_a_file_says_of_its_pictures_is_what_is_meant() -> None:
    """As a telephone writes it: to be turned clockwise by a right angle when it is shown."""
    picture = from_telephone(corner(), -90)
    assert picture.rotation == -90
    assert rotation(picture) == 90
    assert bright_corner(Upright().turn(picture, picture.rotation)) == "right upper"
