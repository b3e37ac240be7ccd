"""What a peer's decoder takes of pictures."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.media.bounds import DEFAULT_LEVEL, PictureBounds, bounds_of, level_of


@pytest.mark.parametrize(
    ("told", "level"),
    [
        ("42e01f", 31),
        ("640c2a", 42),
        ("42e00b", 11),
        ("42f00b", 9),
        ("4d100b", 9),
        ("640009", 9),
        ("64100b", 11),
        ("42e0ff", 62),
        ("42e023", 32),
        ("42e000", 10),
        ("nonsense", DEFAULT_LEVEL),
        ("42e0", DEFAULT_LEVEL),
        (None, DEFAULT_LEVEL),
    ],
)
def test_levels(told: str | None, level: int) -> None:
    """ITU-T H.264 §A.3: 1b has its own sign in each profile; unknown ones count as less."""
    assert level_of({} if told is None else {"profile-level-id": told}) == level


@pytest.mark.parametrize(
    ("level", "size", "scaled", "rate"),
    [
        ("1f", (1280, 720), (1280, 720), 30),
        ("1f", (1920, 1080), (1280, 720), 30),
        ("1f", (640, 480), (640, 480), 90),
        ("1e", (1280, 720), (848, 478), 25.47),
        ("0a", (640, 360), (202, 114), 16.32),
        ("28", (1920, 1080), (1920, 1080), 30.12),
        ("1f", (4096, 64), (2694, 42), 213),
    ],
)
def test_what_a_level_allows(
    level: str, size: tuple[int, int], scaled: tuple[int, int], rate: float
) -> None:
    bounds = bounds_of("video/H264", {"profile-level-id": f"42e0{level}"})
    scale = bounds.scale(*size)
    made = tuple(int(side / scale) & ~1 for side in size) if scale > 1 else size
    assert made == pytest.approx(scaled, abs=8)
    assert bounds.rate(*made) == pytest.approx(rate, rel=0.02)


def test_single_parameters_go_beyond_a_level_and_never_below() -> None:
    """RFC 6184 §8.1."""
    told = {"profile-level-id": "42e01f", "max-fs": "8160", "max-mbps": "1", "max-br": "20000"}
    bounds = bounds_of("video/H264", told)
    assert bounds == PictureBounds(8160, 108_000, math.inf, 20_000_000)
    assert bounds.scale(1920, 1080) == 1.0
    assert bounds.rate(1920, 1080) == pytest.approx(13.2, rel=0.01)


@pytest.mark.parametrize("name", ["VP8", "VP9"])
def test_vp8_and_vp9_say_it_themselves(name: str) -> None:
    """RFC 7741 §6.1, RFC 9628 §6.1."""
    bounds = bounds_of(f"video/{name}", {"max-fs": "3600", "max-fr": "15"})
    assert bounds == PictureBounds(3600, math.inf, 15)
    assert bounds_of(f"video/{name}", {"max-fs": "", "max-fr": "x"}) == PictureBounds()
    assert bounds_of("video/AV1", {"max-fs": "1"}) == PictureBounds()


@given(st.integers(1, 16384), st.integers(1, 16384), st.integers(1, 140_000))
def test_what_is_scaled_fits(width: int, height: int, blocks: int) -> None:
    scale = PictureBounds(blocks).scale(width, height)
    sides = [max(1, -(-(int(side / scale) & ~1) // 16)) for side in (width, height)]
    assert sides[0] * sides[1] <= blocks
    assert scale == 1.0 or sides == [1, 1] or max(sides) <= math.sqrt(8 * blocks)
