"""Calls with a real Janus: its echo, and a room with several in it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest

from demos import record_room
from peer import MediaStreamTrack, RTCConfiguration, RTCDataChannel, RTCPeerConnection
from peer.signaling import JanusError, JanusSession, Publisher, VideoRoom
from peer.testing import PictureTrack, ToneTrack

from .janus import ROOM, running_janus

BOUND = 60.0
ALONE = RTCConfiguration(iceServers=[])
pytestmark = pytest.mark.interop


@asynccontextmanager
async def session(folder: Path) -> AsyncIterator[JanusSession]:
    """Run a Janus, with a session."""
    async with running_janus(folder) as url, JanusSession(url) as janus:
        yield janus


def test_sound_and_messages_come_back(tmp_path: Path) -> None:
    async def echo() -> str:
        async with (
            asyncio.timeout(BOUND),
            running_janus(tmp_path) as url,
            JanusSession(url) as janus,
        ):
            handle = await janus.attach("janus.plugin.echotest")
            pc = RTCPeerConnection(ALONE)
            pc.addTrack(ToneTrack())
            channel = pc.createDataChannel("chat")
            texts: asyncio.Queue[str] = asyncio.Queue()
            channel.on("message", texts.put_nowait)
            pc.on("datachannel", lambda other: _listen(other, texts))
            channel.on("open", lambda: channel.send("hello"))
            await handle.offer(pc, {"audio": True, "video": True, "data": True})
            await pc.getReceivers()[0].track.recv()
            text = await texts.get()
            await pc.close()
            await handle.detach()
            return text

    assert asyncio.run(echo()).endswith("hello")


def _listen(channel: RTCDataChannel, texts: "asyncio.Queue[str]") -> None:
    channel.on("message", texts.put_nowait)


def test_a_room_tells_who_comes_and_sends_what_they_publish(tmp_path: Path) -> None:
    async def meet() -> None:
        async with (
            asyncio.timeout(BOUND),
            running_janus(tmp_path) as url,
            JanusSession(url) as first,
            JanusSession(url) as second,
        ):
            here, there = VideoRoom(first, ROOM), VideoRoom(second, ROOM)
            assert await here.join("Ada") == []
            changes = here.changes()
            assert await there.join("Bob") == []
            bob = RTCPeerConnection(ALONE)
            bob.addTrack(ToneTrack())
            bob.addTrack(PictureTrack())
            await there.publish(bob)
            publisher = await anext(changes)
            assert isinstance(publisher, Publisher)
            assert publisher.display == "Bob"
            assert sorted(publisher.streams.values()) == ["audio", "video"]
            await there.leave()
            await bob.close()
            assert await anext(changes) == publisher.id
            assert here.publishers == {}
            await here.leave()

    asyncio.run(meet())


def test_who_subscribes_sees_and_hears(tmp_path: Path) -> None:
    async def watch() -> None:
        async with (
            asyncio.timeout(BOUND),
            running_janus(tmp_path) as url,
            JanusSession(url) as janus,
        ):
            speaker, listener = VideoRoom(janus, ROOM), VideoRoom(janus, ROOM)
            await speaker.join("Ada")
            ada, bob = RTCPeerConnection(ALONE), RTCPeerConnection(ALONE)
            ada.addTrack(ToneTrack())
            ada.addTrack(PictureTrack())
            await speaker.publish(ada, bitrate=300_000)
            await listener.join("Bob")
            if not listener.publishers:
                # Told when it has come about.
                await anext(listener.changes())
            [publisher] = listener.publishers.values()
            tracks: dict[str, MediaStreamTrack] = {}
            bob.on("track", lambda track: tracks.update({track.kind: track}))
            handle = await listener.subscribe(bob, [publisher.id])
            for kind in ("audio", "video"):
                await tracks[kind].recv()
            await handle.detach()
            await listener.leave()
            await speaker.leave()
            await ada.close()
            await bob.close()

    asyncio.run(watch())


def test_a_refusal_is_an_error_with_its_code(tmp_path: Path) -> None:
    async def ask() -> None:
        async with (
            asyncio.timeout(BOUND),
            running_janus(tmp_path) as url,
            JanusSession(url) as janus,
        ):
            with pytest.raises(JanusError, match="plugin"):
                await janus.attach("janus.plugin.nothing")
            with pytest.raises(JanusError, match="No such room") as caught:
                await VideoRoom(janus, 4321).join()
            assert caught.value.code == 426
            # The session goes on.
            await VideoRoom(janus, ROOM).join()

    asyncio.run(ask())


def test_everybody_in_a_room_is_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def record() -> None:
        async with (
            asyncio.timeout(BOUND),
            running_janus(tmp_path) as url,
            JanusSession(url) as janus,
        ):
            first, second = (VideoRoom(janus, ROOM) for _ in range(2))
            await first.join("Ada")
            ada, bob = RTCPeerConnection(ALONE), RTCPeerConnection(ALONE)
            for pc in (ada, bob):
                pc.addTrack(ToneTrack())
                pc.addTrack(PictureTrack())
            await first.publish(ada)
            recording = asyncio.ensure_future(record_room.main(url, ROOM, tmp_path))
            # One was there before, one comes later and goes.
            await second.join("Bob")
            await second.publish(bob)
            for path in (tmp_path / "1.mp4", tmp_path / "2.mp4"):
                while not path.exists() or path.stat().st_size == 0:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await second.leave()
            recording.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await recording
            await first.leave()
            await ada.close()
            await bob.close()

    asyncio.run(record())
    assert sorted(line.split()[0] for line in capsys.readouterr().out.splitlines()) == [
        "'Ada'",
        "'Bob'",
    ]
    for name in ("1.mp4", "2.mp4"):
        with av.open(str(tmp_path / name)) as container:
            assert {stream.type for stream in container.streams} == {"audio", "video"}
            assert next(container.decode(video=0)).width > 0
