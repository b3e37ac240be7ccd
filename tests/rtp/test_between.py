"""Numbers that are missing between pictures."""

import pytest

from peer.rtp import BetweenPictures
from peer.rtp.payloads.piece import Depayloader
from peer.rtp.payloads.vp8 import Vp8Depayloader
from peer.rtp.payloads.vp9 import Vp9Depayloader

VP8, VP9 = Vp8Depayloader(), Vp9Depayloader()
TICKS = 3000


def vp8(picture: int, *, begins: bool = True) -> bytes:
    return bytes((0x90 if begins else 0x80, 0x80, 0x80 | picture >> 8, picture & 0xFF, 1, 0, 0))


def vp9(picture: int, *, spatial: int = 0) -> bytes:
    number = bytes((0x80 | picture >> 8, picture & 0xFF))
    return bytes((0xEC,)) + number + bytes((spatial << 1, 0, 1, 0))


class Stream:
    """Packets by their numbers; each picture is a tick of its own."""

    def __init__(self, depayloader: Depayloader = VP8) -> None:
        self.depayloader = depayloader
        self.between = BetweenPictures()

    def note(self, number: int, picture: int, payload: bytes, *, marker: bool = True) -> range:
        time = picture * TICKS
        return self.between.note(number, time, payload, self.depayloader, marker=marker)


@pytest.mark.parametrize("first", [7, 0x7FFF])
def test_between_a_picture_and_the_next_no_picture_is_missing(first: int) -> None:
    stream = Stream()
    assert not stream.note(10, 0, vp8(first))
    assert stream.note(13, 1, vp8(first + 1 & 0x7FFF)) == range(11, 13)
    assert not stream.note(14, 2, vp8(first + 2 & 0x7FFF))


def test_nor_is_it_among_sums_of_one_time() -> None:
    stream = Stream()
    stream.note(10, 0, vp8(7))
    assert stream.note(12, 0, b"") == range(11, 12)
    assert stream.note(14, 0, b"") == range(13, 14)
    assert stream.note(17, 1, vp8(8)) == range(15, 17)


def test_a_part_of_a_picture_may_be_missing() -> None:
    stream = Stream()
    stream.note(10, 0, vp8(7), marker=False)
    assert not stream.note(12, 1, vp8(8)), "the first has no end"
    assert not stream.note(14, 2, vp8(9, begins=False)), "the second has no beginning"
    assert not stream.note(16, 4, vp8(11)), "a whole one is missing"
    assert not stream.note(18, 5, b""), "so may the one that this sum is of"
    assert not stream.note(20, 5, vp8(12)), "and what is behind it"


def test_what_comes_late_changes_nothing() -> None:
    stream = Stream()
    stream.note(10, 0, vp8(7))
    assert not stream.note(9, 0, vp8(7), marker=False)
    assert stream.note(12, 1, vp8(8)) == range(11, 12)


def test_pictures_without_numbers_tell_nothing() -> None:
    stream = Stream()
    stream.note(10, 0, b"\x10\x01")
    assert not stream.note(12, 1, b"\x10\x01")
    assert not stream.note(14, 2, b"\x80")
    assert not stream.note(16, 3, vp8(8))


def test_a_picture_of_layers_begins_with_the_lowest() -> None:
    stream = Stream(VP9)
    stream.note(10, 0, vp9(7))
    assert not stream.note(12, 1, vp9(8, spatial=1), marker=True)
    assert stream.note(14, 2, vp9(9)) == range(13, 14)
