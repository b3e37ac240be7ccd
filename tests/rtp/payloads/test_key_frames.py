"""Which frames need no other."""

import fractions

import av
import pytest
from av import VideoFrame
from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import is_key_frame

ENCODERS = {
    "video/VP8": "libvpx",
    "video/VP9": "libvpx-vp9",
    "video/H264": "libx264",
    "video/H265": "libx265",
    "video/AV1": "libsvtav1",
}


def frames(name: str) -> list[tuple[bytes, bool]]:
    """Encode pictures; returns each with what FFmpeg says of it."""
    if name not in av.codecs_available:
        pytest.skip(f"FFmpeg has no {name} here")
    encoder = CodecContext.create(name, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 64, 64, "yuv420p"
    encoder.time_base, encoder.gop_size = fractions.Fraction(1, 25), 4
    packets = []
    for number in range(10):
        frame = VideoFrame(64, 64, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([number * 9]) * plane.buffer_size)
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return [(bytes(packet), packet.is_keyframe) for packet in packets]


@pytest.mark.parametrize("mime_type", ENCODERS)
def test_as_encoders_say(mime_type: str) -> None:
    made = frames(ENCODERS[mime_type])
    assert {key for _, key in made} == {True, False}
    assert [is_key_frame(mime_type, data) for data, _ in made] == [key for _, key in made]


@given(st.sampled_from([*ENCODERS, "audio/opus"]), st.binary(max_size=60))
def test_garbage_is_judged_as_well(mime_type: str, data: bytes) -> None:
    assert is_key_frame(mime_type, data) in (True, False)
    assert not is_key_frame(mime_type, b"")
