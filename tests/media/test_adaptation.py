"""Smaller or fewer pictures, and back."""

import itertools

import pytest

from peer.media.adaptation import INTERVAL, MIN_PIXELS, Adaptation, Judged

HD = 1280 * 720


class Encoder:
    """A line of pictures, each judged by the size that the adaptation has made it."""

    def __init__(self, preference: str | None = None, codec: str = "video/VP8") -> None:
        self.adaptation = Adaptation(codec, preference)
        self.now = 0.0
        self.changes: list[tuple[float, int, float]] = []

    @property
    def pixels(self) -> int:
        return round(HD / self.adaptation.scale**2)

    @property
    def frame_rate(self) -> float:
        return self.adaptation.frame_rate or 30.0

    def run(
        self,
        seconds: float,
        quantizer: int | None,
        *,
        left_out: int = 0,
        bitrate: int = 3_000_000,
    ) -> "Encoder":
        """Encode for a while; `left_out` pictures of ten are."""
        end, count = self.now + seconds, 0
        while self.now < end:
            before = (self.pixels, self.frame_rate)
            out = count % 10 < left_out
            quantized = None if out else quantizer
            judged = Judged(self.pixels, bitrate, self.frame_rate, out, quantized)
            self.adaptation.note(judged, self.now)
            if (self.pixels, self.frame_rate) != before:
                self.changes.append((self.now, self.pixels, self.frame_rate))
            self.now += 1 / self.frame_rate
            count += 1
        return self


def test_pictures_that_are_too_coarse_become_smaller_one_step_in_two_seconds() -> None:
    encoder = Encoder().run(6.5, 110)
    assert [pixels for _, pixels, _ in encoder.changes] == [552960, 331776, 199066]
    times = [0.0] + [when for when, _, _ in encoder.changes]
    assert all(later - before >= INTERVAL for before, later in itertools.pairwise(times))


def test_there_is_a_smallest_size() -> None:
    encoder = Encoder().run(60, 127)
    assert MIN_PIXELS <= encoder.pixels < 2 * MIN_PIXELS
    assert encoder.frame_rate == 30


def test_pictures_that_are_mostly_left_out_become_smaller() -> None:
    """Whatever their quantizer, and where it is not known."""
    assert Encoder().run(3, 50, left_out=5).changes == []
    assert len(Encoder().run(3, 50, left_out=7).changes) == 1
    assert len(Encoder(codec="video/other").run(3, None, left_out=7).changes) == 1
    assert Encoder(codec="video/other").run(9, None).changes == []


def test_pictures_become_larger_again_where_there_is_more_for_them() -> None:
    encoder = Encoder().run(5, 110)
    smallest = encoder.pixels
    assert encoder.run(6, 60).pixels == smallest
    assert encoder.run(5, 20).pixels > smallest
    assert encoder.run(9, 20).pixels == HD
    assert encoder.run(9, 20).pixels == HD


def test_there_must_be_a_rate_for_larger_pictures() -> None:
    encoder = Encoder().run(3, 110)
    before = encoder.pixels
    assert encoder.run(9, 20, bitrate=500_000).pixels == before
    assert encoder.run(3, 20, bitrate=700_000).pixels == HD


def test_a_size_that_failed_is_tried_again_ever_later() -> None:
    encoder = Encoder()
    for _ in range(200):
        encoder.run(1, 110 if encoder.pixels == HD else 20)
    raised = [when for when, pixels, _ in encoder.changes if pixels == HD]
    waits = [later - before for before, later in itertools.pairwise(raised)]
    assert waits == sorted(waits)
    assert waits[-1] > 4 * waits[0]
    assert len(encoder.changes) < 16


def test_resolution_is_maintained_where_that_is_preferred() -> None:
    encoder = Encoder("maintain-resolution").run(30, 127)
    assert encoder.pixels == HD
    rates = [rate for _, _, rate in encoder.changes]
    assert rates[:2] == [pytest.approx(20), pytest.approx(13.33, abs=0.01)]
    assert min(rates) >= 5
    assert encoder.run(40, 10).frame_rate == 30


def test_balanced_makes_small_pictures_fewer() -> None:
    encoder = Encoder("balanced").run(30, 127)
    assert encoder.pixels < 480 * 270
    assert 5 <= encoder.frame_rate < 30


def test_both_are_maintained_where_that_is_preferred() -> None:
    assert Encoder("maintain-framerate-and-resolution").run(9, 127, left_out=8).changes == []


@pytest.mark.parametrize(
    ("bitrate", "steps"), [(900_000, 0), (600_000, 0), (400_000, 1), (300_000, 2), (30_000, 4)]
)
def test_a_low_rate_begins_with_small_pictures(bitrate: int, steps: int) -> None:
    adaptation = Adaptation("video/VP8")
    adaptation.begin(HD, bitrate)
    assert adaptation.scale == pytest.approx((5 / 3) ** (steps / 2))
