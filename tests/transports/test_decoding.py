"""Decoding one stream."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame

from peer.media import VideoCodec, find_video_codec, register_video_codec
from peer.media.ffmpeg import FFmpegVideoDecoder
from peer.testing import run
from peer.transports import decoding
from peer.transports.decoding import (
    LIGHT_BYTES,
    Decoded,
    MediaDrop,
    StreamDecoder,
    Undecoded,
)
from peer.transports.picture_encoder import PictureEncoder
from peer.transports.share import HungError, MediaConfig, MediaShare
from tests.media.test_upright import bright_corner, corner
from tests.transports.media import EVENTS, OPUS, VP8, send_parameters
from tests.transports.test_picture_encoder import encode
from tests.transports.test_pictures import encoded
from tests.transports.test_seeing import INTERVAL, TICKS, Film, Viewer

H264 = RTCRtpCodecParameters("video/H264", 90000, None, 98)


def picture(width: int = 64, height: int = 48, codec: str = "libvpx") -> bytes:
    return encoded(codec, width, height)


def reason(decoder: StreamDecoder, data: bytes) -> MediaDrop:
    """Return why a frame is lost."""
    with pytest.raises(Undecoded) as caught:
        decoder.decode(data, 0)
    return caught.value.reason


def test_a_picture_is_decoded_and_its_memory_counted() -> None:
    share = MediaShare()
    decoder = StreamDecoder(VP8, share)
    decoded = decoder.decode(picture(), 0)
    (frame,) = decoded.frames
    assert isinstance(frame, VideoFrame)
    assert frame.width == 64
    assert share.held == 64 * 48 * 3 // 2 * 5
    decoder.decode(picture(32, 32), 0)
    assert share.held == 32 * 32 * 3 // 2 * 5
    del decoder
    assert share.held == 0


@pytest.mark.parametrize(
    ("rotation", "where", "size"),
    [
        (0, "left upper", (64, 32)),
        (90, "right upper", (32, 64)),
        (180, "right lower", (64, 32)),
        (270, "left lower", (32, 64)),
    ],
)
def test_a_picture_is_turned_clockwise(rotation: int, where: str, size: tuple[int, int]) -> None:
    encoder = PictureEncoder(VP8, send_parameters("v0", 7), MediaShare())
    (encoded,) = encode(encoder, corner())
    decoded = StreamDecoder(VP8, MediaShare()).decode(encoded.frames[0].data, 5, rotation=rotation)
    (frame,) = decoded.frames
    assert bright_corner(frame) == where
    assert (frame.width, frame.height) == size
    assert frame.pts == 5


@pytest.mark.parametrize(("codec", "name"), [(VP8, "libvpx"), (H264, "libx264")])
def test_a_picture_beyond_the_bound_is_not_decoded(codec: RTCRtpCodecParameters, name: str) -> None:
    share = MediaShare(MediaConfig(max_picture_pixels=64 * 64))
    decoder = StreamDecoder(codec, share)
    assert reason(decoder, picture(80, 64, name)) is MediaDrop.PICTURE_TOO_LARGE
    assert (decoder._decoder, share.held) == (None, 0)
    decoder.decode(picture(64, 64, name), 0)


def test_a_decoder_beyond_the_connections_memory_does_not_work() -> None:
    share = MediaShare(MediaConfig(max_picture_bytes=64 * 48 * 3 // 2 * 5))
    first, second = StreamDecoder(VP8, share), StreamDecoder(VP8, share)
    first.decode(picture(), 0)
    assert reason(second, picture(16, 16)) is MediaDrop.TOO_MUCH_MEMORY
    del first
    second.decode(picture(16, 16), 0)


def test_what_cannot_be_decoded() -> None:
    share = MediaShare()
    assert reason(StreamDecoder(VP8, share), b"noise") is MediaDrop.DECODER_FAILED
    assert reason(StreamDecoder(EVENTS, share), b"x") is MediaDrop.DECODER_FAILED
    assert reason(StreamDecoder(OPUS, share), b"\xff" * 9) is (MediaDrop.DECODER_FAILED)


@pytest.mark.parametrize("error", [ValueError(), MemoryError(), AssertionError(), TypeError()])
def test_a_decoder_that_breaks_is_replaced(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = StreamDecoder(VP8, MediaShare())
    decoder.decode(picture(), 0)
    with monkeypatch.context() as patched:

        def fail(*_: object) -> None:
            raise error

        patched.setattr(FFmpegVideoDecoder, "decode", fail)
        assert reason(decoder, picture()) is MediaDrop.DECODER_FAILED
    assert len(decoder.decode(picture(), 0).frames) == 1


def test_a_decoder_that_was_told_of_the_end_is_replaced() -> None:
    decoder = StreamDecoder(VP8, MediaShare())
    decoder.decode(picture(), 0)
    decoder.decode(b"", 0)
    assert reason(decoder, picture()) is MediaDrop.DECODER_FAILED
    assert len(decoder.decode(picture(), 0).frames) == 1


@pytest.mark.parametrize(
    ("codec", "name", "tune"), [(VP8, "libvpx", "psnr"), (H264, "libx264", "zerolatency")]
)
def test_what_takes_less_than_a_hand_over_is_light(
    codec: RTCRtpCodecParameters, name: str, tune: str
) -> None:
    small, large = (encoded(name, *size, tune=tune) for size in ((160, 120), (176, 144)))
    decoder = StreamDecoder(codec, MediaShare())
    # Nothing is known of its pictures, and its decoder is to be made.
    assert not decoder.is_light(small)
    decoder.decode(small, 0)
    assert decoder.is_light(small)
    assert not decoder.is_light(large)
    assert not decoder.is_light(bytes(LIGHT_BYTES + 1))
    decoder.decode(large, 0)
    assert not decoder.is_light(small)


def test_what_announces_nonsense_is_not_light() -> None:
    decoder = StreamDecoder(H264, MediaShare())
    decoder.decode(encoded("libx264", 64, 48, tune="zerolatency"), 0)
    assert decoder.is_light(b"\0\0\1\x41")
    assert not decoder.is_light(b"\0\0\1\x67")


def test_nothing_is_light_for_a_decoder_of_a_program(request: pytest.FixtureRequest) -> None:
    """It may wait for hardware."""
    before = find_video_codec("video/VP8")
    assert before is not None
    plain = before.decoder
    request.addfinalizer(lambda: register_video_codec("video/VP8", before))

    class Hardware:
        def __init__(self, max_pixels: int) -> None:
            self._decoder = plain(max_pixels)

        def decode(self, data: bytes, timestamp: int) -> list[VideoFrame]:
            return self._decoder.decode(data, timestamp)

    register_video_codec("video/VP8", VideoCodec(Hardware))
    decoder = StreamDecoder(VP8, MediaShare())
    decoder.decode(picture(), 0)
    assert not decoder.is_light(picture())


@pytest.mark.parametrize("error", [None, ValueError()])
def test_after_what_only_seemed_light_nothing_of_the_connection_is(
    error: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame of VP9 or AV1 may have pictures of any size in it that are not shown."""
    share, small = MediaShare(), picture()
    first, second = StreamDecoder(VP8, share), StreamDecoder(VP8, share)
    for decoder in (first, second):
        decoder.decode(small, 0)
        decoder.decode_light(small, 1)
        assert decoder.is_light(small)

    def work(*_: object) -> list[VideoFrame]:
        end = time.thread_time() + 2 * decoding.MAX_LIGHT_TIME
        while time.thread_time() < end:
            pass
        if error is not None:
            raise error
        return []

    with monkeypatch.context() as patched:
        patched.setattr(FFmpegVideoDecoder, "decode", work)
        with contextlib.suppress(Undecoded):
            first.decode_light(small, 2)
    assert not second.is_light(small)
    assert len(second.decode(small, 3).frames) == 1


def test_light_pictures_are_decoded_in_the_loop_which_goes_on_between_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events: list[str] = []
    decode, hand_over = StreamDecoder.decode, MediaShare.run

    def decode_noted(decoder: StreamDecoder, *args: Any, **options: Any) -> Decoded:
        events.append("decoded")
        return decode(decoder, *args, **options)

    async def hand_over_noted(share: MediaShare, *args: Any, **options: Any) -> object:
        events.append("thread")
        return await hand_over(share, *args, **options)

    monkeypatch.setattr(StreamDecoder, "decode", decode_noted)
    monkeypatch.setattr(MediaShare, "run", hand_over_noted)

    async def program() -> None:
        viewer, film = Viewer(), Film()
        viewer.receive(*film.picture())
        await asyncio.sleep(INTERVAL)
        assert events == ["thread", "decoded"]
        events.clear()
        viewer.receive(*film.picture(), *film.picture())
        for _ in range(5):
            await asyncio.sleep(0)
            events.append("turn")
        assert events[:4] == ["decoded", "turn", "decoded", "turn"]
        assert "thread" not in events
        await viewer.close()

    run(program())


def test_a_decoder_that_hangs_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key frame is asked for, and another decoder goes on with it."""
    monkeypatch.setattr(decoding, "LIGHT_PIXELS", 0)
    made: list[StreamDecoder] = []
    viewers: list[Viewer] = []

    async def run_or_hang(
        share: MediaShare, decode: Callable[..., object], *args: object, **options: object
    ) -> object:
        decoder = decode.__self__  # type: ignore[attr-defined]
        if not made or made[-1] is not decoder:
            made.append(decoder)
        if len(made) == 1 and viewers[0].seen:
            raise HungError("it hangs")
        return decode(*args, **options)

    async def program() -> None:
        viewer, film = Viewer(), Film()
        viewers.append(viewer)
        for number in range(12):
            viewer.receive(*film.picture(key=number == 6))
            await asyncio.sleep(INTERVAL)
        assert viewer.seeing.drops[MediaDrop.DECODER_HUNG] == 1
        assert viewer.asked.keys
        assert len(made) == 2
        assert [pts for _, pts in viewer.seen] == [0, *(n * TICKS for n in range(6, 12))]
        await viewer.close()

    monkeypatch.setattr(MediaShare, "run", run_or_hang)
    run(program())
