"""A film, played to a visitor."""

import asyncio
from array import array
from pathlib import Path

import av

from demos import send_file
from peer import MediaStreamTrack
from tests.demos.caller import SECONDS, calling, local_connection, read_page, running
from tests.demos.film import LOUDNESS, LUMA, shoot


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
