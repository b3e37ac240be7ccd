"""The effects on the visitor's picture."""

import asyncio

import pytest
from av import VideoFrame

from demos.call.picture import EFFECTS, PaintedTrack, Painter
from tests.demos.media import Camera, gray_frame, luma_rows


def half_and_half(width: int = 160, height: int = 120) -> VideoFrame:
    """Make a picture that is dark on the left and bright on the right."""
    frame = gray_frame(width, height)
    row = bytes([40]) * (width // 2) + bytes([200]) * (width // 2)
    stride = frame.planes[0].line_size
    frame.planes[0].update((row + bytes(stride - width)) * height)
    return frame


def top_row(effect: str) -> bytes:
    return luma_rows(Painter(effect).paint(half_and_half()))[10]


@pytest.mark.parametrize("effect", EFFECTS)
def test_every_effect_keeps_size_format_and_time(effect: str) -> None:
    frame = half_and_half()
    frame.pts = 3000
    painted = Painter(effect).paint(frame)
    assert (painted.width, painted.height, painted.format.name) == (160, 120, "yuv420p")
    assert (painted.pts, painted.time_base) == (3000, frame.time_base)


@pytest.mark.parametrize("effect", EFFECTS)
def test_the_source_stays_as_it_is(effect: str) -> None:
    frame = half_and_half()
    before = luma_rows(frame)
    Painter(effect).paint(frame)
    assert luma_rows(frame) == before


def test_neon_lights_the_edge_and_dims_the_rest() -> None:
    row = top_row("neon")
    assert max(row[78:82]) > 200
    assert row[20] < 40
    assert row[140] < 120


def test_sketch_is_dark_at_the_edge_alone() -> None:
    row = top_row("sketch")
    assert min(row[78:82]) < 60
    assert min(row[:70] + row[90:]) > 200


def test_mirror_swaps_the_sides() -> None:
    row = top_row("mirror")
    assert row[20] > 190
    assert row[140] < 50


def test_a_change_of_size_or_effect_on_the_way_is_followed() -> None:
    painter = Painter("mirror")
    assert painter.paint(half_and_half(160, 120)).width == 160
    assert painter.paint(half_and_half(320, 240)).width == 320
    painter.effect = "sketch"
    assert min(luma_rows(painter.paint(half_and_half(160, 120)))[10][:70]) > 200
    assert painter.count == 3


def test_the_track_paints_what_the_camera_gives() -> None:
    async def paint_two() -> list[int]:
        camera = Camera()
        track = PaintedTrack(camera)
        times = [(await track.recv()).pts for _ in range(2)]
        track.stop()
        assert camera.readyState == "ended"
        return [time for time in times if time is not None]

    assert asyncio.run(paint_two()) == [0, 3000]
