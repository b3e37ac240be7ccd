"""Which payload formats of pictures can be read."""

import pytest

from peer.rtp import (
    Av1Depayloader,
    H264Depayloader,
    H265Depayloader,
    Vp8Depayloader,
    Vp9Depayloader,
    make_depayloader,
)


@pytest.mark.parametrize(
    ("mime_type", "made"),
    [
        ("video/VP8", Vp8Depayloader),
        ("video/VP9", Vp9Depayloader),
        ("video/AV1", Av1Depayloader),
        ("video/H264", H264Depayloader),
        ("Video/h265", H265Depayloader),
    ],
)
def test_each_stream_has_one_of_its_own(mime_type: str, made: type) -> None:
    first, second = make_depayloader(mime_type), make_depayloader(mime_type)
    assert isinstance(first, made)
    assert first is not second


def test_what_nothing_reads() -> None:
    assert make_depayloader("video/rtx") is None
