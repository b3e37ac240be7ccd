"""The programs that join a room: a recorder of speakers, and slides."""

import asyncio
import json
import os
import wave
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import pytest

from demos import record_speakers, show_slides
from peer import MediaStreamTrack
from peer.signaling import Member, Room, RoomServer
from peer.testing import Network, ToneTrack, connect, run
from tests.demos.media import gray_frame
from tests.signaling.support import ALONE

BOUND = 60.0
NAME = "Ada\x1b[2J"
"""It would clear a terminal."""
Program = Callable[[str], Coroutine[Any, Any, None]]


@asynccontextmanager
async def guest(
    program: Program, welcome: Callable[[Member], None], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Room]:
    """Run a program in a room, and be there."""
    monkeypatch.setattr("peer.api.configuration.DEFAULT_ICE_SERVERS", ())
    rooms = RoomServer()
    async with asyncio.timeout(BOUND), await rooms.serve("127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
        running = asyncio.ensure_future(program(url))
        try:
            async with Room(url, "lobby", welcome, name=NAME, configuration=ALONE) as room:
                yield room
        finally:
            assert not running.done(), running.exception()
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            rooms.close()


def test_a_speaker_has_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def record() -> None:
        began = asyncio.Event()

        class Noted(record_speakers.Noted):
            async def recv(self) -> Any:
                if self._position > 0.5:
                    began.set()
                return await super().recv()

        monkeypatch.setattr(record_speakers, "Noted", Noted)

        def welcome(member: Member) -> None:
            member.pc.addTrack(ToneTrack())

        async with guest(
            lambda url: record_speakers.main(url, "lobby", tmp_path), welcome, monkeypatch
        ):
            await began.wait()

    (tmp_path / "1.wav").write_bytes(b"an earlier recording")
    asyncio.run(record())
    assert (tmp_path / "1.wav").read_bytes() == b"an earlier recording"
    assert capsys.readouterr().out == f"{NAME!r} into {tmp_path / '2.wav'}\n"
    with wave.open(str(tmp_path / "2.wav")) as file:
        assert file.getnframes() / file.getframerate() > 0.4
        assert any(file.readframes(file.getnframes()))


def test_it_is_written_down_when_things_were_said(tmp_path: Path) -> None:
    path = tmp_path / "times.jsonl"

    async def listen() -> None:
        net = Network(seed=3)
        a, b = (net.host(name).connection() for name in "ab")
        a.addTrack(ToneTrack())
        await connect(a, b)
        noted = record_speakers.Noted(b.getReceivers()[0].track, path, name="Ada")
        for _ in range(30 * 50):
            await noted.recv()
        await a.close()
        await b.close()

    run(listen(), seed=3)
    moments = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    # From the sender's second report on.
    assert len(moments) > 15
    assert {moment["name"] for moment in moments} == {"Ada"}
    offsets = [
        datetime.fromisoformat(moment["captured"]).timestamp() - moment["position"]
        for moment in moments
    ]
    # A frame may have been made up on the way.
    assert max(offsets) - min(offsets) < 0.025


def test_slides_follow_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [str(tmp_path / f"{luma}.png") for luma in (50, 200)]
    for path, luma in zip(paths, (50, 200), strict=True):
        with av.open(path, "w", format="image2") as file:
            stream = file.add_stream("png", rate=1)
            stream.width, stream.height, stream.pix_fmt = 320, 180, "rgb24"
            file.mux(stream.encode(gray_frame(320, 180, luma).reformat(format="rgb24")))
            file.mux(stream.encode())
    reading, writing = os.pipe()
    monkeypatch.setattr(show_slides, "INTERVAL", 0.02)

    async def look() -> None:
        tracks: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()

        def welcome(member: Member) -> None:
            member.pc.on("track", tracks.put_nowait)

        async with guest(lambda url: show_slides.main(url, "lobby", *paths), welcome, monkeypatch):
            track = await tracks.get()
            await see(track, 50)
            os.write(writing, b"\n")
            await see(track, 200)
            os.write(writing, b"\n")
            await see(track, 50)
            os.close(writing)
            await track.recv()

    with os.fdopen(reading) as enter:
        monkeypatch.setattr("sys.stdin", enter)
        asyncio.run(look())


async def see(track: MediaStreamTrack, luma: int) -> None:
    """Wait for a picture that is as bright."""
    while True:
        frame = await track.recv()
        assert isinstance(frame, av.VideoFrame)
        if abs(bytes(frame.planes[0])[1000] - luma) < 12:
            return
