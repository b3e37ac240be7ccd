"""Pictures made fewer and smaller."""

import itertools
from fractions import Fraction

import pytest
from av import AudioFrame, VideoFrame
from av.video.reformatter import ColorRange

from peer.transports.shaping import (
    FrameGate,
    FrameRate,
    PictureClock,
    PictureGate,
    PictureShaper,
)
from tests.media.pictures import from_telephone


def picture(number: int, rate: int = 30, width: int = 640, height: int = 480) -> VideoFrame:
    frame = VideoFrame(width, height, "yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, rate)
    return frame


@pytest.mark.parametrize(
    ("rate", "expected"), [(None, 300), (60, 300), (30, 300), (20, 200), (15, 150), (1, 10), (0, 0)]
)
def test_a_rate_is_kept_evenly(rate: float | None, expected: int) -> None:
    gate = PictureGate()
    admitted = [n for n in range(300) if gate.admits(picture(n), rate, n / 30)]
    assert abs(len(admitted) - expected) <= 1
    gaps = {after - before for before, after in itertools.pairwise(admitted)}
    assert max(gaps, default=0) - min(gaps, default=0) <= 1


def test_a_pause_is_not_made_up_for_with_a_burst() -> None:
    gate = FrameGate()
    assert gate.admits(0.0, 10)
    admitted = [number for number in range(300, 330) if gate.admits(number / 30, 10)]
    assert len(admitted) == 10


def test_sound_is_never_held_back() -> None:
    assert PictureGate().admits(AudioFrame("s16", "mono", 160), 0, 0.0)


def test_times_of_pictures_are_those_of_their_track() -> None:
    clock = PictureClock(90000)
    assert [clock.time(picture(n), n / 20) for n in (0, 1, 2, 5)] == [0, 3000, 6000, 15000]


@pytest.mark.parametrize(
    "told",
    [
        [None] * 60,
        [0] * 60,
        [number // 2 * 2 for number in range(60)],
        [-number for number in range(60)],
        [number % 7 for number in range(60)],
        [None if number % 3 else number for number in range(60)],
        [30 + number if number < 20 else number - 20 for number in range(60)],
    ],
    ids=["none", "all alike", "twice each", "back", "again", "some", "from another origin"],
)
def test_times_of_pictures_rise_by_what_passes(told: list[int | None]) -> None:
    """RFC 3550 §5.1: those of one time are one picture, for whoever receives them."""
    clock, times = PictureClock(90000), []
    for number, pts in enumerate(told):
        one = picture(0)
        one.pts = pts
        times.append(clock.time(one, number / 30))
    steps = [after - before for before, after in itertools.pairwise(times)]
    assert min(steps) > 0
    assert times[-1] - times[0] == pytest.approx(59 * 3000, abs=3000)


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


@pytest.mark.parametrize(
    ("form", "color_range", "luma"),
    [
        ("rgb24", ColorRange.UNSPECIFIED, 59),
        ("rgb24", ColorRange.JPEG, 59),
        ("yuv420p", ColorRange.JPEG, 59),
        ("yuvj422p", ColorRange.JPEG, 59),
        ("yuv420p", ColorRange.MPEG, 50),
        ("yuv420p", ColorRange.UNSPECIFIED, 50),
    ],
)
def test_black_is_what_decoders_take_for_it(form: str, color_range: ColorRange, luma: int) -> None:
    """A gray of 50 in 255, as a camera that sends JPEG has it (ITU-R BT.601: 16 to 235)."""
    frame = VideoFrame(64, 48, form)
    frame.pts, frame.time_base = 5, Fraction(1, 30)
    for number, plane in enumerate(frame.planes):
        plane.update(bytes([128 if number else 50]) * plane.buffer_size)
    frame.color_range = color_range
    assert bytes(PictureShaper().shape(frame, 1.0).planes[0])[0] == luma


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
    """As is another track, whose times are from another origin."""
    gate, clock, rate = PictureGate(), PictureClock(90000), FrameRate()
    admitted = 0
    for number in range(1200):
        now, one = number / 30, picture(number % length)
        admitted += gate.admits(one, 10, now)
        rate.add(clock.time(one, now) / 90000)
    assert rate.elapsed == pytest.approx(1199 / 30)
    assert admitted == pytest.approx(10 * rate.elapsed, abs=3)
