"""A visitor's camera and microphone, in a file."""

import asyncio
from pathlib import Path

import pytest

from demos import record_camera
from tests.demos.caller import calling, count_frames, local_connection, read_page, running
from tests.demos.media import Camera, Microphone
from tests.demos.visitor import until


def test_what_the_visitor_sends_is_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "call.mp4")

    async def call() -> None:
        async with running(record_camera.main, path) as port:
            connection = local_connection()
            connection.addTrack(Camera())
            connection.addTrack(Microphone())
            async with calling(connection, port):
                await asyncio.sleep(1.5)
            await until(lambda: "is complete" in capsys.readouterr().out)

    asyncio.run(call())
    counts = count_frames(path)
    assert counts["video"] > 15
    assert counts["audio"] > 20


def test_the_page_asks_for_camera_and_microphone(tmp_path: Path) -> None:
    async def read() -> tuple[str, str]:
        async with running(record_camera.main, str(tmp_path / "unused.mp4")) as port:
            return await read_page(port)

    kind, text = asyncio.run(read())
    assert kind == "text/html"
    assert "getUserMedia({ video: true, audio: true })" in text
