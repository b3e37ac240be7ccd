"""Pictures made fewer and smaller."""

import itertools
from fractions import Fraction

import pytest
from av import AudioFrame, VideoFrame

from peer.transports.shaping import FrameGate, FrameRate, PictureShaper
from tests.media.pictures import from_telephone


def picture(number: int, rate: int = 30, width: int = 640, height: int = 480) -> VideoFrame:
    frame = VideoFrame(width, height, "yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, rate)
    return frame


@pytest.mark.parametrize(
    ("rate", "expected"), [(None, 300), (60, 300), (30, 300), (20, 200), (15, 150), (1, 10), (0, 0)]
)
def test_a_rate_is_kept_evenly(rate: float | None, expected: int) -> None:
    gate = FrameGate()
    admitted = [number for number in range(300) if gate.admits(picture(number), rate)]
    assert abs(len(admitted) - expected) <= 1
    gaps = {after - before for before, after in itertools.pairwise(admitted)}
    assert max(gaps, default=0) - min(gaps, default=0) <= 1


def test_a_pause_is_not_made_up_for_with_a_burst() -> None:
    gate = FrameGate()
    assert gate.admits(picture(0), 10)
    admitted = [number for number in range(300, 330) if gate.admits(picture(number), 10)]
    assert len(admitted) == 10


def test_sound_is_never_held_back() -> None:
    assert FrameGate().admits(AudioFrame("s16", "mono", 160), 0)


@pytest.mark.parametrize(
    ("size", "by", "expected"),
    [
        ((640, 480), 1, (640, 480)),
        ((640, 480), 2, (320, 240)),
        ((640, 480), 1.5, (426, 320)),
        ((640, 480), 1e9, (2, 2)),
        ((321, 241), 1, (321, 241)),
        ((321, 241), 1.1, (290, 218)),
        ((1, 1), 1, (2, 2)),
    ],
)
def test_both_sides_are_divided_and_even(
    size: tuple[int, int], by: float, expected: tuple[int, int]
) -> None:
    frame = picture(7, width=size[0], height=size[1])
    shaped = PictureShaper().shape(frame, by)
    assert (shaped.width, shaped.height) == expected
    assert (shaped.pts, shaped.time_base) == (frame.pts, frame.time_base)


def test_what_is_fit_already_is_not_copied() -> None:
    frame = picture(0)
    assert PictureShaper().shape(frame, 1.0) is frame


@pytest.mark.parametrize("form", ["rgb24", "nv12", "yuvj420p", "gray"])
def test_pictures_of_other_formats(form: str) -> None:
    frame = VideoFrame(64, 48, form)
    frame.pts, frame.time_base = 5, Fraction(1, 30)
    shaped = PictureShaper().shape(frame, 1.0)
    assert (shaped.format.name, shaped.pts) == ("yuv420p", 5)


def test_pictures_leave_upright() -> None:
    """What a telephone says of its pictures is not told to the peer."""
    frame = from_telephone(picture(0), -90)
    assert (frame.width, frame.height) == (640, 480)
    shaped = PictureShaper().shape(frame, 2.0)
    assert (shaped.width, shaped.height, shaped.pts) == (240, 320, frame.pts)


def test_how_many_pictures_a_second_there_are() -> None:
    """A pause is none of their intervals, nor is a step back."""
    rate = FrameRate()
    assert [rate.add(number / 10) for number in range(60)][-1] == 10
    assert rate.add(100.0) == rate.add(3.0) == 10
    assert [rate.add(3 + number / 60) for number in range(60)][-1] == 60
    assert [rate.add(5 + number * 0.99) for number in range(60)][-1] == 1


def test_slides_are_few_and_may_take_more_each() -> None:
    rate = FrameRate()
    assert [rate.add(number * 5.0) for number in range(60)][-1] == 1


@pytest.mark.parametrize("length", [2, 30, 300])
def test_a_film_that_begins_anew_is_let_through_as_before(length: int) -> None:
    """As is another track, whose times are from another origin; between two no time passes."""
    gate, rate = FrameGate(), FrameRate()
    numbers = [number % length for number in range(1200)]
    admitted = sum(gate.admits(picture(number), 10) for number in numbers)
    for number in numbers:
        rate.add(number / 30)
    assert rate.elapsed == pytest.approx(1200 / length * (length - 1) / 30)
    assert admitted == pytest.approx(10 * rate.elapsed, abs=3)
