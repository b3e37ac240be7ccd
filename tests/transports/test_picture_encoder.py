"""Encoding pictures."""

import asyncio
from fractions import Fraction
from typing import Any

import pytest
from aiortc.codecs import h264, vpx
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpHeaderExtensionParameters
from av import Packet, VideoFrame

from peer.media import EncodedPicture, VideoCodec, VideoSettings, find_video_codec
from peer.rtp import VIDEO_ORIENTATION
from peer.testing import run
from peer.transports import picture_encoder
from peer.transports.encoded import Encoded
from peer.transports.picture_encoder import GivenPictures, PictureEncoder, worth
from peer.transports.share import MediaShare
from tests.media.pictures import from_telephone, moving
from tests.media.test_upright import corner
from tests.transports.media import VP8, send_parameters

H264 = RTCRtpCodecParameters("video/H264", 90000, None, 102)


class Pretended:
    """An encoder that notes what is asked of it."""

    def __init__(self, settings: VideoSettings) -> None:
        self.rates: list[tuple[int, float]] = []
        self.answers: list[EncodedPicture | None] = []

    def set_rate(self, bitrate: int, frame_rate: float) -> None:
        self.rates.append((bitrate, frame_rate))

    def encode(self, picture: VideoFrame, *, key: bool) -> EncodedPicture | None:
        return self.answers.pop(0) if self.answers else EncodedPicture(b"data", key)


def pretended(
    monkeypatch: pytest.MonkeyPatch, codec: RTCRtpCodecParameters = VP8, **changes: object
) -> tuple[PictureEncoder, Pretended]:
    """An encoder that is none."""
    made: list[Pretended] = []

    def make(settings: VideoSettings) -> Pretended:
        made.append(Pretended(settings))
        return made[0]

    found = find_video_codec(codec.mimeType)
    assert found is not None
    monkeypatch.setattr(
        picture_encoder, "find_video_codec", lambda _: VideoCodec(found.decoder, make)
    )
    encoder = PictureEncoder(codec, send_parameters("v0", 7, **changes), MediaShare())
    return encoder, made[0]


def picture(number: int = 0, width: int = 64, height: int = 48) -> VideoFrame:
    frame = VideoFrame(width, height, "yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, 30)
    return frame


def encode(encoder: PictureEncoder, *data: Any, key: bool = False) -> list[Encoded]:
    async def program() -> list[Encoded]:
        return [await encoder.encode(one, keyframe=key) for one in data]

    return run(program())


@pytest.mark.parametrize("codec", [VP8, H264], ids=lambda codec: str(codec.name))
def test_frames_have_the_times_of_their_pictures_and_keys_are_known(
    codec: RTCRtpCodecParameters,
) -> None:
    encoder = PictureEncoder(codec, send_parameters("v0", 7), MediaShare())
    pictures = moving()
    first, second = encode(encoder, next(pictures), next(pictures))
    (third,) = encode(encoder, next(pictures), key=True)
    frames = [encoded.frames[0] for encoded in (first, second, third)]
    assert [frame.timestamp for frame in frames] == [0, 3000, 6000]
    assert [frame.is_key for frame in frames] == [True, False, True]
    assert first.seconds > 0
    assert all((frame.quantizer or 0) > 0 for frame in frames)


def test_pictures_without_a_time_have_that_which_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that makes pictures seldom says when each is to be shown."""
    encoder, _ = pretended(monkeypatch)
    first, second, third = picture(), picture(), picture()
    second.pts = third.pts = None

    async def program() -> list[int]:
        made = []
        for one in (first, second, third):
            made += (await encoder.encode(one, keyframe=False)).frames
            await asyncio.sleep(0.04)
        return [frame.timestamp for frame in made]

    assert run(program()) == [0, 3600, 7200]


@pytest.mark.parametrize(
    ("takes", "size", "rotation"), [(False, (32, 64), 0), (True, (64, 32), 90)]
)
def test_a_picture_is_turned_where_the_peer_does_not_turn_it(
    monkeypatch: pytest.MonkeyPatch, *, takes: bool, size: tuple[int, int], rotation: int
) -> None:
    extensions = (RTCRtpHeaderExtensionParameters(13, VIDEO_ORIENTATION),) if takes else ()
    encoder, _ = pretended(monkeypatch, header_extensions=extensions)
    (encoded,) = encode(encoder, from_telephone(corner(), -90))
    assert (encoded.data.width, encoded.data.height) == size
    assert [frame.rotation for frame in encoded.frames] == [rotation]


def test_pictures_are_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, _ = pretended(monkeypatch, scale_down_by=2.0)
    (encoded,) = encode(encoder, picture())
    assert (encoded.data.width, encoded.data.height) == (32, 24)


def test_a_picture_that_is_left_out_is_no_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, codec = pretended(monkeypatch)
    codec.answers = [None]
    (encoded,) = encode(encoder, picture())
    assert encoded.frames == []


def test_packets_are_sent_as_they_are() -> None:
    """Whether they are key frames they seldom say, where a program has made them itself."""

    async def program() -> None:
        given = GivenPictures(VP8)
        for data, says_so, is_key in (
            (b"1", True, True),
            (b"\x10", False, True),
            (b"1", False, False),
        ):
            packet = Packet(data)
            packet.pts, packet.time_base, packet.is_keyframe = 100, Fraction(1, 1000), says_so
            (frame,) = (await given.encode(packet, keyframe=False)).frames
            assert (frame.data, frame.timestamp, frame.is_key) == (data, 9000, is_key)
        with pytest.raises(TypeError):
            await given.encode(picture(), keyframe=False)

    run(program())


def test_the_rate_is_what_is_allowed_and_the_picture_is_worth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At once, and as low as it is."""
    encoder, codec = pretended(monkeypatch)
    for limit in (None, 300_000, 30_000, 10_000_000):
        encoder.limit(limit, 0.0)
        encode(encoder, picture())
    encode(encoder, picture(width=1280, height=720))
    assert [rate for rate, _ in codec.rates] == [
        vpx.DEFAULT_BITRATE,
        300_000,
        30_000,
        worth(64 * 48),
        worth(1280 * 720),
    ]


def test_a_limit_of_the_application_may_be_more_than_a_picture_is_worth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoder, codec = pretended(monkeypatch, max_bitrate=9_000_000)
    encoder.limit(9_000_000, 0.0)
    encode(encoder, picture())
    assert codec.rates == [(9_000_000, 30)]


@pytest.mark.parametrize(("codec", "module"), [(VP8, vpx), (H264, h264)])
def test_rates_that_a_program_sets_in_aiortcs_modules_hold(
    codec: RTCRtpCodecParameters, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder, made = pretended(monkeypatch, codec)
    monkeypatch.setattr(module, "DEFAULT_BITRATE", 123_000)
    encode(encoder, picture())
    monkeypatch.setattr(module, "MAX_BITRATE", 7_000_000)
    encoder.limit(8_000_000, 0.0)
    encode(encoder, picture(1))
    assert [rate for rate, _ in made.rates] == [123_000, 7_000_000]


def test_how_many_pictures_there_are_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, codec = pretended(monkeypatch)
    encode(encoder, *(picture(3 * number) for number in range(60)))
    assert (codec.rates[0][1], codec.rates[-1][1]) == (30, 10)
    encoder.note_loss(0.5, None)


def test_what_cannot_be_encoded_is_refused() -> None:
    encoder = PictureEncoder(VP8, send_parameters("v0", 7), MediaShare())
    for wrong in (VideoFrame(16, 16), None, "picture"):
        with pytest.raises((ValueError, TypeError, AttributeError)):
            encode(encoder, wrong)
    with pytest.raises(ValueError, match="video/none"):
        PictureEncoder(
            RTCRtpCodecParameters("video/none", 90000), send_parameters("v0", 7), MediaShare()
        )


def coarse(count: int) -> list[EncodedPicture | None]:
    return [EncodedPicture(b"data", False, 120) for _ in range(count)]


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, (990, 556)),
        ({"degradation_preference": "maintain-resolution"}, (1280, 720)),
        ({"rid": "hi"}, (1280, 720)),
    ],
)
def test_pictures_that_are_too_coarse_are_made_smaller(
    changes: dict[str, object], size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not against the application's wish, nor those of several encodings (W3C)."""
    encoder, codec = pretended(monkeypatch, VP8, **changes)
    codec.answers = coarse(70)
    pictures = [picture(number, 1280, 720) for number in range(70)]
    last = encode(encoder, *pictures)[-1]
    assert (last.data.width, last.data.height) == size


def test_pictures_become_fewer_where_that_is_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    """But never one that is asked for as a key frame."""
    encoder, codec = pretended(monkeypatch, degradation_preference="maintain-resolution")
    codec.answers = coarse(200)
    encoded = encode(encoder, *(picture(number) for number in range(90)))
    assert sum(1 for one in encoded[70:] if not one.frames) > 5
    (key,) = encode(encoder, picture(90), key=True)
    (next_one,) = encode(encoder, picture(91), key=True)
    assert key.frames
    assert next_one.frames


def test_the_first_picture_is_as_large_as_the_estimate_is_enough_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoder, _ = pretended(monkeypatch)
    encoder.limit(300_000, 0.0)
    (encoded,) = encode(encoder, picture(0, 1280, 720))
    assert (encoded.data.width, encoded.data.height) == (768, 432)


def test_a_film_that_begins_anew_is_made_smaller_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its times step back before two seconds of it are over."""
    encoder, codec = pretended(monkeypatch)
    codec.answers = coarse(90)
    pictures = [picture(number % 45, 1280, 720) for number in range(90)]
    last = encode(encoder, *pictures)[-1]
    assert (last.data.width, last.data.height) == (990, 556)


def test_pictures_are_within_the_level_that_the_peer_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 6184 §8.1: their size, how many there are, and the bits they take."""
    codec = RTCRtpCodecParameters(
        "video/H264", 90000, None, 102, parameters={"profile-level-id": "42e01e"}
    )
    encoder, made = pretended(monkeypatch, codec, max_bitrate=90_000_000)
    encoder.limit(90_000_000, 0.0)
    encoded = encode(encoder, *(picture(number, 1280, 720) for number in range(60)))
    sizes = {(one.data.width, one.data.height) for one in encoded if one.frames}
    ((width, height),) = sizes
    assert (width / 16) * (height / 16) <= 1620
    assert width > 800
    assert {bitrate for bitrate, _ in made.rates} == {10_000_000}
    assert sum(bool(one.frames) for one in encoded) < 55
