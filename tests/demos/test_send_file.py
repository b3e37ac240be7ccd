"""A film, played to a visitor."""

import asyncio
from array import array
from fractions import Fraction
from pathlib import Path

import av

from demos import send_file
from peer import MediaStreamTrack
from tests.demos.caller import SECONDS, calling, local_connection, read_page, running
from tests.demos.media import gray_frame

LUMA = 180
LOUDNESS = 8000


def shoot(path: Path) -> None:
    """Write a film of three bright seconds with a buzz."""
    with av.open(str(path), "w") as film:
        video = film.add_stream("mpeg4", rate=30)
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        audio = film.add_stream("aac", rate=48000, layout="mono")
        for number in range(90):
            picture = gray_frame(160, 120, luma=LUMA)
            picture.pts, picture.time_base = number, Fraction(1, 30)
            film.mux(video.encode(picture))
        for number in range(140):
            sound = av.AudioFrame(format="s16", layout="mono", samples=1024)
            sound.planes[0].update(array("h", [LOUDNESS] * 64 + [-LOUDNESS] * 64).tobytes() * 8)
            sound.sample_rate, sound.pts = 48000, number * 1024
            sound.time_base = Fraction(1, 48000)
            film.mux(audio.encode(sound))
        film.mux(video.encode())
        film.mux(audio.encode())


def test_the_visitor_sees_and_hears_the_film(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    shoot(path)

    async def watch() -> tuple[av.VideoFrame, list[av.AudioFrame]]:
        async with running(send_file.main, str(path)) as port:
            tracks: dict[str, MediaStreamTrack] = {}
            connection = local_connection()
            connection.on("track", lambda track: tracks.update({track.kind: track}))
            for kind in ("audio", "video"):
                connection.addTransceiver(kind, direction="recvonly")
            async with calling(connection, port), asyncio.timeout(SECONDS):
                picture = await tracks["video"].recv()
                sounds = [await tracks["audio"].recv() for _ in range(25)]
        assert isinstance(picture, av.VideoFrame)
        return picture, [sound for sound in sounds if isinstance(sound, av.AudioFrame)]

    picture, sounds = asyncio.run(watch())
    assert (picture.width, picture.height) == (160, 120)
    assert abs(bytes(picture.planes[0])[5000] - LUMA) < 8
    samples = array("h", b"".join(bytes(sound.planes[0]) for sound in sounds))
    assert max(map(abs, samples)) > LOUDNESS / 2


def test_the_page_wants_to_receive_only(tmp_path: Path) -> None:
    async def read() -> tuple[str, str]:
        async with running(send_file.main, str(tmp_path / "unused.mp4")) as port:
            return await read_page(port)

    kind, text = asyncio.run(read())
    assert kind == "text/html"
    assert 'direction: "recvonly"' in text
    assert "getUserMedia" not in text
