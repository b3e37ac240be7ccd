"""Pictures made fewer and smaller."""

import itertools
from fractions import Fraction

import pytest
from av import AudioFrame, VideoFrame

from peer.transports.shaping import FrameGate, make_even, scale_down


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
    ("by", "expected"), [(1, (640, 480)), (2, (320, 240)), (1.5, (426, 320)), (1e9, (2, 2))]
)
def test_both_sides_are_divided_and_even(by: float, expected: tuple[int, int]) -> None:
    frame = picture(7)
    scaled = scale_down(frame, by)
    assert isinstance(scaled, VideoFrame)
    assert (scaled.width, scaled.height) == expected
    assert (scaled.pts, scaled.time_base) == (frame.pts, frame.time_base)


@pytest.mark.parametrize(("width", "height"), [(321, 241), (853, 480), (640, 481), (1, 1)])
def test_odd_sides_lose_a_row_or_a_column(width: int, height: int) -> None:
    even = make_even(picture(7, width=width, height=height))
    assert isinstance(even, VideoFrame)
    assert (even.width, even.height) == (max(2, width // 2 * 2), max(2, height // 2 * 2))
    assert (even.pts, even.time_base) == (7, Fraction(1, 30))


def test_what_is_even_stays_as_it_is() -> None:
    frame = picture(0)
    assert make_even(frame) is frame
