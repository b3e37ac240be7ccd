"""Which codecs there are."""

import pytest
from av import VideoFrame

from peer.media import (
    EncodedPicture,
    VideoCodec,
    VideoSettings,
    find_audio_codec,
    find_video_codec,
    register_video_codec,
    registry,
)
from peer.media.ffmpeg import AV1, FFmpegVideoEncoder
from peer.media.h264 import H264VideoEncoder
from peer.media.vpx import VpxVideoEncoder
from tests.media.pictures import decoded, encode, moving

ENCODED = ["video/VP8", "video/H264", "video/VP9", "video/AV1", "video/H265"]
DECODERS = dict(zip(ENCODED, ("libvpx", "h264", "vp9", "libdav1d", "hevc"), strict=True))


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("found", [True, False])
def test_pictures_are_encoded_with_or_without_the_libraries(
    name: str, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not found:
        monkeypatch.setattr(registry, "load_vpx", lambda: None)
        monkeypatch.setattr(registry, "load_x264", lambda: None)
    codec = find_video_codec(name)
    assert codec is not None
    assert codec.encoder is not None
    encoder = codec.encoder(VideoSettings({"packetization-mode": "1"}))
    ours = VpxVideoEncoder | H264VideoEncoder
    assert isinstance(
        encoder, ours if found and name not in ("video/AV1", "video/H265") else FFmpegVideoEncoder
    )
    made = encode(encoder, moving(), 3)
    assert len(decoded(DECODERS[name], made)) == 3


def test_what_there_is_no_codec_for() -> None:
    assert find_video_codec("video/theora") is None
    assert find_audio_codec("audio/speex") is None


def test_what_ffmpeg_lacks_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_VIDEO_CODECS", {})
    monkeypatch.setattr(registry, "is_there", lambda name, mode: mode == "r" and name != "none")
    registry._register("one", ("none", "vp8"), registry._wrapped(AV1))
    registry._register("two", ("none",), None)
    found = find_video_codec("video/one")
    assert found is not None
    assert found.encoder is None
    assert found.decoder(1000) is not None
    assert find_video_codec("video/two") is None


def test_what_a_program_adds_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Encoder:
        def encode(self, picture: VideoFrame, *, key: bool) -> EncodedPicture | None:
            return EncodedPicture(b"own", key)

        def set_rate(self, bitrate: int, frame_rate: float) -> None:
            pass

    codec = find_video_codec("video/VP8")
    assert codec is not None
    monkeypatch.setattr(registry, "_VIDEO_CODECS", {})
    register_video_codec("video/VP8", VideoCodec(codec.decoder, lambda _: Encoder()))
    found = find_video_codec("VIDEO/vp8")
    assert found is not None
    assert found.encoder is not None
    made = found.encoder(VideoSettings()).encode(next(moving()), key=True)
    assert made == EncodedPicture(b"own", True)
