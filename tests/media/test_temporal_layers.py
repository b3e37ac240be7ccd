"""Temporal layers of VP8."""

from itertools import islice

import pytest

from peer.media.temporal_layers import PLANS, LayerPattern
from peer.media.video import VideoSettings
from peer.media.vpx import VpxVideoEncoder
from tests.media.pictures import decoded, difference, encode, keys, kilobits, moving

COUNT = 90


@pytest.mark.parametrize("layers", PLANS)
def test_pictures_can_be_left_out_from_the_highest_layer_down(layers: int) -> None:
    """What is left is decoded, and is what was sent."""
    encoder = VpxVideoEncoder("vp8", VideoSettings(bitrate=1_500_000, temporal_layers=layers))
    made = encode(encoder, moving(), COUNT, keys=(41,))
    assert keys(made) == [0, 41]
    # A key frame may cost some of those behind it.
    assert made.count(None) <= 5
    for top in range(layers):
        kept = [
            (number, one)
            for number, one in enumerate(made)
            if one is not None and one.layer is not None and one.layer.temporal <= top
        ]
        assert len(kept) == pytest.approx(COUNT / 2 ** (layers - 1 - top), abs=5)
        frames = decoded("libvpx", [one for _, one in kept])
        assert len(frames) == len(kept)
        number, _ = kept[-1]
        assert difference(frames[-1], next(islice(moving(), number, None))) < 12


@pytest.mark.parametrize("layers", PLANS)
def test_the_rate_is_shared_out_and_followed(layers: int) -> None:
    encoder = VpxVideoEncoder("vp8", VideoSettings(bitrate=600_000, temporal_layers=layers))
    pictures = moving()
    encode(encoder, pictures, 30)
    for rate in (600_000, 300_000):
        encoder.set_rate(rate, 30.0)
        encode(encoder, pictures, 30)
        made = encode(encoder, pictures, 60)
        assert keys(made) == []
        assert kilobits(made) == pytest.approx(rate / 1000, rel=0.3)
        base = sum(len(one.data) for one in made if one and one.layer and not one.layer.temporal)
        whole = sum(len(one.data) for one in made if one)
        assert base / whole == pytest.approx(PLANS[layers][0].part, abs=0.15)


@pytest.mark.parametrize(("layers", "turns"), [(2, (0, 1, 0, 1, 0)), (3, (0, 2, 1, 2, 0, 2, 1, 2))])
def test_whose_turn_it_is(layers: int, turns: tuple[int, ...]) -> None:
    pattern = LayerPattern(layers)
    found = []
    for number in range(len(turns)):
        key = number == 0
        # What is left out leaves its turn to the next.
        assert pattern.next(key=key) == pattern.next(key=key)
        found.append(pattern.next(key=key).layer.temporal)
        pattern.made(key=key)
    assert tuple(found) == turns
    assert pattern.next(key=True).layer.temporal == 0


def test_other_formats_have_none() -> None:
    encoder = VpxVideoEncoder("vp9", VideoSettings(temporal_layers=3))
    assert [one.layer for one in encode(encoder, moving(), 3) if one] == [None, None, None]
