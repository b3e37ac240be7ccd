"""What codecs for pictures have in common."""

from peer.media.video import crop, planes_of
from tests.media.pictures import moving


def test_planes_are_where_the_picture_is() -> None:
    picture = next(moving(64, 48))
    (luma, *colours) = planes_of(picture)
    assert luma == (picture.planes[0].buffer_ptr, picture.planes[0].line_size)
    assert len(colours) == 2


def test_a_crop_is_a_copy_of_what_is_left() -> None:
    picture = next(moving(67, 35))
    part = crop(picture, 40, 21)
    assert (part.width, part.height) == (40, 21)
    for index, (columns, lines) in enumerate(((40, 21), (20, 11), (20, 11))):
        mine, theirs = part.planes[index], picture.planes[index]
        for line in range(lines):
            begin, other = line * mine.line_size, line * theirs.line_size
            row = bytes(mine)[begin : begin + columns]
            assert row == bytes(theirs)[other : other + columns]
